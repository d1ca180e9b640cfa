/**
 * Cuts a note's text into the pieces that are shown differently: front matter, headings, links, what is bold, and the
 * cited range, whose mark is exactly `text.slice(start, end)`. No character is added, changed or left out, so that what
 * is marked is what was cited; the signs of Markdown are only made quieter. Of a huge note only the surroundings of the
 * mark are shown.
 */

export interface NoteSegment {
  readonly text: string
  readonly look: 'plain' | 'heading' | 'front-matter' | 'sign' | 'strong' | 'link' | 'code'
}

export interface NoteView {
  /** Characters left out before the first segment. */
  readonly hiddenBefore: number
  readonly before: readonly NoteSegment[]
  readonly marked: readonly NoteSegment[]
  readonly after: readonly NoteSegment[]
  readonly hiddenAfter: number
}

const frontMatterPattern = /^---[ \t]*\r?\n(?:[^\n]*\n)*?---[ \t]*(?:\r?\n|$)/

/** `reach` is how many characters are shown on either side of the mark. */
export function segmentNote(text: string, start: number, end: number, reach: number): NoteView {
  const from = lineStart(text, Math.max(0, start - reach))
  const to = lineEnd(text, Math.min(text.length, end + reach))
  const frontMatterEnd = frontMatterPattern.exec(text.slice(0, 20_000))?.[0].length ?? 0
  return {
    hiddenBefore: from,
    before: segmentRange(text, from, start, frontMatterEnd),
    marked: segmentRange(text, start, end, frontMatterEnd),
    after: segmentRange(text, end, to, frontMatterEnd),
    hiddenAfter: text.length - to,
  }
}

function lineStart(text: string, at: number): number {
  return at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1
}

function lineEnd(text: string, at: number): number {
  const next = text.indexOf('\n', at)
  return next < 0 ? text.length : next + 1
}

/**
 * Each alternative is a whole construct within one line, its repetitions bounded, so that no text makes it slow:
 * heading, list or quote sign at the start of a line; `[[target|text]]`; `[text](address)`; `**bold**` and `==highlighted==`; `` `code` ``.
 */
const construct =
  /^(#{1,6}[ \t])([^\n]*)|^([ \t]{0,40}(?:[-*+]|\d{1,3}[.)])[ \t]|>[ \t]?)|(!?\[\[(?:[^\]|\n]{1,300}\|)?)([^\]|\n]{1,300})(\]\])|(!?\[)([^[\]\n]{1,300})(\]\([^)\n]{1,2000}\))|(\*\*|==)([^*=\n]{1,500})(\*\*|==)|(`)([^`\n]{1,500})(`)/gm

/** The look of each group of `construct`. */
const looks = [
  'sign',
  'heading',
  'sign',
  'sign',
  'link',
  'sign',
  'sign',
  'link',
  'sign',
  'sign',
  'strong',
  'sign',
  'sign',
  'code',
  'sign',
] as const satisfies readonly NoteSegment['look'][]

function segmentRange(text: string, from: number, to: number, frontMatterEnd: number): NoteSegment[] {
  const segments: NoteSegment[] = []
  const push = (part: string, look: NoteSegment['look']) => {
    if (part !== '') segments.push({ text: part, look })
  }
  const bodyStart = Math.min(Math.max(from, frontMatterEnd), to)
  push(text.slice(from, bodyStart), 'front-matter')
  const body = text.slice(bodyStart, to)
  let at = 0
  for (const match of body.matchAll(construct)) {
    // A match at the cut may be the middle of a line.
    const needsLineStart = match[1] !== undefined || match[3] !== undefined
    const place = bodyStart + match.index
    if (needsLineStart && place > 0 && text.charAt(place - 1) !== '\n') continue
    push(body.slice(at, match.index), 'plain')
    for (const [index, part] of match.slice(1).entries()) push(part ?? '', looks[index] ?? 'plain')
    at = match.index + match[0].length
  }
  push(body.slice(at), 'plain')
  return segments
}
