/**
 * The writer thread of one SQLite file. Writes that arrive while a commit is under way are committed together (group
 * commit): each in its own savepoint, so that one that fails does not take others with it, and all durable before any
 * is acknowledged.
 */
import { CairnError, invariant } from '../base/index.ts'
import { openSqlite, serveWorker, type SqlConnection, type SqliteOptions } from '../platform/index.ts'
import type { Statement, WriteResult } from './types.ts'
import { runStatements, UnmetExpectation } from './write.ts'

interface Job {
  statements: readonly Statement[]
  resolve: (result: WriteResult | null) => void
  reject: (reason: unknown) => void
}

const groupLimit = 256

let connection: SqlConnection | null = null
let queue: Job[] = []
let draining: Promise<void> | null = null

serveWorker({
  async open(options: SqliteOptions) {
    connection = await openSqlite(options)
  },
  write(statements: readonly Statement[]) {
    return new Promise<WriteResult | null>((resolve, reject) => {
      queue.push({ statements, resolve, reject })
      draining ??= drain().finally(() => (draining = null))
    })
  },
  async close() {
    await draining
    await connection?.close()
    connection = null
  },
})

async function drain(): Promise<void> {
  while (queue.length > 0) {
    const group = queue.slice(0, groupLimit)
    queue = queue.slice(groupLimit)
    const settle: (() => void)[] = []
    try {
      invariant(connection, 'the writer is open')
      await connection.transaction(async (session) => {
        for (const job of group) {
          await session.run('SAVEPOINT job')
          try {
            const result = await runStatements(session, job.statements)
            await session.run('RELEASE job')
            settle.push(() => job.resolve(result))
          } catch (thrown) {
            await session.run('ROLLBACK TO job')
            await session.run('RELEASE job')
            settle.push(
              thrown instanceof UnmetExpectation ? () => job.resolve(null) : () => job.reject(convert(thrown)),
            )
          }
        }
      })
      for (const acknowledge of settle) acknowledge()
    } catch (thrown) {
      for (const job of group) job.reject(convert(thrown))
    }
  }
}

function convert(thrown: unknown): CairnError {
  if (thrown instanceof CairnError) return thrown
  return new CairnError('storage.failed', {
    internal: thrown instanceof Error ? thrown.message : String(thrown),
    cause: thrown,
  })
}
