/**
 * Collects events and commits them in groups: one that waits is committed at once, those that come meanwhile are the next
 * group. An event is acknowledged when it is durable and in the tree, with its number in the log.
 */
import { CairnError } from '../../base/index.ts'
import type { SqlConnection, SqlSession } from '../../platform/index.ts'
import { createKeyBook, type AuditSecrets, type KeyBook } from '../record/key-book.ts'
import { keysOf, prepareEntry, type AuditEvent } from '../record/prepare.ts'
import { appendEntries, readHead, type Head } from './append.ts'

export interface Sequencer {
  /** Resolves with its place in the log. Rejects with `storage.failed`; nothing of it is in the log then. */
  append(event: AuditEvent): Promise<number>
  /**
   * All of them or none, in order, unless this was done before under the same mark; gives how many were added. What cannot
   * be made an entry is left out.
   */
  appendOnce(mark: string, events: readonly AuditEvent[]): Promise<number>
  /** Runs a change of the log itself with everything else held off. */
  exclusively<T>(work: (session: SqlSession, head: Head, book: KeyBook) => Promise<T>): Promise<T>
  /** Resolves when nothing waits. */
  idle(): Promise<void>
}

export interface SequencerOptions {
  readonly connection: SqlConnection
  readonly secrets: AuditSecrets
  /** Throws when the log is not where it was opened. */
  readonly checkPlace?: () => void
  /** Hears of every commit: the size of the log after it. */
  readonly onCommit?: (size: number) => void
}

const groupLimit = 512
const mostWaiting = 50_000

interface Job {
  readonly event: AuditEvent
  readonly resolve: (seq: number) => void
  readonly reject: (reason: CairnError) => void
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createSequencer({ connection, secrets, checkPlace, onCommit }: SequencerOptions): Sequencer {
  const book = createKeyBook(secrets)
  const lock = connection.dialect === 'postgres' ? 'FOR UPDATE' : ''
  let queue: Job[] = []
  let draining: Promise<void> | null = null
  let keysEpoch = -1

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      // SQLite blocks this thread: what arrived meanwhile comes in with the next turn.
      await new Promise((resolve) => setImmediate(resolve))
      const group = queue.slice(0, groupLimit)
      queue = queue.slice(groupLimit)
      await commitGroup(group)
    }
    // In the same breath as the look at the queue: an event that comes after it starts anew.
    draining = null
  }

  async function commitGroup(group: readonly Job[]): Promise<void> {
    try {
      const { first, size } = await commit(group.map(({ event }) => event))
      group.forEach(({ resolve }, at) => resolve(first + at))
      onCommit?.(size)
    } catch (thrown) {
      // One that cannot be recorded takes no others with it; nor does a full disk take those that still fit.
      if (group.length > 1) for (const job of group) await commitGroup([job])
      else group[0]?.reject(toCairnError(thrown))
    }
  }

  function commit(events: readonly AuditEvent[]): Promise<{ first: number; size: number }> {
    return exclusively(async (session, head) => {
      await book.load(session, keysOf(events))
      const entries = events.map((event) => prepareEntry(event, head.origin, book))
      const { first, frontier } = await appendEntries(session, head, entries)
      return { first, size: frontier.size }
    })
  }

  /** What is known of keys is forgotten when it fails: some may have been made in it. */
  async function exclusively<T>(work: (session: SqlSession, head: Head, known: KeyBook) => Promise<T>): Promise<T> {
    checkPlace?.()
    try {
      return await connection.transaction(async (session) => {
        const head = await readHead(session, lock)
        if (head.keysEpoch !== keysEpoch) book.follow((keysEpoch = head.keysEpoch))
        return work(session, head, book)
      })
    } catch (thrown) {
      book.follow((keysEpoch = -1))
      throw thrown
    }
  }

  return {
    append(event) {
      if (queue.length >= mostWaiting) return Promise.reject(new CairnError('server.busy', { retryAfterMs: 1_000 }))
      return new Promise((resolve, reject) => {
        queue.push({ event, resolve, reject })
        draining ??= drain()
      })
    },
    appendOnce: (mark, events) =>
      exclusively(async (session, head) => {
        const name = `once:${mark}`
        const known = await session.run('SELECT 1 AS one FROM audit_marks WHERE name = ?', [name])
        if (known.rows.length > 0) return 0
        await book.load(session, keysOf(events))
        const entries = events.map((event) => prepareEntry(event, head.origin, book))
        await appendEntries(session, head, entries)
        await session.run('INSERT INTO audit_marks (name, value) VALUES (?, ?)', [name, String(entries.length)])
        return entries.length
      }),
    exclusively,
    async idle() {
      await draining
    },
  }
}

function toCairnError(thrown: unknown): CairnError {
  return thrown instanceof CairnError ? thrown : new CairnError('storage.failed', { cause: thrown })
}
