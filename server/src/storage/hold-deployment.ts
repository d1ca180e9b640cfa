/**
 * Who may work on a deployment. A data directory belongs to one server. A PostgreSQL belongs to one server as well,
 * unless all servers on it have a Redis: without one they could not tell each other what is no longer true.
 */
import { CairnError, errorFields, sleep, systemClock, type Logger } from '../base/index.ts'
import { createPostgresLock, lockDirectory, type Lock, type PostgresLock } from '../platform/index.ts'
import { toStorageError } from './failure.ts'

export interface HoldOptions {
  readonly directory: string
  /** Address of PostgreSQL; null for SQLite in the directory. */
  readonly databaseUrl: string | null
  readonly hasRedis: boolean
  readonly logger: Logger
  /** Called when the hold was lost and somebody else took it who does not share: this server must stop. */
  readonly onTaken: () => void
}

export interface DeploymentHold {
  /** Whether no other server worked on the deployment when this one began. */
  readonly isFirst: boolean
  release(): Promise<void>
}

/** A server that was just killed may still stand in the database for a moment. */
const waitMs = 2_000
const tryEveryMs = 200
/** How long the connection of a host that vanished may stand in the database, and some. */
const takenAfterMs = 20_000

/** Throws `storage.failed` when the directory is held, and `config.invalid` when another server has the database. */
export async function holdDeployment(options: HoldOptions): Promise<DeploymentHold> {
  const directory = await lockDirectory(options.directory)
  if (options.databaseUrl === null) return { isFirst: true, release: () => directory.release() }
  try {
    const database = await holdDatabase(options, options.databaseUrl)
    return {
      isFirst: database.isFirst,
      async release() {
        await database.release()
        await directory.release()
      },
    }
  } catch (thrown) {
    await directory.release()
    throw toStorageError(thrown)
  }
}

interface Held {
  lock: Lock
  isFirst: boolean
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
async function holdDatabase({ hasRedis, logger, onTaken }: HoldOptions, url: string): Promise<DeploymentHold> {
  const seeker = createPostgresLock({ url, name: 'deployment' })
  let isReleased = false
  let held: Held | null = null

  async function take(ms: number): Promise<Held | null> {
    for (let waitedMs = 0; ; waitedMs += tryEveryMs) {
      const taken = await tryOnce(seeker, hasRedis, () => void regain())
      if (taken !== null || waitedMs >= ms) return taken
      await sleep(tryEveryMs)
    }
  }

  /** The database restarted, or the connection broke: the hold is taken again, or somebody else has it now. */
  async function regain(): Promise<void> {
    held = null
    logger.warn('the connection that holds the database is gone; it is taken again')
    let refusedSince: number | null = null
    while (!isReleased) {
      const now = systemClock.monotonic()
      try {
        held = await take(0)
        if (held !== null) break
        refusedSince ??= now
      } catch (thrown) {
        refusedSince = null
        logger.debug('the database cannot be held yet', errorFields(thrown))
      }
      if (refusedSince !== null && now - refusedSince > takenAfterMs) return onTaken()
      await sleep(tryEveryMs)
    }
    if (isReleased) await (held as Held | null)?.lock.release()
  }

  try {
    held = await take(waitMs)
  } catch (thrown) {
    await seeker.close()
    throw thrown
  }
  if (held === null) {
    await seeker.close()
    throw new CairnError('config.invalid', { message: refusal(hasRedis) })
  }
  return {
    isFirst: held.isFirst,
    async release() {
      isReleased = true
      await held?.lock.release()
      await seeker.close()
    },
  }
}

async function tryOnce(seeker: PostgresLock, hasRedis: boolean, onLost: () => void): Promise<Held | null> {
  const alone = await seeker.tryTake('exclusive', onLost)
  if (alone !== null) {
    if (hasRedis) await seeker.share()
    return { lock: alone, isFirst: true }
  }
  const shared = hasRedis ? await seeker.tryTake('shared', onLost) : null
  return shared === null ? null : { lock: shared, isFirst: false }
}

function refusal(hasRedis: boolean): string {
  return hasRedis
    ? 'Another Cairn that has no Redis works on this database. Several servers need one: set CAIRN_REDIS_URL to the same Redis for that server too, and start it again.'
    : 'Another Cairn works on this database. Several servers need a Redis to tell each other of changes: set CAIRN_REDIS_URL to the same Redis for each of them, or stop the other one.'
}
