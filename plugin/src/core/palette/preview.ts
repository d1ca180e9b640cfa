/** What the palette says about the row that is chosen: what will happen, before it does. Pure. */
import { findAsked, type CustomCommand, type TypedCommand } from './custom-command.ts'
import type { Row } from './entries.ts'
import { templateVariables } from './template.ts'

export interface Preview {
  /** One or two sentences. */
  readonly what: string
  /** The text that it is about, if any: a prompt, a question. */
  readonly text: string | null
  /** Why it cannot run as it is. */
  readonly problems: readonly string[]
}

const longestText = 400

export function previewOf({ entry, typed }: Pick<Row, 'entry' | 'typed'>): Preview {
  if (entry.kind === 'question')
    return { what: 'Puts this question into the box of Ask.', text: shorten(entry.title), problems: [] }
  if (entry.kind === 'broken')
    return { what: 'This note is no command yet. Enter opens it.', text: null, problems: entry.command.problems }
  if (entry.kind === 'command') {
    const colon = entry.title.indexOf(': ')
    const from = colon < 0 ? 'Obsidian' : entry.title.slice(0, colon)
    return { what: `Runs a command of ${from}.`, text: null, problems: [] }
  }
  return previewPrompt(entry.command, typed)
}

function previewPrompt(command: CustomCommand, typed: TypedCommand | null): Preview {
  const given: ReadonlyMap<string, string> = typed?.given ?? new Map<string, string>()
  const asked = findAsked(command, given).map(({ name }) => name)
  const does = command.sends ? 'asks your notes' : 'puts the prompt into the box'
  const what = [
    command.description.replace(/[.!?]?$/, (end) => end || (command.description === '' ? '' : '.')),
    asked.length > 0 ? `Wants ${list(asked)}, then ${does}.` : `${does[0]?.toUpperCase()}${does.slice(1)}.`,
  ]
  const text = command.template.parts.map((part) => {
    if ('text' in part) return part.text
    const value = part.variable.startsWith('arg.') ? given.get(part.variable.slice(4)) : undefined
    return value ?? `[${nameOf(part.variable)}]`
  })
  const problem = typed?.problem ?? null
  return {
    what: what.filter((sentence) => sentence !== '').join(' '),
    text: shorten(text.join('')),
    problems: problem === null ? [] : [problem],
  }
}

const nameOf = (variable: string): string =>
  variable.startsWith('arg.') ? variable.slice(4) : templateVariables[variable as keyof typeof templateVariables]

const list = (names: readonly string[]): string =>
  names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  const characters = Array.from(line)
  return characters.length <= longestText ? line : `${characters.slice(0, longestText).join('')}…`
}
