/** One process at a time on a data directory. The system frees the lock when its holder dies, however it dies. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SQL } from 'bun'
import { CairnError } from '../base/index.ts'

export interface Lock {
  release(): Promise<void>
}

/** Throws `storage.failed` at once when another process holds the directory, or when it cannot be written. */
export async function lockDirectory(directory: string): Promise<Lock> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const client = new SQL({ adapter: 'sqlite', filename: join(directory, 'lock.db') })
    await client.unsafe('PRAGMA busy_timeout = 0')
    await client.unsafe('BEGIN EXCLUSIVE')
    return { release: () => client.close() }
  } catch (thrown) {
    const isHeld = thrown instanceof Error && /locked|busy/i.test(thrown.message)
    const message = isHeld
      ? `Another Cairn works on ${directory}. Stop it first, or name another folder with --data.`
      : `The data directory ${directory} cannot be used (${errorCode(thrown)}). Check its permissions and the free space.`
    throw new CairnError('storage.failed', { message, cause: thrown })
  }
}

function errorCode(thrown: unknown): string {
  const code = (thrown as { code?: unknown }).code
  return typeof code === 'string' ? code : 'error'
}
