/** What stands in the palette: commands, custom commands and recent questions, found for what is typed. Pure. */
import { ownId } from '../commands.ts'
import { findTyped, isBroken, type BrokenCommand, type CustomCommand, type TypedCommand } from './custom-command.ts'
import { listHabits, readHabits, type Frecency } from './frecency.ts'
import { createPalette, type Palette, type Range } from './palette.ts'

interface Basic {
  /** By which habits are kept. */
  readonly id: string
  readonly title: string
}

/** A command of Obsidian, of a plugin, or of Cairn. */
export interface AppCommand extends Basic {
  readonly kind: 'command'
  readonly icon: string | null
  /** Keys that the person gave it, as `Mod+Shift+N`. */
  readonly chord: string | null
}

export type Entry =
  | AppCommand
  | (Basic & { readonly kind: 'prompt'; readonly command: CustomCommand; readonly chord: string | null })
  | (Basic & { readonly kind: 'broken'; readonly command: BrokenCommand })
  | (Basic & { readonly kind: 'question' })

export interface Row {
  readonly entry: Entry
  /** To be marked in the title. */
  readonly ranges: readonly Range[]
  /** The other name by which it was found. */
  readonly alias: { readonly text: string; readonly ranges: readonly Range[] } | null
  readonly isRecent: boolean
  /** A custom command that was typed with its arguments. */
  readonly typed: TypedCommand | null
}

/** Rows that are made at most: while nothing is typed one looks around, later more typing finds what is not among them. */
export const mostRows = 40
export const mostFound = 20
const mostRecent = 8
const mostQuestionsFirst = 5

export interface EntrySources {
  readonly commands: readonly AppCommand[]
  readonly custom: readonly (CustomCommand | BrokenCommand)[]
  readonly questions: readonly string[]
}

/** Custom commands once, as what they are, though Obsidian lists them too. */
export function gatherEntries({ commands, custom, questions }: EntrySources): Entry[] {
  const chords = new Map(commands.map(({ id, chord }) => [id, chord]))
  const own = custom.map((command): Entry => {
    if (isBroken(command)) return { kind: 'broken', id: `broken:${command.path}`, title: command.name, command }
    const id = ownId(command.id)
    return { kind: 'prompt', id, title: command.name, command, chord: chords.get(id) ?? null }
  })
  const named = new Set(own.map(({ id }) => id))
  return [
    ...own,
    ...commands.filter(({ id }) => !named.has(id)),
    ...questions.map((title): Entry => ({ kind: 'question', id: `question:${title}`, title })),
  ]
}

export interface EntryList {
  /** Does now what the first search would have to do: some 20 ms for 2,000 entries. */
  readonly prepare: () => void
  readonly find: (query: string, habits: Frecency, nowMs: number) => Row[]
}

export function listEntries(entries: readonly Entry[]): EntryList {
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  const custom = entries.flatMap((entry) => (entry.kind === 'prompt' ? [entry.command] : []))
  let palette: Palette | null = null
  const prepare = (): Palette => (palette ??= createPalette(entries.map(commandOf)))
  return {
    prepare: () => void prepare(),
    find(query, habits, nowMs) {
      if (query.trim() === '') return listFirst(entries, byId, listHabits(habits, nowMs, mostRecent))
      const typed = findTyped(query, custom)
      const first = typed === null ? [] : rowsOfTyped(entries, typed)
      const found = prepare().search(query, { limit: mostFound, habit: readHabits(habits, nowMs) })
      const rows = found.flatMap(({ command, title, alias }): Row[] => {
        const entry = byId.get(command.id)
        return entry === undefined || entry === first[0]?.entry ? [] : [{ ...plain, entry, ranges: title, alias }]
      })
      return [...first, ...rows]
    },
  }
}

const plain = { ranges: [], alias: null, isRecent: false, typed: null } as const

function rowsOfTyped(entries: readonly Entry[], typed: TypedCommand): Row[] {
  const entry = entries.find((each) => each.kind === 'prompt' && each.command === typed.command)
  return entry === undefined ? [] : [{ ...plain, entry, typed }]
}

function commandOf(entry: Entry) {
  const { id, title } = entry
  if (entry.kind !== 'prompt') return { id, title }
  return { id, title, aliases: entry.command.aliases, description: entry.command.description }
}

/** Before anything is typed: what is used most, then prompts and questions of one’s own, then the rest in the order of the alphabet. */
function listFirst(entries: readonly Entry[], byId: ReadonlyMap<string, Entry>, recent: readonly string[]): Row[] {
  const used = recent.flatMap((id) => byId.get(id) ?? [])
  const ofKind = (kind: Entry['kind']) => entries.filter((entry) => entry.kind === kind)
  const first = new Set<Entry>([
    ...used,
    ...ofKind('prompt'),
    ...ofKind('question').slice(0, mostQuestionsFirst),
    ...ofKind('broken'),
  ])
  const rest = ofKind('command').filter((entry) => !first.has(entry))
  return [...first, ...rest.toSorted((a, b) => compare(a.title, b.title))]
    .slice(0, mostRows)
    .map((entry, at) => ({ ...plain, entry, isRecent: at < used.length }))
}

const { compare } = new Intl.Collator()
