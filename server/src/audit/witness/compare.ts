/**
 * Compares what somebody outside has seen of the log with what it is now. A checkpoint that the log has signed and that
 * does not fit shows what nobody inside could: that the log was cut, or written anew with its own key.
 */
import type { SqlSession } from '../../platform/index.ts'
import { readHead } from '../log/append.ts'
import { createTreeReader } from '../log/tree-reader.ts'
import { parseCheckpoint } from '../tree/checkpoint.ts'
import { isSame } from '../tree/merkle.ts'
import { verifyNote, type NoteVerifier } from '../tree/signed-note.ts'

/**
 * `fits`: the log begins with what was seen. `fork`: it does not. `rollback`: more was seen than there is now. `pruned`:
 * what was seen is too old to be compared. `unknown`: it is no checkpoint of this log, or not signed by it.
 */
export type Verdict = 'fits' | 'fork' | 'rollback' | 'pruned' | 'unknown'

export interface Comparison {
  readonly verdict: Verdict
  /** Of the checkpoint that was seen; 0 when it is none. */
  readonly seen: number
  /** Of the log. */
  readonly size: number
}

export async function compareSeen(session: SqlSession, note: string, verifier: NoteVerifier): Promise<Comparison> {
  const checkpoint = parseCheckpoint(note)
  const head = await readHead(session, '')
  const { size } = head
  if (checkpoint === null || checkpoint.origin !== head.origin || !verifyNote(checkpoint.note, [verifier])?.length)
    return { verdict: 'unknown', seen: 0, size }
  const { size: seen, root } = checkpoint
  if (seen > size) return { verdict: 'rollback', seen, size }
  if (seen < head.minIndex) return { verdict: 'pruned', seen, size }
  const ours = await createTreeReader(session, size).root(seen)
  return { verdict: isSame(ours, root) ? 'fits' : 'fork', seen, size }
}
