/** Every cache as one call: the stored value of a key, or what `load` makes. For stampedes and failing sources. */
import {
  loadPeer,
  type BentoModule,
  type CacheableModule,
  type CacheManagerModule,
  type IoRedisModule,
  type LayeredModule,
  type MemoryDriverModule,
  type RedisDriverModule,
} from './load-peer.ts'

export interface ReadThrough {
  readonly name: string
  get(key: string, load: () => Promise<number>): Promise<unknown>
  close(): Promise<unknown>
}

/** `redisUrl` null: memory only. */
export type OpenReadThrough = (redisUrl: string | null) => Promise<ReadThrough>

const ttlMs = 600_000

interface KeyvRedisModule {
  createKeyv(url: string): { on(event: 'error', listener: () => void): unknown; disconnect(): Promise<void> }
}

const openBento: OpenReadThrough = async (redisUrl) => {
  const { BentoCache, bentostore } = await loadPeer<BentoModule>('bentocache')
  const { memoryDriver } = await loadPeer<MemoryDriverModule>('bentocache/drivers/memory')
  // Unserialised values in memory and a second tier do not go together: what it reads from there it cannot decode.
  let store = bentostore().useL1Layer(memoryDriver({ maxItems: 1_000, serialize: redisUrl !== null }))
  if (redisUrl !== null) {
    const { redisDriver, redisBusDriver } = await loadPeer<RedisDriverModule>('bentocache/drivers/redis')
    const connection = { host: '127.0.0.1', port: Number(new URL(redisUrl).port) }
    store = store.useL2Layer(redisDriver({ connection })).useBus(redisBusDriver({ connection }))
  }
  const cache = new BentoCache({ default: 'main', stores: { main: store } })
  return {
    name: 'bentocache',
    get: (key, load) => cache.getOrSet({ key, factory: load, ttl: ttlMs }),
    close: () => cache.disconnectAll(),
  }
}

const openCacheable: OpenReadThrough = async (redisUrl) => {
  const { Cacheable } = await loadPeer<CacheableModule>('cacheable')
  const { createKeyv } = await loadPeer<KeyvRedisModule>('@keyv/redis')
  const cache = new Cacheable({ ttl: ttlMs, ...(redisUrl === null ? {} : { secondary: createKeyv(redisUrl) }) })
  cache.on('error', () => {})
  return {
    name: 'cacheable',
    get: (key, load) => cache.getOrSet(key, load, { throwErrors: true }),
    close: () => cache.disconnect(),
  }
}

const openCacheManager: OpenReadThrough = async (redisUrl) => {
  const { createCache } = await loadPeer<CacheManagerModule>('cache-manager')
  const { createKeyv } = await loadPeer<KeyvRedisModule>('@keyv/redis')
  const { Keyv } = await loadPeer<CacheableModule>('cacheable')
  const stores = redisUrl === null ? [new Keyv()] : [new Keyv(), createKeyv(redisUrl)]
  const cache = createCache({ stores, ttl: ttlMs })
  return { name: 'cache-manager', get: (key, load) => cache.wrap(key, load), close: () => cache.disconnect() }
}

const openLayered: OpenReadThrough = async (redisUrl) => {
  const { Loader, RedisCache } = await loadPeer<LayeredModule>('layered-loader')
  const { Redis } = await loadPeer<IoRedisModule>('ioredis')
  const client = redisUrl === null ? null : new Redis(redisUrl)
  interface Parameters {
    readonly key: string
    readonly load: () => Promise<number>
  }
  const cache = new Loader({
    inMemoryCache: { ttlInMsecs: ttlMs, maxItems: 1_000 },
    cacheKeyFromLoadParamsResolver: ({ key }: Parameters) => key,
    dataSources: [{ name: 'source', get: ({ load }: Parameters) => load(), getMany: () => Promise.resolve([]) }],
    logger: { error() {} },
    ...(client === null ? {} : { asyncCache: new RedisCache(client, { ttlInMsecs: ttlMs, json: true, prefix: 'p' }) }),
  })
  await cache.init()
  return {
    name: 'layered-loader',
    get: (key, load) => cache.get({ key, load }),
    close: () => Promise.resolve(client?.disconnect()),
  }
}

/** lru-cache has no second tier; its `fetch` is the call that loads. */
const openLru: OpenReadThrough = async () => {
  interface Fetching {
    fetch(key: string, options: { context: () => Promise<number> }): Promise<unknown>
  }
  const { LRUCache } = await loadPeer<{ LRUCache: new (options: object) => Fetching }>('lru-cache')
  const fetchMethod = (_key: string, _old: unknown, { context }: { context: () => Promise<number> }) => context()
  const cache = new LRUCache({ max: 1_000, fetchMethod })
  return {
    name: 'lru-cache',
    get: (key, load) => cache.fetch(key, { context: load }),
    close: () => Promise.resolve(),
  }
}

export const peerOpeners: Readonly<Record<string, OpenReadThrough>> = {
  'lru-cache': openLru,
  'layered-loader': openLayered,
  cacheable: openCacheable,
  'cache-manager': openCacheManager,
  bentocache: openBento,
}
