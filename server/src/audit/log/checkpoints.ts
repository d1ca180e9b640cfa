/**
 * Signed checkpoints: what the log commits itself to before others. One is made at most a second after an entry, and when
 * the server stops. A log never signs two trees of which neither begins with the other: the head only moves on, under a
 * lock, and a checkpoint is of the head.
 */
import type { Clock } from '../../base/index.ts'
import type { SqlConnection, SqlSession } from '../../platform/index.ts'
import type { AuditSecrets } from '../record/key-book.ts'
import { parseCheckpoint, writeCheckpoint } from '../tree/checkpoint.ts'
import { rootOf, type Hash } from '../tree/merkle.ts'
import { createNoteSigner, verifyNote, type NoteSigner } from '../tree/signed-note.ts'
import { readHead } from './append.ts'

export interface SignedCheckpoint {
  readonly size: number
  /** The signed note. */
  readonly note: string
  /** Milliseconds since 1970. */
  readonly at: number
}

export interface Checkpoints {
  readonly signer: NoteSigner
  /** Signs the head, unless that is done. */
  sign(): Promise<SignedCheckpoint>
  /** The newest one that is no larger; null when there is none. */
  newest(upTo?: number): Promise<SignedCheckpoint | null>
  /** What a signed note says; null when this log has not signed it. */
  read(note: string): { readonly size: number; readonly root: Hash } | null
}

export function createCheckpoints(options: {
  readonly connection: SqlConnection
  readonly clock: Clock
  readonly origin: string
  readonly secrets: Pick<AuditSecrets, 'signing'>
}): Checkpoints {
  const { connection, clock, origin, secrets } = options
  const signer = createNoteSigner(origin, secrets.signing)
  return {
    signer,
    sign: () =>
      connection.transaction(async (session) => {
        const head = await readHead(session, connection.dialect === 'postgres' ? 'FOR UPDATE' : '')
        const known = await readCheckpoint(session, head.size, '=')
        if (known) return known
        const made = {
          size: head.size,
          note: writeCheckpoint({ origin: head.origin, size: head.size, root: rootOf(head) }, [signer]),
          at: clock.now(),
        }
        await session.run('INSERT INTO audit_checkpoints (size, note, at) VALUES (?, ?, ?)', [
          made.size,
          made.note,
          made.at,
        ])
        return made
      }),
    newest: (upTo = Number.MAX_SAFE_INTEGER) => readCheckpoint(connection, upTo, '<='),
    read(note) {
      const parsed = parseCheckpoint(note)
      if (parsed === null || parsed.origin !== origin) return null
      return (verifyNote(parsed.note, [signer.verifier])?.length ?? 0) > 0 ? parsed : null
    },
  }
}

async function readCheckpoint(session: SqlSession, size: number, how: '=' | '<='): Promise<SignedCheckpoint | null> {
  const { rows } = await session.run(
    `SELECT size, note, at FROM audit_checkpoints WHERE size ${how} ? ORDER BY size DESC LIMIT 1`,
    [size],
  )
  const [row] = rows
  return row ? { size: Number(row['size']), note: String(row['note']), at: Number(row['at']) } : null
}
