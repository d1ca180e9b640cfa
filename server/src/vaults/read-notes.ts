/** Single notes and lists of them, read from the stored index, under the asker’s filter. */
import type { Label, NoteView } from '@cairn/contract'
import { admitsNote, fail, type JudgedNote, type NoteFilter } from '../base/index.ts'
import type { Store } from '../storage/index.ts'
import { readStored } from './index/index-store.ts'
import type { StoredFacts } from './types.ts'

interface NoteRow {
  note: string
  title: string
  version: string
  tags: string[]
  label: Label
}

function toNote(row: Record<string, unknown>): { view: NoteRow; judged: JudgedNote } {
  const { path, meta, label, tags, judged } = readStored(row)
  return { view: { note: path, title: meta.title, version: String(row['version']), tags, label }, judged }
}

/** Throws `note.not-found`, also for a note that the filter hides. */
export async function readNote(
  store: Store,
  vault: string,
  path: string,
  filter: NoteFilter,
): Promise<Omit<NoteView, 'links' | 'backlinks'>> {
  const [row] = await store.read(
    'SELECT path, version, label, meta, held, text FROM index_notes WHERE vault = ? AND path = ? AND deleted = 0',
    [vault, path.normalize('NFC')],
  )
  const note = row ? toNote(row) : null
  if (!row || !note || !admitsNote(filter, note.judged))
    fail('note.not-found', { message: 'There is no such note in this vault.' })
  return { vault, ...note.view, text: String(row['text']) }
}

/** Pages by path; asks on until a page is full of notes that the filter lets through. */
export async function listNotes(
  store: Store,
  vault: string,
  { after, limit, filter }: { after: string | null; limit: number; filter: NoteFilter },
): Promise<{ notes: NoteRow[]; next: string | null }> {
  const notes: NoteRow[] = []
  let from = after ?? ''
  for (;;) {
    const rows = await store.read(
      'SELECT path, version, label, meta, held FROM index_notes WHERE vault = ? AND deleted = 0 AND path > ? ORDER BY path LIMIT ?',
      [vault, from, limit + 1],
    )
    for (const row of rows) {
      const { view: note, judged } = toNote(row)
      if (notes.length === limit) return { notes, next: from }
      from = note.note
      if (admitsNote(filter, judged)) notes.push(note)
    }
    if (rows.length <= limit) return { notes, next: null }
  }
}

const mostAsked = 500

/** What rules judge these notes by. A path that is no note’s is left out. */
export async function readFacts(
  store: Store,
  vault: string,
  paths: readonly string[],
): Promise<Map<string, StoredFacts>> {
  const found = new Map<string, StoredFacts>()
  for (let from = 0; from < paths.length; from += mostAsked) {
    const asked = paths.slice(from, from + mostAsked)
    const rows = await store.read(
      `SELECT path, version, label, meta, held FROM index_notes
        WHERE vault = ? AND deleted = 0 AND path IN (${asked.map(() => '?').join(', ')})`,
      [vault, ...asked],
    )
    for (const row of rows) {
      const { path, ...facts } = readStored(row).judged
      found.set(path, { ...facts, version: String(row['version']) })
    }
  }
  return found
}

/** The same of every note of a vault, read in pages. */
export async function readAllFacts(store: Store, vault: string): Promise<JudgedNote[]> {
  const all: JudgedNote[] = []
  for (let after = ''; ;) {
    const rows = await store.read(
      'SELECT path, label, meta, held FROM index_notes WHERE vault = ? AND deleted = 0 AND path > ? ORDER BY path LIMIT 1000',
      [vault, after],
    )
    for (const row of rows) all.push(readStored(row).judged)
    const last = all.at(-1)
    if (rows.length < 1_000 || !last) return all
    after = last.path
  }
}

const pathsAtOnce = 5_000

/**
 * Which of these folders a note is in or below. Paths alone are read, in pages, until every folder is found: a range of
 * paths would be asked faster, but databases differ in the order of texts.
 */
export async function findFolders(store: Store, vault: string, folders: readonly string[]): Promise<Set<string>> {
  const missing = new Set(folders)
  for (let after = ''; missing.size > 0;) {
    const rows = await store.read(
      `SELECT path FROM index_notes WHERE vault = ? AND deleted = 0 AND path > ? ORDER BY path LIMIT ${pathsAtOnce}`,
      [vault, after],
    )
    for (const { path } of rows) {
      after = String(path)
      for (let end = after.indexOf('/'); end > 0; end = after.indexOf('/', end + 1)) missing.delete(after.slice(0, end))
    }
    if (rows.length < pathsAtOnce) break
  }
  return new Set(folders.filter((folder) => !missing.has(folder)))
}
