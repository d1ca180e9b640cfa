/** Cairn's cache as a server opens it, with a data directory of its own; and as one call, beside the other libraries. */
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret, silentLogger, systemClock, type Clock } from '../../server/src/base/index.ts'
import { openDiskTier } from '../../server/src/cache/disk/disk-tier.ts'
import { openCache } from '../../server/src/cache/engine.ts'
import { createJournal } from '../../server/src/cache/log/journal.ts'
import { cacheSchema, openSqliteSequencer } from '../../server/src/cache/log/sqlite-sequencer.ts'
import { createSealer } from '../../server/src/cache/sealing.ts'
import { createBreaker } from '../../server/src/cache/shared/breaker.ts'
import { createRedisSequencer } from '../../server/src/cache/shared/redis-sequencer.ts'
import { createSharedTier } from '../../server/src/cache/shared/shared-tier.ts'
import type { DiskTier, Sequencer } from '../../server/src/cache/tiers.ts'
import type { Cache } from '../../server/src/cache/types.ts'
import { openRedis, type Redis } from '../../server/src/platform/index.ts'
import { openDirectStore } from '../../server/src/storage/index.ts'
import type { OpenReadThrough } from './read-through.ts'

export interface CairnOptions {
  readonly node?: string
  /** Null: the log is in SQLite and there is no shared tier. */
  readonly redisUrl: string | null
  /** Where the journal is; null: a temporary folder that goes with the cache. */
  readonly directory?: string | null
  readonly memoryBytes?: number
  readonly clock?: Clock
  readonly checkEveryMs?: number
  /** A benchmark's busy loop would let the usual second pass unheard; how long a lease is changes no path. */
  readonly leaseMs?: number
  /** A broken twin of the engine, in its place. */
  readonly openCache?: typeof openCache
  readonly openDisk?: ((directory: string) => Promise<DiskTier>) | null
}

/** A disk tier in the cache's directory, as a server has one. */
export const openDiskOf =
  (maxBytes: number) =>
  (directory: string): Promise<DiskTier> =>
    openDiskTier({
      directory: join(directory, 'disk'),
      maxBytes,
      sealer: benchSealer(),
      clock: systemClock,
      logger: silentLogger,
    })

export interface OpenCairn {
  readonly cache: Cache
  close(): Promise<void>
}

const deploymentId = 'bench'
/**
 * How long after a log has begun anew `wait: 'all'` waits for nodes that it may have forgotten: longer than the lease
 * of a second. Servers wait 10 s; here a log begins anew in every row, and that would be most of the time.
 */
const forgottenMs = 1_500
const cacheName = 'answers'
/** The same for every process of a benchmark, as a keyring would be. */
const namesKey = createHash('sha256').update('names of the benchmark').digest()
const sealingKey = createHash('sha256').update('sealing key of the benchmark').digest()

export const benchSealer = () => {
  const key = { id: 1, key: sealingKey, createdAt: 0 }
  const keys = { current: () => key, find: (id: number) => (id === 1 ? key : undefined) }
  return createSealer({ keys, deploymentId, cache: cacheName })
}

export async function openCairn(options: CairnOptions): Promise<OpenCairn> {
  const { redisUrl, clock = systemClock, memoryBytes = 64 * 1024 * 1024, openDisk = null } = options
  const isTemporary = options.directory === undefined || options.directory === null
  const directory = isTemporary ? await mkdtemp(join(tmpdir(), 'cairn-bench-cache-')) : (options.directory as string)
  const location = { kind: 'sqlite', file: join(directory, 'cache.db'), durability: 'full' } as const
  const store = await openDirectStore({ location, schemas: [cacheSchema] })
  const redis = redisUrl === null ? null : await openRedis({ url: new Secret(redisUrl), clock, logger: silentLogger })
  const sequencer = redis === null ? await openSqliteSequencer({ store, clock }) : redisSequencer(redis, clock)
  const tier = redis === null ? null : createSharedTier({ ...redisParts(redis), clock, sealer: benchSealer() })
  const disk = openDisk === null ? null : await openDisk(directory)
  const cache = await (options.openCache ?? openCache)({
    ...(options.node === undefined ? {} : { node: options.node }),
    memoryBytes,
    namesKey,
    sequencer,
    journal: createJournal(store),
    disk,
    shared: tier === null ? null : { tier, breaker: createBreaker({ clock }) },
    clock,
    logger: silentLogger,
    ...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs }),
    ...(options.checkEveryMs === undefined ? {} : { checkEveryMs: options.checkEveryMs }),
  })
  return {
    cache,
    async close() {
      await cache.close()
      await disk?.close()
      await tier?.close()
      await sequencer.close()
      await redis?.close()
      await store.close()
      if (isTemporary) await rm(directory, { recursive: true, force: true })
    },
  }
}

const redisParts = (redis: Redis) => ({
  redis,
  deploymentId,
  cache: cacheName,
  namesFingerprint: createHash('sha256').update(namesKey).digest('hex').slice(0, 16),
})

function redisSequencer(redis: Redis, clock: Clock): Sequencer {
  return createRedisSequencer({ ...redisParts(redis), clock, logger: silentLogger, forgottenMs })
}

export const openCairnReadThrough: OpenReadThrough = async (redisUrl) => {
  const { cache, close } = await openCairn({ redisUrl })
  const numbers = cache.namespace<number>('numbers', { ttlMs: 600_000 })
  return { name: 'cairn', get: async (key, load) => (await numbers.reuse(key, load)).value, close }
}
