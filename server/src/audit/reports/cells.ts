/** Cells of reports: entries’ values where they are there, and the one word for what is not. */
import { reportWords } from '@cairn/contract/tables'
import { parseNotes } from '../record/note-names.ts'
import type { OpenedEntry } from '../read/read-entries.ts'
import type { ReportTools } from './types.ts'

/** Who acted; forgotten ones are all the same. */
export function actorOf({ actor }: Pick<OpenedEntry, 'actor'>): string {
  return actor ?? reportWords.erased
}

/** Somebody else who is named: null where nobody was. */
export function personOf({ fields, blocks }: OpenedEntry, field: string): string | null {
  const id = fields[field]
  if (typeof id === 'string' && id !== '') return id
  return blocks[field] === undefined ? null : reportWords.erased
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

export function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null
}

export function listOf(value: unknown): string[] {
  return Array.isArray(value) ? (value as readonly unknown[]).map(String) : []
}

/** What is public where the entry says nothing else. */
export function wordOf(value: OpenedEntry['fields'][string] | undefined): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? value.join(', ') : String(value)
}

/** Vault and path of `note:VAULT/PATH` each. */
export function notesOf({ fields }: Pick<OpenedEntry, 'fields'>): { vault: string; path: string }[] {
  const { notes, vault, note } = fields
  if (typeof vault === 'string' && typeof note === 'string') return [{ vault, path: note }]
  return parseNotes(notes)
}

/** The folder of a note down to a depth, as rules write it: `folder:VAULT/PATH`, or `vault:VAULT` at the top. */
export function folderOf({ vault, path }: { vault: string; path: string }, depth: number): string {
  const parts = path.split('/').slice(0, -1).slice(0, depth)
  return parts.length === 0 ? `vault:${vault}` : `folder:${vault}/${parts.join('/')}`
}

/** Folders of an entry’s notes, with how many of its notes are in each; all that may not be known of is one. */
export function foldersOf(entry: OpenedEntry, { sees, parameters }: Pick<ReportTools, 'sees' | 'parameters'>) {
  const folders = new Map<string, string[]>()
  for (const note of notesOf(entry)) {
    const folder = sees(note) ? folderOf(note, parameters.depth) : reportWords.hidden
    const inFolder = folders.get(folder) ?? []
    inFolder.push(`${note.vault}/${note.path}`)
    folders.set(folder, inFolder)
  }
  // That there were notes is told by the entry; which ones went with the person.
  if (folders.size === 0 && entry.blocks['actor'] === 'erased') folders.set(reportWords.gone, [])
  return folders
}

/** By a name of parts; made when it is first asked for. */
export function createGroups<T>(make: (parts: readonly string[]) => T) {
  const groups = new Map<string, T>()
  return {
    of(...parts: readonly string[]): T {
      const name = JSON.stringify(parts)
      const known = groups.get(name)
      if (known !== undefined) return known
      const made = make(parts)
      groups.set(name, made)
      return made
    },
    list: (): T[] => [...groups.values()],
  }
}

/** Largest first, and equal ones by name, so that the order is always the same. */
export function byNumber<T>(number: (row: T) => number, name: (row: T) => string) {
  return (a: T, b: T): number => number(b) - number(a) || compareText(name(a), name(b))
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export interface Span {
  first: number
  last: number
}

export function widen(span: Span, at: number): void {
  span.first = Math.min(span.first, at)
  span.last = Math.max(span.last, at)
}

export const noSpan = (): Span => ({ first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY })
