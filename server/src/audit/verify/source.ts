/** Where a verifier reads a log from: the store, or a file that was taken out of it. */
import type { SqlSession } from '../../platform/index.ts'
import { keyColumns, readStoredKey, type StoredKey } from '../record/key-book.ts'

export interface LogFacts {
  readonly origin: string
  readonly size: number
  readonly minIndex: number
  /** Hashes of the head, joined. */
  readonly frontier: Uint8Array
  readonly prunes: readonly { readonly upto: number; readonly goneBy: number; readonly frontier: Uint8Array }[]
  /** Signed notes by size, from the smallest. */
  readonly checkpoints: readonly string[]
  /** Keys that were destroyed, and by which entry. */
  readonly goneKeys: readonly { readonly kind: 'subject' | 'period'; readonly ref: string; readonly goneBy: number }[]
  /** Keys that are there although their entry says they are not would be told by whoever can read them. */
  readonly liveKeys: readonly { readonly kind: 'subject' | 'period'; readonly ref: string }[]
  /** All of them, as they stand in the store; none where the log was taken out of it. */
  readonly storedKeys: readonly StoredKey[]
}

export interface StoredEntry {
  readonly seq: number
  readonly header: string
  readonly leaf: Uint8Array
  readonly blocks: readonly StoredBlock[]
}

export interface StoredBlock {
  readonly name: string
  readonly subject: string | null
  readonly period: string | null
  readonly sealed: Uint8Array | null
  readonly goneBy: number | null
  readonly goneProof: string | null
}

export interface LogSource {
  facts(): Promise<LogFacts>
  /** From `from` on, in order of their places; pages of any length. */
  entries(from: number): AsyncIterable<readonly StoredEntry[]>
  /** Those of the category `privacy`, which let others go. */
  authorising(from: number): AsyncIterable<readonly Pick<StoredEntry, 'seq' | 'header'>[]>
}

/** Of a page. */
export const pageEntries = 1_000

/** Entries of a range of places that are there, with their blocks. */
export async function readPage(
  session: SqlSession,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<StoredEntry[]> {
  const { rows } = await session.run(
    `SELECT seq, header, leaf FROM audit_entries WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT ${pageEntries}`,
    [from, to],
  )
  return withBlocks(session, rows)
}

/** Those at these places that are there, in order of their places; at most a thousand places. */
export async function readAt(session: SqlSession, places: readonly number[]): Promise<StoredEntry[]> {
  if (places.length === 0) return []
  const among = `seq IN (${places.map(() => '?').join(', ')})`
  const { rows } = await session.run(`SELECT seq, header, leaf FROM audit_entries WHERE ${among} ORDER BY seq`, places)
  const found = await session.run(`SELECT ${blockColumns} FROM audit_blocks WHERE ${among} ORDER BY seq, name`, places)
  return joinBlocks(rows, found.rows)
}

const blockColumns = 'seq, name, subject, period, sealed, gone_by, gone_proof'

async function withBlocks(session: SqlSession, rows: readonly Record<string, unknown>[]): Promise<StoredEntry[]> {
  const [first, last] = [rows[0], rows.at(-1)]
  if (first === undefined || last === undefined) return []
  const found = await session.run(
    `SELECT ${blockColumns} FROM audit_blocks WHERE seq >= ? AND seq <= ? ORDER BY seq, name`,
    [Number(first['seq']), Number(last['seq'])],
  )
  return joinBlocks(rows, found.rows)
}

function joinBlocks(
  rows: readonly Record<string, unknown>[],
  blocks: readonly Record<string, unknown>[],
): StoredEntry[] {
  const bySeq = Map.groupBy(blocks, (row) => Number(row['seq']))
  return rows.map((row) => ({
    seq: Number(row['seq']),
    header: String(row['header']),
    leaf: row['leaf'] as Uint8Array,
    blocks: (bySeq.get(Number(row['seq'])) ?? []).map(toBlock),
  }))
}

/** `session` should see one state throughout; a log that grows meanwhile is read up to the size that `facts` told. */
export function createStoredLog(session: SqlSession): LogSource {
  return {
    async facts() {
      const [head] = (await session.run('SELECT origin, size, min_index, frontier FROM audit_head WHERE one = 1')).rows
      const prunes = await session.run('SELECT upto, gone_by, frontier FROM audit_prunes ORDER BY upto')
      const notes = await session.run('SELECT note FROM audit_checkpoints ORDER BY size')
      const keys = await session.run(`SELECT ${keyColumns} FROM audit_keys`)
      const storedKeys = keys.rows.map(readStoredKey)
      return {
        origin: typeof head?.['origin'] === 'string' ? head['origin'] : '',
        size: Number(head?.['size'] ?? 0),
        minIndex: Number(head?.['min_index'] ?? 0),
        frontier: head?.['frontier'] instanceof Uint8Array ? head['frontier'] : new Uint8Array(),
        prunes: prunes.rows.map((row) => ({
          upto: Number(row['upto']),
          goneBy: Number(row['gone_by']),
          frontier: row['frontier'] as Uint8Array,
        })),
        checkpoints: notes.rows.map((row) => String(row['note'])),
        goneKeys: storedKeys.flatMap(({ kind, ref, goneBy }) => (goneBy === null ? [] : [{ kind, ref, goneBy }])),
        liveKeys: storedKeys.filter(({ wrapped }) => wrapped !== null).map(({ kind, ref }) => ({ kind, ref })),
        storedKeys,
      }
    },
    async *entries(from) {
      for (let after = from - 1; ;) {
        const { rows } = await session.run(
          `SELECT seq, header, leaf FROM audit_entries WHERE seq > ? ORDER BY seq LIMIT ${pageEntries}`,
          [after],
        )
        if (rows.length === 0) return
        yield await withBlocks(session, rows)
        after = Number(rows.at(-1)?.['seq'])
      }
    },
    async *authorising(from) {
      for (let after = from - 1; ;) {
        const { rows } = await session.run(
          `SELECT seq, header FROM audit_entries WHERE seq > ? AND header LIKE '%"cat":"privacy"%' ORDER BY seq LIMIT ${pageEntries}`,
          [after],
        )
        if (rows.length === 0) return
        yield rows.map((row) => ({ seq: Number(row['seq']), header: String(row['header']) }))
        after = Number(rows.at(-1)?.['seq'])
      }
    },
  }
}

function toBlock(row: Record<string, unknown>): StoredBlock {
  const textOf = (name: string) => (typeof row[name] === 'string' ? row[name] : null)
  return {
    name: String(row['name']),
    subject: textOf('subject'),
    period: textOf('period'),
    sealed: row['sealed'] instanceof Uint8Array ? row['sealed'] : null,
    goneBy: row['gone_by'] === null ? null : Number(row['gone_by']),
    goneProof: textOf('gone_proof'),
  }
}
