/** Single notes and lists of them, read from the stored index, under the asker’s filter. */
import type { Label, NoteView } from '@cairn/contract'
import { admitsNote, fail, type NoteFilter } from '../base/index.ts'
import type { Store } from '../storage/index.ts'
import { noteMetaSchema } from './index/index-store.ts'

interface NoteRow {
  note: string
  title: string
  version: string
  tags: string[]
  label: Label
}

function toNote(row: Record<string, unknown>): NoteRow {
  const meta = noteMetaSchema.parse(JSON.parse(String(row['meta'])))
  return {
    note: String(row['path']),
    title: meta.title,
    version: String(row['version']),
    tags: meta.tags,
    label: row['label'] as Label,
  }
}

/** Throws `note.not-found`, also for a note that the filter hides. */
export async function readNote(
  store: Store,
  vault: string,
  path: string,
  filter: NoteFilter,
): Promise<Omit<NoteView, 'links' | 'backlinks'>> {
  const [row] = await store.read(
    'SELECT path, version, label, meta, text FROM index_notes WHERE vault = ? AND path = ? AND deleted = 0',
    [vault, path.normalize('NFC')],
  )
  const note = row ? toNote(row) : null
  if (!row || !note || !admitsNote(filter, { ...note, path: note.note }))
    fail('note.not-found', { message: 'There is no such note in this vault.' })
  return { vault, ...note, text: String(row['text']) }
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
      'SELECT path, version, label, meta FROM index_notes WHERE vault = ? AND deleted = 0 AND path > ? ORDER BY path LIMIT ?',
      [vault, from, limit + 1],
    )
    for (const row of rows) {
      const note = toNote(row)
      if (notes.length === limit) return { notes, next: from }
      from = note.note
      if (admitsNote(filter, { ...note, path: note.note })) notes.push(note)
    }
    if (rows.length <= limit) return { notes, next: null }
  }
}
