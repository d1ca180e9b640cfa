/**
 * What the processes of a deployment know of each other's indexing, in the index store: how far the one that indexes
 * has come with each vault, which vaults the others ask it to index anew, and a number (*fence*) that changes when
 * another takes over, so that what the one before still writes is refused.
 */
import type { Statement, Store } from '../../storage/index.ts'
import type { IndexEvent } from './index-worker.ts'

export interface SharedVault {
  /** The last that was stored of it; `seq` is that of the stored index now. */
  readonly event: IndexEvent
  /** Changes whenever the stored index does, or is announced. */
  readonly version: string
  /** How often indexing it anew was asked for, and how many of these are done. */
  readonly asked: number
  readonly handled: number
}

/** What is shown of a vault whose folder, or whose stored index, cannot be opened. */
export const unopened = 'the folder cannot be opened'

/** The state of a vault that is about to be indexed. */
export function newEvent(vault: string): IndexEvent {
  return { vault, state: 'indexing', done: 0, total: 0, elapsedMs: 0, doneBefore: 0, seq: 0, reason: null }
}

export function createSharedState(store: Store) {
  return {
    /** Everything about all vaults in one look, so that a state and the index it speaks of belong together. */
    async read(): Promise<Map<string, SharedVault>> {
      const rows = await store.read(
        `SELECT s.vault AS vault, state, done, total, done_before, elapsed_ms, reason, generation, seq, log_epoch, log_seq,
          asked, handled
          FROM index_states s LEFT JOIN index_vaults v ON v.vault = s.vault LEFT JOIN index_requests r ON r.vault = s.vault`,
      )
      return new Map(rows.map((row) => [String(row['vault']), toShared(row)]))
    },
    /** Asks for a vault to be indexed anew; returns the number of the request. */
    async request(vault: string): Promise<number> {
      const written = await store.write([
        {
          text: `INSERT INTO index_requests (vault, asked, handled) VALUES (?, 1, 0)
            ON CONFLICT (vault) DO UPDATE SET asked = index_requests.asked + 1 RETURNING asked`,
          params: [vault],
        },
      ])
      return Number(written?.rows[0]?.[0]?.['asked'] ?? 0)
    },
    async handled(vault: string, asked: number): Promise<void> {
      await store.write([
        {
          text: 'UPDATE index_requests SET handled = ? WHERE vault = ? AND handled < ?',
          params: [asked, vault, asked],
        },
      ])
    },
    /** A new fence, for whoever begins to index. */
    async takeFence(): Promise<number> {
      const written = await store.write([{ text: 'UPDATE index_owner SET fence = fence + 1 RETURNING fence' }])
      return Number(written?.rows[0]?.[0]?.['fence'])
    },
    async listIndexed(): Promise<string[]> {
      return (await store.read('SELECT vault FROM index_vaults')).map((row) => String(row['vault']))
    },
  }
}

export type SharedState = ReturnType<typeof createSharedState>

/** A store that refuses, as an unmet expectation, what is written after another process has begun to index. */
export function fenceStore(store: Store, fence: number): Store {
  const guard: Statement = {
    text: 'UPDATE index_owner SET fence = fence WHERE fence = ?',
    params: [fence],
    expectChanges: 1,
  }
  return {
    ...store,
    async write(statements) {
      const written = await store.write([guard, ...statements])
      return written === null ? null : { changes: written.changes.slice(1), rows: written.rows.slice(1) }
    },
  }
}

export function putState({ vault, state, done, total, doneBefore, elapsedMs, reason }: IndexEvent): Statement {
  return {
    text: `INSERT INTO index_states (vault, state, done, total, done_before, elapsed_ms, reason) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (vault) DO UPDATE SET state = excluded.state, done = excluded.done, total = excluded.total,
        done_before = excluded.done_before, elapsed_ms = excluded.elapsed_ms, reason = excluded.reason`,
    params: [vault, state, done, total, doneBefore, elapsedMs, reason],
  }
}

/** Of a vault that is gone. */
export function forgetState(vault: string): Statement[] {
  return ['index_states', 'index_requests'].map((table) => ({
    text: `DELETE FROM ${table} WHERE vault = ?`,
    params: [vault],
  }))
}

function toShared(row: Record<string, unknown>): SharedVault {
  const seq = Number(row['seq'] ?? 0)
  return {
    event: {
      vault: String(row['vault']),
      state: row['state'] as IndexEvent['state'],
      done: Number(row['done']),
      total: Number(row['total']),
      doneBefore: Number(row['done_before']),
      elapsedMs: Number(row['elapsed_ms']),
      seq,
      reason: typeof row['reason'] === 'string' ? row['reason'] : null,
    },
    version: ['generation', 'seq', 'log_epoch', 'log_seq'].map((name) => String(row[name])).join(' '),
    asked: Number(row['asked'] ?? 0),
    handled: Number(row['handled'] ?? 0),
  }
}
