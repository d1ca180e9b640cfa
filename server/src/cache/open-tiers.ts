/**
 * Puts the cache of a server together: which sequencer, which tiers, whose keys. With Redis the log is there and all
 * servers share it; without, it is a small database in the data directory that the processes of this host share.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { CairnError, errorFields, toCairnError, type Clock, type Logger, type Secret } from '../base/index.ts'
import { openRedis, rotateAfterMs, type Keyring } from '../platform/index.ts'
import { openStore, type Store } from '../storage/index.ts'
import { openDiskTier } from './disk/disk-tier.ts'
import { openCache } from './engine.ts'
import { createJournal } from './log/journal.ts'
import { beginEra } from './log/era.ts'
import { cacheSchema, openSqliteSequencer } from './log/sqlite-sequencer.ts'
import type { SharedLink } from './read.ts'
import { createScopeNamer } from './scopes.ts'
import { createSealer, type Sealer } from './sealing.ts'
import { createBreaker } from './shared/breaker.ts'
import { createRedisSequencer } from './shared/redis-sequencer.ts'
import { createSharedTier } from './shared/shared-tier.ts'
import type { DiskTier, Sequencer } from './tiers.ts'
import type { Cache } from './types.ts'

export interface TieredCacheOptions {
  /** The data directory. */
  readonly directory: string
  readonly deploymentId: string
  readonly memoryBytes: number
  /** 0: no disk tier. */
  readonly diskBytes: number
  readonly redisUrl: Secret | null
  /** The deployment's database. */
  readonly state: Store
  readonly keyring: Keyring
  readonly clock: Clock
  readonly logger: Logger
}

/** The one cache of a deployment; its name is part of every key and seal. */
const cacheName = 'main'

/** Throws `config.invalid` for a Redis address that is none, or a keyring that is not the deployment's. */
export async function openTieredCache(options: TieredCacheOptions): Promise<Cache> {
  const { directory, deploymentId, memoryBytes, diskBytes, redisUrl, state, keyring, clock, logger } = options
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    for (const closer of closers.toReversed())
      await closer().catch((thrown: unknown) => logger.warn('a part of the cache did not close', errorFields(thrown)))
  }
  try {
    const store = await openLocalStore(directory, logger)
    closers.push(() => store.close())
    const namesKey = keyring.material('cache-names')
    const sealer = createSealer({ keys: keyring.sealingKeys('cache'), deploymentId, cache: cacheName })
    const disk = diskBytes > 0 ? await openDisk(options, sealer) : null
    if (disk) closers.push(() => disk.close())
    const everything = createScopeNamer(namesKey)('*')
    const era = await beginEra({ kind: redisUrl === null ? 'sqlite' : 'redis', state, local: store, everything })
    const { sequencer, shared } =
      redisUrl === null
        ? { sequencer: await openSqliteSequencer({ store, clock }), shared: null }
        : await openShared({ ...options, redisUrl, namesKey, sealer }, closers)
    closers.push(() => sequencer.close())
    const journal = createJournal(store)
    const cache = await openCache({ memoryBytes, namesKey, sequencer, journal, disk, shared, clock, logger })
    closers.push(() => cache.close(), rotateDaily(keyring, logger))
    await cache.flush()
    await era.settle(() => cache.stats().log.pending === 0)
    return { ...cache, close }
  } catch (thrown) {
    await close()
    throw thrown
  }
}

/** Throws `storage.failed` with what to do: this is the one database that may simply be deleted. */
async function openLocalStore(directory: string, logger: Logger): Promise<Store> {
  const location = { kind: 'sqlite', file: join(directory, 'cache.db'), durability: 'full' } as const
  try {
    return await openStore({ location, schemas: [cacheSchema] }, logger)
  } catch (thrown) {
    const error = toCairnError(thrown)
    if (!/SQLITE_(NOTADB|CORRUPT)/.test(error.internal ?? '')) throw thrown
    const message = `${location.file} is damaged. Delete it with the files cache.db-wal and cache.db-shm beside it and start again. Lost are invalidations that Redis could not be told of yet: with Redis, then run “cairn cache invalidate '*'”.`
    throw new CairnError('storage.failed', { message, cause: thrown })
  }
}

const dayMs = 86_400_000

/** A server that runs for months seals with a new key when the old one is due; values under the old one still open. */
function rotateDaily(keyring: Keyring, logger: Logger): () => Promise<void> {
  const rotate = () =>
    keyring.rotate('cache', rotateAfterMs).catch((thrown: unknown) => {
      logger.warn('the key of the cache could not be renewed', errorFields(thrown))
    })
  const timer = setInterval(() => void rotate(), dayMs)
  timer.unref()
  return async () => clearInterval(timer)
}

function openDisk({ directory, diskBytes, clock, logger }: TieredCacheOptions, sealer: Sealer): Promise<DiskTier> {
  return openDiskTier({ directory: join(directory, 'cache'), maxBytes: diskBytes, sealer, clock, logger })
}

interface SharedParts extends TieredCacheOptions {
  readonly redisUrl: Secret
  readonly namesKey: Uint8Array
  readonly sealer: Sealer
}

async function openShared(
  { redisUrl, deploymentId, namesKey, sealer, clock, logger }: SharedParts,
  closers: (() => Promise<void>)[],
): Promise<{ sequencer: Sequencer; shared: SharedLink }> {
  const redis = await openRedis({ url: redisUrl, clock, logger })
  closers.push(() => redis.close())
  const namesFingerprint = createHash('sha256').update(namesKey).digest('hex').slice(0, 16)
  const parts = { redis, deploymentId, cache: cacheName, namesFingerprint, clock }
  const sequencer = createRedisSequencer({ ...parts, logger })
  const tier = createSharedTier({ ...parts, sealer })
  closers.push(() => tier.close())
  const breaker = createBreaker({
    clock,
    onChange: (state) => logger[state === 'closed' ? 'info' : 'warn']('the shared cache tier', { breaker: state }),
  })
  return { sequencer, shared: { tier, breaker } }
}
