/**
 * Who may index, among the processes of a deployment: on SQLite whoever has a lock file of the data directory, on
 * PostgreSQL whoever has an advisory lock. Both are freed by the system when their holder dies, however it dies.
 */
import { join } from 'node:path'
import type { Secret } from '../base/index.ts'
import { createPostgresLock, tryLockFile } from '../platform/index.ts'
import type { IndexingTurn } from './types.ts'

export function openIndexingTurn(
  directory: string,
  databaseUrl: Secret | null,
): IndexingTurn & { close(): Promise<void> } {
  if (databaseUrl === null)
    return { tryTake: () => tryLockFile(join(directory, 'indexing-lock.db')), close: async () => {} }
  const lock = createPostgresLock({ url: databaseUrl.reveal(), name: 'indexing' })
  return { tryTake: (onLost) => lock.tryTake('exclusive', onLost), close: () => lock.close() }
}
