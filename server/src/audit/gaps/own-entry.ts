/** Entries that the log makes about itself, in the transaction that does what they say. */
import type { SqlSession } from '../../platform/index.ts'
import { appendEntries, type Head } from '../log/append.ts'
import type { Sequencer } from '../log/sequencer.ts'
import type { KeyBook } from '../record/key-book.ts'
import { keysOf, prepareEntry, type AuditEvent } from '../record/prepare.ts'

export interface Forgetting {
  readonly sequencer: Sequencer
  readonly wrapping: Uint8Array
  /** Who does it, and when. */
  readonly by: Pick<AuditEvent, 'actor' | 'at' | 'context'>
}

/** One entry of the log’s own, inside a transaction that holds the head. */
export async function appendOwn(session: SqlSession, head: Head, book: KeyBook, event: AuditEvent): Promise<number> {
  await book.load(session, keysOf([event]))
  const { first } = await appendEntries(session, head, [prepareEntry(event, head.origin, book)])
  return first
}
