/**
 * One holder at a time among all servers of a PostgreSQL: an advisory lock on a connection of its own. The database
 * frees it when that connection ends, so whoever notices that its connection is gone has lost the lock already.
 */
import { SQL } from 'bun'
import { withDeadline } from '../base/index.ts'
import type { Lock } from './lock.ts'

export interface PostgresLockOptions {
  readonly url: string
  /** Locks of one name in one database and schema exclude each other. */
  readonly name: string
}

export interface PostgresLock {
  /**
   * Takes the lock if it is free, alone or together with others who share it; null when it is not free. `onLost` is
   * called once when it is lost without being released. Throws what the database throws when it cannot be asked.
   */
  tryTake(mode: 'exclusive' | 'shared', onLost: () => void): Promise<Lock | null>
  /** From `exclusive` to `shared` without letting go in between. */
  share(): Promise<void>
  close(): Promise<void>
}

/** A database that does not answer within this time counts as gone: by then another may have the lock. */
const answerMs = 2_500
const connectMs = 10_000
const beatMs = 1_000

/** So that the database frees the lock of a host that vanished: 5 s of silence, then three probes 2 s apart. */
const keepAlive = [
  'SET tcp_keepalives_idle = 5',
  'SET tcp_keepalives_interval = 2',
  'SET tcp_keepalives_count = 3',
  'SET idle_session_timeout = 0',
]

interface Session {
  run(text: string): Promise<Record<string, unknown>[]>
  close(): Promise<void>
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createPostgresLock({ url, name }: PostgresLockOptions): PostgresLock {
  let session: Session | null = null
  let lost: (() => void) | null = null
  let timer: ReturnType<typeof setInterval> | null = null
  const key = `hashtextextended('cairn:${name}:' || current_schema(), 0)`

  async function open(): Promise<Session> {
    let made: Session | null = null
    const onclose = () => {
      // Not the end of an older connection.
      if (made !== null && session === made) drop()
    }
    const client = new SQL(url, { max: 1, idleTimeout: 0, connectionTimeout: connectMs / 1_000, onclose })
    const close = () => client.close({ timeout: 0 }).catch(() => undefined)
    try {
      const connection = await inTime(client.reserve(), connectMs)
      const run = (text: string) => inTime(connection.unsafe(text) as Promise<Record<string, unknown>[]>, answerMs)
      // Older versions know some of them not, and a connection over a local socket needs none.
      for (const text of keepAlive) await run(text).catch(() => [])
      return (made = { run, close })
    } catch (thrown) {
      await close()
      throw thrown
    }
  }

  /** The connection is gone, and with it the lock. */
  function drop(): void {
    const gone = session
    const tell = lost
    session = null
    lost = null
    if (timer) clearInterval(timer)
    timer = null
    void gone?.close()
    tell?.()
  }

  async function isHeld(): Promise<boolean> {
    // Asked of the very connection: one that was replaced behind our back holds nothing.
    const rows = await session?.run(
      "SELECT 1 AS held FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted LIMIT 1",
    )
    return (rows?.length ?? 0) > 0
  }

  async function beat(): Promise<void> {
    try {
      if (await isHeld()) return
    } catch {
      // Told below.
    }
    drop()
  }

  return {
    async tryTake(mode, onLost) {
      try {
        session ??= await open()
        const shared = mode === 'shared' ? '_shared' : ''
        const [row] = await session.run(`SELECT pg_try_advisory_lock${shared}(${key}) AS taken`)
        if (row?.['taken'] !== true) return null
      } catch (thrown) {
        drop()
        throw thrown
      }
      lost = onLost
      if (timer) clearInterval(timer)
      timer = setInterval(() => void beat(), beatMs)
      return {
        async release() {
          lost = null
          if (timer) clearInterval(timer)
          timer = null
          const held = session
          session = null
          // Closing the connection frees the lock, whatever its mode.
          await held?.close()
        },
      }
    },
    async share() {
      await session?.run(`SELECT pg_advisory_lock_shared(${key})`)
      await session?.run(`SELECT pg_advisory_unlock(${key})`)
    },
    async close() {
      lost = null
      drop()
    },
  }
}

function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  return withDeadline(work, ms, 'storage.failed', {
    message: 'The database did not answer in time. Check that PostgreSQL runs and is not overloaded.',
    internal: 'PostgreSQL lock deadline',
  })
}
