/**
 * The sequencer of one host: a few small tables in the data directory that all processes of the host share. A commit is
 * one durable transaction; a tail is one query, and so one snapshot.
 */
import { createToken, type Clock } from '../../base/index.ts'
import type { Schema, Statement, Store } from '../../storage/index.ts'
import type { Mark, NodeReport, NodeState, Position, Sequencer, Tail } from '../tiers.ts'
import type { InvalidationKind } from '../types.ts'
import { joinScopes, splitScopes } from './scope-list.ts'

export const cacheSchema: Schema = {
  scope: 'cache',
  migrations: [
    {
      id: 1,
      name: 'the log of invalidations, its nodes and the journal',
      statements: [
        `CREATE TABLE cache_log_meta (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), epoch TEXT NOT NULL,
          seq {int} NOT NULL, floor {int} NOT NULL, total {int} NOT NULL)`,
        // `total` counts the scopes of all lines up to this one, so that the oldest lines beyond a bound are found by it.
        `CREATE TABLE cache_log (seq {int} PRIMARY KEY, kind TEXT NOT NULL, scopes TEXT NOT NULL, total {int} NOT NULL)`,
        'CREATE TABLE cache_marks (scope TEXT PRIMARY KEY, hard {int} NOT NULL, soft {int} NOT NULL)',
        `CREATE TABLE cache_nodes (node TEXT PRIMARY KEY, epoch TEXT NOT NULL, applied {int} NOT NULL,
          max_stale_ms {int} NOT NULL, seen_at {int} NOT NULL)`,
        // Never the same number twice: another process may still hold one that was taken out.
        'CREATE TABLE cache_journal (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, scopes TEXT NOT NULL)',
      ],
    },
  ],
}

export interface SqliteSequencerOptions {
  readonly store: Store
  readonly clock: Clock
  /** Scopes that keep a mark of their own; older ones fold into the floor. */
  readonly mostMarks?: number
}

