/**
 * How a change of who there is takes effect. Every write of people, groups, memberships, keys and ended sessions begins
 * with a new epoch in the same transaction: it says to others that something changed, and on PostgreSQL its row lock puts
 * such writes one after another, so that a condition inside a write (“another owner is active”) holds when it is done.
 *
 * Each process believes what it read of a key or session for a second. The processes of this host forget it all before
 * the writer is answered; another server when it learns of the new epoch, and after that second at the latest.
 */
import type { Clock, HostPeers } from '../../base/index.ts'
import type { Statement, Store, WriteResult } from '../../storage/index.ts'

/** How long what was read of a key or session is believed. */
const believedMs = 1_000
const mostBelieved = 10_000
const changedTopic = 'access.changed'

const grow: Statement = { text: 'UPDATE access_epoch SET epoch = epoch + 1 WHERE one = 1 RETURNING epoch' }

export interface Change {
  readonly epoch: number
  /** Of the statements given, without the epoch's own. */
  readonly result: WriteResult
}

export interface Changes {
  /**
   * Writes under a new epoch. Resolves when this host goes by it; null when an expectation was not met, and nothing
   * changed.
   */
  write(statements: readonly Statement[]): Promise<Change | null>
  epoch(): Promise<number>
  /** Calls back on each change of this host, before it is acknowledged. */
  onChange(listener: () => void): void
  /** Something was changed elsewhere: what is believed of keys and sessions may be older. */
  forgetReads(): void
  /** A read of one row by its hash that is believed for a second. */
  believe<T>(read: (hash: string) => Promise<T | null>): (hash: string) => Promise<T | null>
}

export interface ChangesOptions {
  readonly store: Store
  readonly clock: Clock
  readonly peers: Pick<HostPeers, 'collect' | 'answer'>
}

export function createChanges({ store, clock, peers }: ChangesOptions): Changes {
  const listeners: (() => void)[] = []
  const reads: { clear(): void }[] = []
  let generation = 0
  const forgetReads = () => {
    generation++
    for (const each of reads) each.clear()
  }
  const forget = () => {
    forgetReads()
    for (const each of listeners) each()
    return true
  }
  peers.answer(changedTopic, forget)

  return {
    async write(statements) {
      const done = await store.write([grow, ...statements])
      if (done === null) return null
      forget()
      await peers.collect(changedTopic)
      const { changes, rows } = done
      return { epoch: Number(rows[0]?.[0]?.['epoch']), result: { changes: changes.slice(1), rows: rows.slice(1) } }
    },
    async epoch() {
      const [row] = await store.read('SELECT epoch FROM access_epoch WHERE one = 1')
      return Number(row?.['epoch'] ?? 0)
    },
    onChange(listener) {
      listeners.push(listener)
    },
    forgetReads,
    believe<T>(read: (hash: string) => Promise<T | null>) {
      const believed = new Map<string, { readonly value: T; readonly untilMs: number }>()
      reads.push(believed)
      return async (hash: string) => {
        const known = believed.get(hash)
        if (known && known.untilMs > clock.monotonic()) return known.value
        const before = generation
        const askedAtMs = clock.monotonic()
        const value = await read(hash)
        if (known) believed.delete(hash)
        // What was read while something changed may be older than the change.
        if (value === null || before !== generation) return value
        if (believed.size >= mostBelieved) believed.clear()
        believed.set(hash, { value, untilMs: askedAtMs + believedMs })
        return value
      }
    },
  }
}
