/**
 * The stored index of vaults: what the indexer writes and every searcher follows. Each change of a vault has a number
 * (`seq`) that only grows; a follower that has applied N asks for what is above N. A deleted note stays as an empty row
 * until the vault is indexed anew, so that followers hear of it.
 */
import type { Label } from '@cairn/contract'
import { highestLabel, labelSchema } from '@cairn/contract/tables'
import { z } from 'zod'
import { createId, type JudgedNote } from '../../base/index.ts'
import type { Statement, Store } from '../../storage/index.ts'
import type { Problem } from '../folder/read-folder.ts'
import { heldSchema, judgedFacts, type Held, type OwnFacts } from '../held/held-facts.ts'
import type { LogPosition } from '../types.ts'
import { announceChanges, announceRemoved, announceWhole } from './announcements.ts'
import { forgetState } from './shared-state.ts'

export const noteMetaSchema = z.object({
  title: z.string(),
  aliases: z.array(z.string()),
  tags: z.array(z.string()),
  ai: z.boolean(),
  date: z.number(),
  /** Heading paths, `Travel › Deadlines`. */
  headings: z.array(z.string()),
  links: z.array(z.string()),
  // Absent in an index of an earlier format, which is read until it is made anew.
  owner: z.string().nullable().default(null),
  properties: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  /** Whether the note says its label itself. */
  labelled: z.boolean().default(false),
  /** What of the text stays when tags and front matter are changed; empty for a short text. */
  body: z.string().default(''),
})

export type StoredMeta = z.infer<typeof noteMetaSchema>

export interface StoredNote {
  noteId: string
  path: string
  version: string
  label: Label
  meta: StoredMeta
  text: string
  terms: Uint8Array
  passages: number
  mtimeMs: number
  size: number
  inode: string
}

/** What the note says itself, and what rules go by: with what is held against an edit. */
export interface StoredFacts {
  own: OwnFacts
  held: Held | null
  /** The label that models are chosen by: the note’s own, or the higher one that is held. */
  label: Label
  /** The note’s own and those that are held. */
  tags: string[]
  judged: JudgedNote
}

/** `row` has `path`, `label`, `meta` and `held`. THE place where what is stored of a note becomes what rules go by. */
export function readStored(row: Record<string, unknown>): StoredFacts & { path: string; meta: StoredMeta } {
  const path = String(row['path'])
  const meta = noteMetaSchema.parse(JSON.parse(String(row['meta'])))
  const held = row['held'] === '' ? null : heldSchema.parse(JSON.parse(String(row['held'])))
  const label = labelSchema.parse(row['label'])
  const { tags, owner, properties } = meta
  const own: OwnFacts = { tags, label: meta.labelled ? label : null, owner, properties }
  const judged = { path, ...judgedFacts(own, held) }
  return {
    path,
    meta,
    own,
    held,
    judged,
    label: held?.label ? highestLabel(label, held.label) : label,
    tags: [...judged.tags],
  }
}

/** What a follower needs of a changed note; a deleted one has no terms. */
export interface NoteChange {
  seq: number
  noteId: string
  deleted: boolean
  version: string
  stored: ReturnType<typeof readStored>
  terms: Uint8Array
}

export interface VaultRow {
  /** Changes when the index is begun anew; a follower of another generation starts over. */
  generation: string
  seq: number
  format: number
  model: number
  trainedPassages: number
  /** Up to which announcement the stored index has every change. */
  position: LogPosition
}

export interface FileState {
  noteId: string
  path: string
  version: string
  mtimeMs: number
  size: number
  inode: string
}

