/** Which state of the log a report is of: so many entries, the root of their tree, and a signed checkpoint that has them. */
import { fail } from '../../base/index.ts'
import { readHead } from '../log/append.ts'
import type { SqlSession } from '../../platform/index.ts'
import type { AuditLog } from '../log/log.ts'
import { createTreeReader } from '../log/tree-reader.ts'
import { writeCheckpoint } from '../tree/checkpoint.ts'
import type { Hash } from '../tree/merkle.ts'
import { minuteIn } from './read-log.ts'
import type { ReportPin } from './types.ts'

/** Throws `request.invalid` for a size that the log does not have, or of which all is pruned. */
export async function pinLog(log: AuditLog, asOf: number | null): Promise<ReportPin> {
  const { connection, checkpoints } = log
  const signed = await checkpoints.sign()
  const { origin, minIndex } = await readHead(connection, '')
  const size = asOf ?? signed.size
  const refuse = (message: string) => fail('request.invalid', { param: 'asOf', message: `asOf: ${message}` })
  if (size > signed.size) refuse(`the log has ${signed.size} entries.`)
  if (size < minIndex) refuse(`entries before ${minIndex} are pruned, so nothing can be said of that size.`)
  const root = await rootAt(log, size, signed.size)
  return {
    origin,
    size,
    root: Buffer.from(root).toString('base64'),
    checkpoint: writeCheckpoint({ origin, size, root }, [checkpoints.signer]),
    at: await findNewest(connection, size),
    minIndex,
  }
}

/**
 * Of a size that was signed, the root that was signed, and no tree is needed for it: the health of a log with a hole in it
 * can be reported on too. Of another, the root is signed now (Ed25519 gives the same signature each time), so before that the tree
 * must be the one that the next signed checkpoint is of. Throws `storage.failed` where it is not.
 */
async function rootAt({ connection, checkpoints }: AuditLog, size: number, newest: number): Promise<Hash> {
  const { rows } = await connection.run(
    'SELECT size, note FROM audit_checkpoints WHERE size >= ? ORDER BY size LIMIT 1',
    [size],
  )
  const next = checkpoints.read(String(rows[0]?.['note']))
  if (next?.size === size) return next.root
  const tree = createTreeReader(connection, newest)
  if (next === null || !Buffer.from(next.root).equals(await tree.root(next.size)))
    fail('storage.failed', { message: 'The audit log is not the one that was signed. Run `npx cairn audit verify`.' })
  return tree.root(size)
}

/** What waited outside the log is appended late, so the last entry need not be the newest. */
const lastEntries = 500

/** Minute of the newest entry, in milliseconds since 1970; 0 without one. */
async function findNewest(session: SqlSession, size: number): Promise<number> {
  const { rows } = await session.run(
    `SELECT header FROM audit_entries WHERE seq < ? ORDER BY seq DESC LIMIT ${lastEntries}`,
    [size],
  )
  return rows.reduce((newest, row) => Math.max(newest, minuteIn(String(row['header'])) ?? 0), 0)
}