const usualMostMarks = 20_000
/** A node says again that it is there after so long; one that has not for a minute is gone. */
const heartbeatMs = 15_000
const goneMs = 60_000

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export async function openSqliteSequencer({
  store,
  clock,
  mostMarks = usualMostMarks,
}: SqliteSequencerOptions): Promise<Sequencer> {
  const listeners = new Set<() => void>()
  const acked = new Map<string, { applied: Position; maxStaleMs: number; atMs: number }>()
  const writes = new Set<Promise<unknown>>()
  /** What each node said last, and since when by this process' own clock. */
  const heard = new Map<string, { said: number; atMs: number }>()

  const begin = (): Statement => ({
    text: `INSERT INTO cache_log_meta (only_row, epoch, seq, floor, total) VALUES (1, ?, 0, 0, 0)
      ON CONFLICT (only_row) DO NOTHING`,
    params: [createToken(12)],
  })
  await store.write([begin()])

  /** The node's word is durable at some later time; those who wait for it ask again. */
  async function acknowledge({ node, applied, maxStaleMs }: NodeReport): Promise<void> {
    const last = acked.get(node)
    const now = clock.monotonic()
    const isKnown = last?.applied.seq === applied.seq && last.applied.epoch === applied.epoch
    const isHeard = last !== undefined && now - last.atMs < heartbeatMs
    if (isHeard && isKnown && last.maxStaleMs === maxStaleMs) return
    acked.set(node, { applied, maxStaleMs, atMs: now })
    const writing = store
      .write([
        {
          text: `INSERT INTO cache_nodes (node, epoch, applied, max_stale_ms, seen_at) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (node) DO UPDATE SET epoch = excluded.epoch, applied = excluded.applied,
              max_stale_ms = excluded.max_stale_ms, seen_at = excluded.seen_at`,
          params: [node, applied.epoch, applied.seq, maxStaleMs, clock.now()],
        },
      ])
      .catch((thrown: unknown) => {
        acked.delete(node)
        throw thrown
      })
      .finally(() => writes.delete(writing))
    writes.add(writing)
    // Before it serves, whoever waits for all must know that it is there and how long it may go on without the log. How
    // far it has come may be known later.
    if (isHeard && maxStaleMs <= last.maxStaleMs) writing.catch(() => undefined)
    else await writing
  }

  /**
   * Nodes that have said something new while this process looked, or that it has not looked at for long. By its own
   * monotonic clock: a time of day that jumps must not make a node pass for gone.
   */
  async function readNodes(): Promise<Awaited<ReturnType<Store['read']>>> {
    const rows = await store.read('SELECT node, epoch, applied, max_stale_ms, seen_at FROM cache_nodes')
    const now = clock.monotonic()
    return rows.filter((row) => {
      const [node, said] = [String(row['node']), Number(row['seen_at'])]
      const last = heard.get(node)
      if (last?.said !== said) heard.set(node, { said, atMs: now })
      else if (now - last.atMs > goneMs) {
        heard.delete(node)
        void store
          .write([{ text: 'DELETE FROM cache_nodes WHERE node = ? AND seen_at = ?', params: [node, said] }])
          .catch(() => undefined)
        return false
      }
      return true
    })
  }

  /** A log behind what a node has seen was put back from a copy: marks are missing, so everything made then is void. */
  const renewIfLost = (seen: Position | null): Statement[] =>
    seen === null || seen.epoch === ''
      ? []
      : [
          {
            text: `UPDATE cache_log_meta SET epoch = ?, seq = ? + 1, floor = ? + 1 WHERE epoch = ? AND seq < ?`,
            params: [createToken(12), seen.seq, seen.seq, seen.epoch, seen.seq],
          },
          ...fold,
        ]

  async function readTail(after: Position): Promise<Tail> {
    const rows = await store.read(
      `SELECT m.epoch, m.seq AS newest, m.floor, l.seq, l.kind, l.scopes FROM cache_log_meta m
        LEFT JOIN cache_log l ON l.seq > CASE WHEN m.epoch = ? AND ? >= m.floor THEN ? ELSE m.floor END ORDER BY l.seq`,
      [after.epoch, after.seq, after.seq],
    )
    const [first] = rows
    if (!first) {
      await store.write([begin()])
      return readTail(after)
    }
    const epoch = String(first['epoch'])
    const floor = Number(first['floor'])
    const marks = rows.flatMap((row): Mark[] =>
      row['seq'] === null
        ? []
        : [
            {
              seq: Number(row['seq']),
              kind: row['kind'] as InvalidationKind,
              scopes: splitScopes(String(row['scopes'])),
            },
          ],
    )
    const isWhole = epoch !== after.epoch || after.seq < floor
    return { epoch, seq: Number(first['newest']), floor, marks, isWhole }
  }

  return {
    kind: 'sqlite',
    async tail(report) {
      await acknowledge(report)
      const tail = await readTail(report.applied)
      if (tail.epoch !== report.applied.epoch || tail.seq >= report.applied.seq) return tail
      await store.write(renewIfLost(report.applied))
      return readTail(report.applied)
    },
    async commit(kind, scopes, seen) {
      const column = kind === 'hard' ? 'hard' : 'soft'
      const count = Math.max(1, scopes.length)
      const lost = renewIfLost(seen)
      const result = await store.write([
        begin(),
        ...lost,
        { text: 'UPDATE cache_log_meta SET seq = seq + 1, total = total + ? RETURNING epoch, seq', params: [count] },
        {
          text: 'INSERT INTO cache_log (seq, kind, scopes, total) SELECT seq, ?, ?, total FROM cache_log_meta',
          params: [kind, joinScopes(scopes)],
        },
        ...scopes.map((scope) => ({
          text: `INSERT INTO cache_marks (scope, hard, soft) SELECT ?, ${kind === 'hard' ? 'seq, 0' : '0, seq'}
            FROM cache_log_meta WHERE only_row = 1 ON CONFLICT (scope) DO UPDATE SET ${column} = excluded.${column}`,
          params: [scope],
        })),
        {
          text: `UPDATE cache_log_meta SET floor = MAX(floor, COALESCE(
            (SELECT MAX(l.seq) FROM cache_log l WHERE l.total <= cache_log_meta.total - ?), 0))`,
          params: [mostMarks],
        },
        ...fold,
      ])
      const row = result?.rows[1 + lost.length]?.[0]
      for (const listener of listeners) listener()
      return { epoch: String(row?.['epoch']), seq: Number(row?.['seq']) }
    },
    async marksOf(scopes) {
      const [meta] = await store.read('SELECT epoch, seq, floor FROM cache_log_meta')
      const found = await Promise.all(
        scopes.map((scope) => store.read('SELECT hard, soft FROM cache_marks WHERE scope = ?', [scope])),
      )
      return {
        epoch: String(meta?.['epoch']),
        seq: Number(meta?.['seq']),
        floor: Number(meta?.['floor']),
        hard: found.map(([row]) => Number(row?.['hard'] ?? 0)),
        soft: found.map(([row]) => Number(row?.['soft'] ?? 0)),
      }
    },
    async nodes() {
      const rows = await readNodes()
      return rows.map((row): NodeState => {
        const position = { epoch: String(row['epoch']), seq: Number(row['applied']) }
        return { node: String(row['node']), acked: position, maxStaleMs: Number(row['max_stale_ms']) }
      })
    },
    async leave(node) {
      await Promise.allSettled(writes)
      acked.delete(node)
      await store.write([{ text: 'DELETE FROM cache_nodes WHERE node = ?', params: [node] }])
    },
    onWake(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      await Promise.allSettled(writes)
    },
  }
}

/** The life of the local log, or null when it has none yet. */
export async function readLocalEpoch(store: Store): Promise<string | null> {
  const [meta] = await store.read('SELECT epoch FROM cache_log_meta')
  return meta ? String(meta['epoch']) : null
}

/** Ends the life of the local log: what was made under it is not valid any more. The next sequencer begins another. */
export const endLocalLog: readonly Statement[] = [
  { text: 'DELETE FROM cache_log_meta' },
  { text: 'DELETE FROM cache_log' },
  { text: 'DELETE FROM cache_marks' },
  { text: 'DELETE FROM cache_nodes' },
]

const fold: readonly Statement[] = [
  { text: 'DELETE FROM cache_log WHERE seq <= (SELECT floor FROM cache_log_meta)' },
  { text: 'DELETE FROM cache_marks WHERE MAX(hard, soft) <= (SELECT floor FROM cache_log_meta)' },
]