const rowsAtOnce = 400

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createIndexStore(store: Store, vault: string) {
  const read = store.read
  return {
    async vault(): Promise<VaultRow | null> {
      const [row] = await read(
        'SELECT generation, seq, format, model, trained_passages, log_epoch, log_seq FROM index_vaults WHERE vault = ?',
        [vault],
      )
      if (!row) return null
      return {
        generation: String(row['generation']),
        seq: Number(row['seq']),
        format: Number(row['format']),
        model: Number(row['model']),
        trainedPassages: Number(row['trained_passages']),
        position: { epoch: String(row['log_epoch']), seq: Number(row['log_seq']) },
      }
    },
    /** Empties the vault’s index and begins it in this format. The sequence goes on, so that followers notice. */
    async reset(format: number, seq: number): Promise<void> {
      await store.write([...clearStatements(vault), insertVault(vault, seq, format), announceWhole(vault, seq)])
    },
    async remove(): Promise<void> {
      await store.write([...clearStatements(vault), ...forgetState(vault), announceRemoved(vault)])
    },
    async counts(): Promise<{ notes: number; passages: number }> {
      const [row] = await read(
        'SELECT COUNT(*) AS notes, SUM(passages) AS passages FROM index_notes WHERE vault = ? AND deleted = 0',
        [vault],
      )
      return { notes: Number(row?.['notes'] ?? 0), passages: Number(row?.['passages'] ?? 0) }
    },
    async files(): Promise<FileState[]> {
      const rows = await read(
        'SELECT note_id, path, version, mtime, size, inode FROM index_notes WHERE vault = ? AND deleted = 0',
        [vault],
      )
      return rows.map((row) => ({
        noteId: String(row['note_id']),
        path: String(row['path']),
        version: String(row['version']),
        mtimeMs: Number(row['mtime']),
        size: Number(row['size']),
        inode: String(row['inode']),
      }))
    },
    /** Terms from number `from` on, in order. */
    async terms(from: number): Promise<string[]> {
      const rows = await read('SELECT first, terms FROM index_terms WHERE vault = ? AND first >= ? ORDER BY first', [
        vault,
        from,
      ])
      return rows.flatMap((row) => String(row['terms']).split('\n'))
    },
    /**
     * Changed notes above `seq` and up to `upTo` in order, at most `limit`. A follower gives the vault's number as
     * `upTo`: what is committed while it reads has terms and vectors that it has not read.
     */
    async changes(seq: number, limit: number, upTo = Number.MAX_SAFE_INTEGER): Promise<NoteChange[]> {
      const rows = await read(
        'SELECT seq, note_id, deleted, path, version, label, meta, held, terms FROM index_notes WHERE vault = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
        [vault, seq, upTo, limit],
      )
      return rows.map((row) => ({
        seq: Number(row['seq']),
        noteId: String(row['note_id']),
        deleted: Number(row['deleted']) === 1,
        version: String(row['version']),
        stored: readStored(row),
        terms: row['terms'] as Uint8Array,
      }))
    },
    /** Vectors of a model above `seq` and up to `upTo` in order, at most `limit`. */
    async vectors(
      model: number,
      seq: number,
      limit: number,
      upTo = Number.MAX_SAFE_INTEGER,
    ): Promise<{ noteId: string; seq: number; data: Uint8Array }[]> {
      const rows = await read(
        'SELECT note_id, seq, data FROM index_vectors WHERE vault = ? AND model = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
        [vault, model, seq, upTo, limit],
      )
      return rows.map((row) => ({
        noteId: String(row['note_id']),
        seq: Number(row['seq']),
        data: row['data'] as Uint8Array,
      }))
    },
    async model(id: number): Promise<Uint8Array | null> {
      const [row] = await read('SELECT data FROM index_models WHERE vault = ? AND id = ?', [vault, id])
      return row ? (row['data'] as Uint8Array) : null
    },
    /** The note’s text, undefined when it is not there (any more). */
    async findText(noteId: string): Promise<{ text: string; version: string } | undefined> {
      const [row] = await read(
        'SELECT text, version FROM index_notes WHERE vault = ? AND note_id = ? AND deleted = 0',
        [vault, noteId],
      )
      return row ? { text: String(row['text']), version: String(row['version']) } : undefined
    },
    /** What is stored of these notes, by id. */
    async facts(noteIds: readonly string[]): Promise<Map<string, ReturnType<typeof readStored>>> {
      const found = new Map<string, ReturnType<typeof readStored>>()
      for (let from = 0; from < noteIds.length; from += rowsAtOnce) {
        const asked = noteIds.slice(from, from + rowsAtOnce)
        const rows = await read(
          `SELECT note_id, path, label, meta, held FROM index_notes
            WHERE vault = ? AND deleted = 0 AND note_id IN (${asked.map(() => '?').join(', ')})`,
          [vault, ...asked],
        )
        for (const row of rows) found.set(String(row['note_id']), readStored(row))
      }
      return found
    },
    /** How many files have a problem, and the first of them. */
    async problems(limit: number): Promise<{ count: number; first: Problem[] }> {
      const [count] = await read('SELECT COUNT(*) AS n FROM index_problems WHERE vault = ?', [vault])
      const rows = await read('SELECT path, reason FROM index_problems WHERE vault = ? ORDER BY path LIMIT ?', [
        vault,
        limit,
      ])
      return {
        count: Number(count?.['n'] ?? 0),
        first: rows.map((row) => ({ path: String(row['path']), reason: String(row['reason']) })),
      }
    },
    write: (statements: readonly Statement[]) => store.write(statements),
  }
}

export type IndexStore = ReturnType<typeof createIndexStore>

function clearStatements(vault: string): Statement[] {
  const tables = ['index_notes', 'index_terms', 'index_models', 'index_vectors', 'index_problems', 'index_vaults']
  return tables.map((table) => ({ text: `DELETE FROM ${table} WHERE vault = ?`, params: [vault] }))
}

function insertVault(vault: string, seq: number, format: number): Statement {
  return {
    text: 'INSERT INTO index_vaults (vault, generation, seq, format, model, trained_passages) VALUES (?, ?, ?, ?, 0, 0)',
    params: [vault, createId('gen'), seq, format],
  }
}

