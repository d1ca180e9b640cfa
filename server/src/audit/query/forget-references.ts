/**
 * What leaves the index when the log forgets: the references of people and months whose keys are destroyed, and the rows
 * of entries that were pruned. In portions, each a short transaction; whoever is stopped in between begins again, and what
 * is done stays done. SQLite overwrites what is deleted, and its write-ahead file is emptied at the end.
 */
import type { SqlConnection } from '../../platform/index.ts'
import type { Head } from '../log/append.ts'
import { monthOf } from './index-rows.ts'
import type { OpenIndex } from './index-store.ts'
import { refKinds } from './index-tables.ts'

/** Entries of one portion. */
const portion = 5_000

interface Forgetting {
  readonly index: OpenIndex
  readonly head: Head
  /** Says that it is still being worked on. */
  readonly renew: () => Promise<unknown>
}

export async function forgetKeys({ log, index, head, renew }: Forgetting & { log: SqlConnection }): Promise<void> {
  const { connection, refs, state } = index
  const { rows } = await log.run('SELECT kind, ref FROM audit_keys WHERE gone_by IS NOT NULL AND gone_by >= ?', [
    state.forgot,
  ])
  for (const row of rows) {
    const ref = String(row['ref'])
    if (row['kind'] === 'subject') await forgetPerson(connection, refs.person(ref), renew)
    else await forgetPeriod(connection, ref, renew)
  }
  // As they were when the head was read: a key that was destroyed since is looked for again.
  await connection.run('UPDATE audit_index_state SET keys_epoch = ?, forgot = ? WHERE one = 1 AND build = ?', [
    head.keysEpoch,
    head.size,
    state.build,
  ])
  await emptyJournal(connection)
}

async function forgetPerson(connection: SqlConnection, ref: Uint8Array, renew: Forgetting['renew']): Promise<void> {
  const deeds = `SELECT seq FROM audit_index_entries WHERE actor = ? ORDER BY seq LIMIT ${portion}`
  await untilNothing(renew, () =>
    connection.transaction(async (session) => {
      await session.run(`DELETE FROM audit_index_refs WHERE kind <> ${refKinds.person} AND seq IN (${deeds})`, [ref])
      const done = await session.run(
        `UPDATE audit_index_entries SET actor = NULL, request = NULL WHERE seq IN (${deeds})`,
        [ref],
      )
      return done.changes
    }),
  )
  const mentions = `SELECT seq FROM audit_index_refs WHERE ref = ? ORDER BY seq LIMIT ${portion}`
  await untilNothing(renew, async () => {
    const done = await connection.run(`DELETE FROM audit_index_refs WHERE ref = ? AND seq IN (${mentions})`, [ref, ref])
    return done.changes
  })
}

/** `auth/2026-11`: what names people in a category’s entries of that month. */
async function forgetPeriod(connection: SqlConnection, period: string, renew: Forgetting['renew']): Promise<void> {
  const [category = '', month = ''] = period.split('/')
  const first = Math.floor(Date.parse(`${month}-01T00:00Z`) / 3_600_000)
  if (!Number.isFinite(first)) return
  const { rows } = await connection.run(
    'SELECT MIN(first) AS first, MAX(last) AS last FROM audit_index_hours WHERE hour >= ? AND hour < ?',
    [first, first + 31 * 24],
  )
  const last = Number(rows[0]?.['last'] ?? -1)
  for (let from = Number(rows[0]?.['first'] ?? 0); from <= last; from += portion) {
    const among = `SELECT seq FROM audit_index_entries WHERE seq >= ? AND seq < ? AND month = ?
      AND shape IN (SELECT id FROM audit_index_shapes WHERE category = ?)`
    const given = [from, from + portion, monthOf(month), category]
    await renew()
    await connection.transaction(async (session) => {
      await session.run(`DELETE FROM audit_index_refs WHERE seq IN (${among})`, given)
      await session.run(`UPDATE audit_index_entries SET actor = NULL, request = NULL WHERE seq IN (${among})`, given)
    })
    await turn()
  }
}

export async function dropPruned({ index, head, renew }: Forgetting): Promise<void> {
  const { connection, state } = index
  for (const table of ['audit_index_refs', 'audit_index_entries'])
    await untilNothing(renew, async () => {
      const oldest = `SELECT seq FROM ${table} WHERE seq < ? ORDER BY seq LIMIT ${portion}`
      const done = await connection.run(`DELETE FROM ${table} WHERE seq IN (${oldest})`, [head.minIndex])
      return done.changes
    })
  await connection.run('DELETE FROM audit_index_hours WHERE last < ?', [head.minIndex])
  await connection.run(
    `UPDATE audit_index_state SET min_index = ?, upto = CASE WHEN upto < ? THEN ? ELSE upto END
      WHERE one = 1 AND build = ?`,
    [head.minIndex, head.minIndex, head.minIndex, state.build],
  )
  await emptyJournal(connection)
}

async function untilNothing(renew: () => Promise<unknown>, work: () => Promise<number>): Promise<void> {
  while ((await work()) > 0) {
    await renew()
    await turn()
  }
}

/** SQLite holds this thread while it works: others get a turn in between. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Overwritten text stands in the write-ahead file until it is emptied; a reader in another process may be in its way. */
async function emptyJournal(connection: SqlConnection): Promise<void> {
  if (connection.dialect !== 'sqlite') return
  for (let tries = 0; tries < 20; tries++) {
    const { rows } = await connection.run('PRAGMA wal_checkpoint(TRUNCATE)')
    if (Number(rows[0]?.['busy'] ?? 0) === 0) return
    await turn()
  }
}
