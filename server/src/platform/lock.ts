/**
 * One process at a time. The lock is SQLite's own lock on an empty file: the system frees it when its holder dies,
 * however it dies, and no stale file ever keeps anybody out. (The system also frees it when the holding process opens
 * and closes the lock file by other means, so nothing else touches these files.)
 */
import { chmod, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SQL } from 'bun'
import { CairnError, sleep } from '../base/index.ts'

export interface Lock {
  release(): Promise<void>
}

/** Throws `storage.failed` at once when another process holds the directory, or when it cannot be written. */
export async function lockDirectory(directory: string): Promise<Lock> {
  try {
    return await lockFile(join(directory, 'lock.db'), 0)
  } catch (thrown) {
    const message = isHeld(thrown)
      ? `Another Cairn works on ${directory}. Stop it first, or name another folder with --data.`
      : `The data directory ${directory} cannot be used (${errorCode(thrown)}). Check its permissions and the free space.`
    throw new CairnError('storage.failed', { message, cause: thrown })
  }
}

/** Takes the lock of a file if it is free; null when another process has it. Throws what SQLite throws. */
export async function tryLockFile(file: string): Promise<Lock | null> {
  try {
    return await lockFile(file, 0)
  } catch (thrown) {
    if (isHeld(thrown)) return null
    throw thrown
  }
}

const tryEveryMs = 20

/** Takes the lock of a file, and waits for it about `waitMs` at most. Throws what SQLite throws. */
export async function lockFile(file: string, waitMs: number): Promise<Lock> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  for (let waitedMs = 0; ; waitedMs += tryEveryMs) {
    try {
      return await tryLock(file)
    } catch (thrown) {
      if (!isHeld(thrown) || waitedMs >= waitMs) throw thrown
      // Not SQLite's own waiting, which would hold up the thread, and the holder if that is on it too.
      await sleep(tryEveryMs)
    }
  }
}

/** Connections that hold a lock. One that nothing refers to any more would be collected, and its lock with it. */
const held = new Set<SQL>()

async function tryLock(file: string): Promise<Lock> {
  const client = new SQL({ adapter: 'sqlite', filename: file })
  try {
    await client.unsafe('PRAGMA busy_timeout = 0')
    await client.unsafe('BEGIN EXCLUSIVE')
    await chmod(file, 0o600)
    held.add(client)
    return {
      release() {
        held.delete(client)
        return client.close()
      },
    }
  } catch (thrown) {
    await client.close()
    throw thrown
  }
}

function isHeld(thrown: unknown): boolean {
  return thrown instanceof Error && /locked|busy/i.test(thrown.message)
}

function errorCode(thrown: unknown): string {
  const code = (thrown as { code?: unknown }).code
  return typeof code === 'string' ? code : 'error'
}