/** Statements of one commit; the indexer collects them and writes them whole. */
export const statements = {
  putNote: (vault: string, seq: number, note: StoredNote): Statement[] => [
    { text: 'DELETE FROM index_notes WHERE vault = ? AND note_id = ?', params: [vault, note.noteId] },
    {
      text: `INSERT INTO index_notes (vault, note_id, seq, deleted, path, version, label, mtime, size, inode, passages, meta, text, terms)
        VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      params: [
        vault,
        note.noteId,
        seq,
        note.path,
        note.version,
        note.label,
        note.mtimeMs,
        note.size,
        note.inode,
        note.passages,
        JSON.stringify(note.meta),
        note.text,
        note.terms,
      ],
    },
  ],
  /** The text is unchanged; only where and when it stands. */
  moveNote: (vault: string, seq: number, file: FileState): Statement => ({
    text: 'UPDATE index_notes SET seq = ?, path = ?, mtime = ?, size = ?, inode = ? WHERE vault = ? AND note_id = ?',
    params: [seq, file.path, file.mtimeMs, file.size, file.inode, vault, file.noteId],
  }),
  touchNote: (vault: string, file: FileState): Statement => ({
    text: 'UPDATE index_notes SET mtime = ?, size = ?, inode = ? WHERE vault = ? AND note_id = ?',
    params: [file.mtimeMs, file.size, file.inode, vault, file.noteId],
  }),
  deleteNote: (vault: string, seq: number, noteId: string): Statement[] => [
    {
      text: "UPDATE index_notes SET seq = ?, deleted = 1, path = '', version = '', text = '', held = '', terms = ?, passages = 0, inode = '', meta = ? WHERE vault = ? AND note_id = ?",
      params: [seq, new Uint8Array([0]), JSON.stringify(emptyMeta), vault, noteId],
    },
    { text: 'DELETE FROM index_vectors WHERE vault = ? AND note_id = ?', params: [vault, noteId] },
  ],
  setHeld: (vault: string, noteId: string, held: Held | null): Statement => ({
    text: 'UPDATE index_notes SET held = ? WHERE vault = ? AND note_id = ?',
    params: [held === null ? '' : JSON.stringify(held), vault, noteId],
  }),
  /** Has followers take the note anew, vectors included. */
  retellNote: (vault: string, seq: number, noteId: string): Statement[] => [
    { text: 'UPDATE index_notes SET seq = ? WHERE vault = ? AND note_id = ?', params: [seq, vault, noteId] },
    { text: 'UPDATE index_vectors SET seq = ? WHERE vault = ? AND note_id = ?', params: [seq, vault, noteId] },
  ],
  addTerms: (vault: string, first: number, terms: readonly string[]): Statement => ({
    text: 'INSERT INTO index_terms (vault, first, terms) VALUES (?, ?, ?)',
    params: [vault, first, terms.join('\n')],
  }),
  putVectors: (vault: string, seq: number, entry: { noteId: string; model: number; data: Uint8Array }): Statement[] => [
    { text: 'DELETE FROM index_vectors WHERE vault = ? AND note_id = ?', params: [vault, entry.noteId] },
    {
      text: 'INSERT INTO index_vectors (vault, note_id, model, seq, data) VALUES (?, ?, ?, ?, ?)',
      params: [vault, entry.noteId, entry.model, seq, entry.data],
    },
  ],
  putModel: (vault: string, id: number, data: Uint8Array): Statement[] => [
    { text: 'DELETE FROM index_models WHERE vault = ? AND id <> ?', params: [vault, id - 1] },
    { text: 'INSERT INTO index_models (vault, id, data) VALUES (?, ?, ?)', params: [vault, id, data] },
  ],
  useModel: (vault: string, id: number, trainedPassages: number): Statement => ({
    text: 'UPDATE index_vaults SET model = ?, trained_passages = ? WHERE vault = ?',
    params: [id, trainedPassages, vault],
  }),
  setSeq: (vault: string, seq: number): Statement => ({
    text: 'UPDATE index_vaults SET seq = ? WHERE vault = ?',
    params: [seq, vault],
    expectChanges: 1,
  }),
  announce: announceChanges,
  setProblems: (vault: string, problems: readonly Problem[]): Statement[] => [
    { text: 'DELETE FROM index_problems WHERE vault = ?', params: [vault] },
    ...problems.map(({ path, reason }): Statement => ({
      text: 'INSERT INTO index_problems (vault, path, reason) VALUES (?, ?, ?) ON CONFLICT (vault, path) DO NOTHING',
      params: [vault, shorten(path), reason],
    })),
  ],
}

/** What PostgreSQL takes into an index: at most 2,704 bytes, three for a character. */
const longestProblemPath = 800

function shorten(path: string): string {
  return path.length <= longestProblemPath ? path : `${path.slice(0, longestProblemPath)}…`
}

const emptyMeta: StoredMeta = {
  title: '',
  aliases: [],
  tags: [],
  ai: true,
  date: 0,
  headings: [],
  links: [],
  owner: null,
  properties: {},
  labelled: false,
  body: '',
}
