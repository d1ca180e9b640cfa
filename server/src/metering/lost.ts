/**
 * Reservations whose process died: booked by their estimate with the outcome `lost`, so that none stays open. At the
 * start of a run everything open is lost. Among several processes each beats while it has reservations; one whose beat
 * others have seen stand still for long enough is dead. Beats are counted, not dated: no clock is compared with another,
 * and a machine that slept wakes up with all its counts as they were.
 */
import { withDeadline, type Clock, type Logger } from '../base/index.ts'
import type { Row } from '../platform/index.ts'
import type { Store } from '../storage/index.ts'
import type { Booker } from './booker.ts'
import { whole, type LedgerLine, type LineHead } from './ledger.ts'
import { unpackSubjects } from './subjects.ts'
import { repeat } from './view.ts'

export interface LostOptions {
  readonly store: Store
  readonly booker: Booker
  readonly clock: Clock
  readonly logger: Logger
  readonly runId: string
  /** Between two beats, and between two looks at those of others, in milliseconds. */
  readonly beatMs: number
  /** How long a beat stands still until its process counts as dead. */
  readonly deadAfterMs: number
}

export interface LostAndFound {
  /** Books everything that is open; nobody else works here yet. Throws `storage.failed`. */
  settleAll(): Promise<void>
  /** To be called with each reservation of this process. */
  noteActivity(): void
  close(): Promise<void>
}

interface Seen {
  beat: number
  sinceMs: number
  looks: number
}

const atOnce = 200
/** A process that was itself asleep looks so often before it believes what it sees. */
const leastLooks = 3
const settleMs = 60_000
const closeMs = 2_000

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createLostAndFound(options: LostOptions): LostAndFound {
  const { store, booker, clock, logger, runId, beatMs, deadAfterMs } = options
  const seen = new Map<string, Seen>()
  let isActive = false

  async function beat(): Promise<void> {
    if (!isActive) return
    isActive = false
    try {
      await store.write([
        {
          text: 'INSERT INTO metering_runs (id, beat) VALUES (?, 1) ON CONFLICT (id) DO UPDATE SET beat = metering_runs.beat + 1',
          params: [runId],
        },
      ])
    } catch (thrown) {
      isActive = true
      throw thrown
    }
    const [open] = await store.read('SELECT id FROM metering_reservations WHERE run_id = ? LIMIT 1', [runId])
    if (open) isActive = true
  }

  async function look(): Promise<void> {
    const rows = await store.read(
      `SELECT DISTINCT r.run_id AS id, COALESCE(b.beat, 0) AS beat FROM metering_reservations r
        LEFT JOIN metering_runs b ON b.id = r.run_id WHERE r.run_id <> ?`,
      [runId],
    )
    const now = clock.monotonic()
    const there = new Set(rows.map(({ id }) => String(id)))
    for (const id of seen.keys()) if (!there.has(id)) seen.delete(id)
    for (const row of rows) {
      const id = String(row['id'])
      const count = Number(row['beat'])
      const known = seen.get(id)
      if (known?.beat !== count) {
        seen.set(id, { beat: count, sinceMs: now, looks: 0 })
        continue
      }
      known.looks++
      if (known.looks < leastLooks || now - known.sinceMs < deadAfterMs) continue
      await settle('run_id = ?', id)
      await store.write([{ text: 'DELETE FROM metering_runs WHERE id = ?', params: [id] }])
    }
  }

  async function settle(which: string, id: string): Promise<void> {
    for (let after = ''; ;) {
      const rows = await store.read(
        `SELECT * FROM metering_reservations WHERE ${which} AND id > ? ORDER BY id LIMIT ${atOnce}`,
        [id, after],
      )
      for (const row of rows) bookLost(booker, row)
      await booker.flush()
      if (rows.length > 0) logger.warn('calls whose process ended are booked by their estimate', { calls: rows.length })
      if (rows.length < atOnce) return
      after = String(rows.at(-1)?.['id'])
    }
  }

  const stopBeating = repeat('the sign of life of the meter', beatMs, beat, logger)
  const stopLooking = repeat('the look after lost reservations', beatMs, look, logger)
  return {
    async settleAll() {
      await withDeadline(settle('run_id <> ?', runId), settleMs, 'storage.failed', {
        internal: 'lost reservations could not be settled in time',
      })
      await store.write([{ text: 'DELETE FROM metering_runs WHERE id <> ?', params: [runId] }])
    },
    noteActivity() {
      isActive = true
    },
    async close() {
      await withDeadline(Promise.all([stopBeating(), stopLooking()]), closeMs, 'storage.failed').catch(() => undefined)
    },
  }
}

function bookLost(booker: Booker, row: Row): void {
  const subjects = unpackSubjects(String(row['subjects']))
  const keyId = String(row['key_id'])
  const head: LineHead = {
    id: String(row['id']),
    at: Number(row['at']),
    requestId: String(row['request_id']),
    principalId: String(row['principal_id']),
    keyId,
    withinKeys: subjects.flatMap((each) => (each.startsWith('key:') && each !== `key:${keyId}` ? [each.slice(4)] : [])),
    teams: JSON.parse(String(row['teams'])) as string[],
    kind: String(row['kind']),
    provider: String(row['provider']),
    model: String(row['model']),
  }
  const held = row['held_nano']
  const line: LedgerLine = {
    ...head,
    inputTokens: whole(Number(row['input_tokens'])),
    outputTokens: whole(Number(row['output_tokens'])),
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    nanoUsd: held === null ? null : Number(held),
    savedNano: null,
    isEstimated: true,
    outcome: 'lost',
    ttftMs: null,
    totalMs: 0,
  }
  const hold = { id: head.id, at: head.at, heldNano: Number(held ?? 0), subjects }
  booker.add({ line, hold })
}
