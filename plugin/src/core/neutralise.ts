/**
 * Makes text of a model harmless before it goes into a note: fenced blocks that another plugin would run, inline queries,
 * markers of templates, remote images and raw HTML stay readable and do nothing. Pure.
 *
 * What runs code in a vault: Dataview's `dataviewjs` blocks and inline queries (`= …`, `$= …`), Templater's `<% … %>`,
 * `templater`, `js-engine`, `datacorejs` and execute-code's `run-…` blocks, buttons that call commands, and Meta Bind's
 * `button`, `js` fields. A remote image or iframe tells its host that the note was opened, and what is in its address.
 */

/** Languages of fenced blocks that only show text. All others that are no plain language name lose theirs. */
const executable =
  /^(?:dataviewjs?|datacore(?:js|jsx|ts|tsx)?|tasks|query|base|templater|js-?engine|customjs|run-\S+|button|meta-bind\S*|inlinequery|tracker|chart(?:s|sview)?|leaflet|kanban|excalidraw|mermaid-run|activity-history|obsidian-git\S*|cairn\S*|button-\S+|widgets?|iframe|html|svg)$/i

export interface Neutralised {
  readonly text: string
  /** What was made harmless, by kind, for the person to be told. */
  readonly found: readonly string[]
}

export function neutralise(text: string): Neutralised {
  const found = new Set<string>()
  const read = createFenceReader()
  const written = text.split('\n').map((line) => {
    const { at, before, marks, info, language } = read(line)
    if (at === 'outside') return neutraliseLine(line, found)
    if (at === 'inside') return neutraliseMarkers(line, found)
    if (!executable.test(language)) return `${before}${marks}${neutraliseMarkers(info, found)}`
    found.add(`a block of ${language}`)
    return `${before}${marks}text`
  })
  return { text: written.join('\n'), found: [...found] }
}

/** The line that opens the fenced block which a text leaves open; null when none is. */
export function findOpenFence(text: string): string | null {
  const read = createFenceReader()
  let open: string | null = null
  for (const line of text.split('\n')) {
    const { at, isClosing } = read(line)
    if (at === 'opening') open = line
    if (isClosing) open = null
  }
  return open
}

interface FenceLine {
  readonly at: 'outside' | 'opening' | 'inside'
  readonly isClosing: boolean
  /** Of an opening line: what stands before its marks, the marks, and what stands behind them. */
  readonly before: string
  readonly marks: string
  readonly info: string
  readonly language: string
}

/** Says of each line, in order, how it stands to fenced blocks. */
function createFenceReader(): (line: string) => FenceLine {
  let fence: string | null = null
  return (line) => {
    const [, before = '', marks = '', info = ''] =
      /^(\s*(?:>\s?)*(?:[-*+]\s+|\d{1,9}[.)]\s+)?)(`{3,}|~{3,})(.*)$/.exec(line) ?? []
    const language = info.trim().split(/[\s{,:]/, 1)[0] ?? ''
    const told = { before, marks, info, language, isClosing: false }
    if (fence !== null) {
      const isClosing = marks !== '' && marks[0] === fence[0] && marks.length >= fence.length && info.trim() === ''
      if (isClosing) fence = null
      return { ...told, at: 'inside', isClosing }
    }
    if (marks === '' || (marks.startsWith('`') && info.includes('`'))) return { ...told, at: 'outside' }
    fence = marks
    return { ...told, at: 'opening' }
  }
}

function neutraliseLine(line: string, found: Set<string>): string {
  const quiet = neutraliseMarkers(line, found)
  return quiet
    .replace(/(`+)(\s*)(\$?=|dv:|\$=)/g, (_, ticks: string, space: string, mark: string) => {
      found.add('an inline query')
      return `${ticks}${space}\u200b${mark}`
    })
    .replace(/!\[([^\]]*)\]\((<?(?:https?:)?\/\/)/gi, (_, alt: string, start: string) => {
      found.add('a remote image')
      return `[${alt || 'image'}](${start}`
    })
    .replace(/<(?=\/?[a-z!?])/gi, (mark, at: number) => {
      if (/^<https?:\/\/[^\s<>]+>/i.test(quiet.slice(at))) return mark
      found.add('HTML')
      return '&lt;'
    })
}

/** Templater's marks are read anywhere in a note, in code as well. */
function neutraliseMarkers(line: string, found: Set<string>): string {
  return line
    .replace(/<%/g, () => {
      found.add('a template marker')
      return '<\u200b%'
    })
    .replace(/\{(?=\{)/g, () => {
      found.add('a template marker')
      return '{\u200b'
    })
}
