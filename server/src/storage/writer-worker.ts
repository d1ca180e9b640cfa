/**
 * The writer thread of one SQLite file. Writes that arrive while a commit is under way are committed together (group
 * commit): each in its own savepoint, so that one that fails does not take others with it, and all durable before any
 * is acknowledged. A group whose commit fails is done again one by one, so that the disk's last free page goes to those
 * that fit.
 */
import { CairnError } from '../base/index.ts'
import { openSqlite, serveWorker, type SqlConnection, type SqlSession, type SqliteOptions } from '../platform/index.ts'
import { toStorageError } from './failure.ts'
import type { Statement, WriteResult } from './types.ts'
import type { WriteEnd } from './writer.ts'
import { runStatements, UnmetExpectation } from './write.ts'

interface Job {
  statements: readonly Statement[]
  resolve: (result: WriteResult | null) => void
  reject: (reason: CairnError) => void
}

const groupLimit = 256

let connection: SqlConnection | null = null
let queue: Job[] = []
let draining: Promise<void> | null = null

serveWorker({
  async open(options: SqliteOptions) {
    try {
      connection = await openSqlite(options)
    } catch (thrown) {
      throw toStorageError(thrown)
    }
  },
  /** Several writes, each whole for itself. */
  write(writes: readonly (readonly Statement[])[]): Promise<WriteEnd[]> {
    const ends = writes.map(
      (statements) =>
        new Promise<WriteEnd>((resolve) => {
          queue.push({
            statements,
            resolve: (result) => resolve({ result }),
            reject: ({ code, message, internal }) => resolve({ failed: { code, message, internal: internal ?? '' } }),
          })
        }),
    )
    draining ??= drain().finally(() => (draining = null))
    return Promise.all(ends)
  },
  async close() {
    await draining
    await connection?.close()
    connection = null
  },
})

async function drain(): Promise<void> {
  while (queue.length > 0) {
    // SQLite blocks this thread, so what arrived meanwhile lies undelivered: a turn of the loop brings it in, and a
    // group has 256 writes under load where it would have 1.
    await new Promise((resolve) => setImmediate(resolve))
    const group = queue.slice(0, groupLimit)
    queue = queue.slice(groupLimit)
    await commit(group)
  }
}

async function commit(group: readonly Job[]): Promise<void> {
  try {
    if (!connection) throw new CairnError('storage.failed', { internal: 'the writer is closed' })
    const acknowledge = await connection.transaction((session) => runJobs(session, group))
    for (const each of acknowledge) each()
  } catch (thrown) {
    if (group.length === 1) group[0]?.reject(toStorageError(thrown))
    else for (const job of group) await commit([job])
  }
}

/** What to tell each job once all are durable. Throws when the engine gave up the whole transaction. */
async function runJobs(session: SqlSession, jobs: readonly Job[]): Promise<(() => void)[]> {
  const acknowledge: (() => void)[] = []
  for (const job of jobs) {
    await session.run('SAVEPOINT job')
    try {
      const result = await runStatements(session, job.statements)
      acknowledge.push(() => job.resolve(result))
    } catch (thrown) {
      await session.run('ROLLBACK TO job').catch(() => {
        throw toStorageError(thrown)
      })
      acknowledge.push(
        thrown instanceof UnmetExpectation ? () => job.resolve(null) : () => job.reject(toStorageError(thrown)),
      )
    }
    await session.run('RELEASE job')
  }
  return acknowledge
}
