/** The other libraries as subjects of the fault matrix, each set up as its own documentation tells. */
import {
  loadPeer,
  type BentoModule,
  type CacheableModule,
  type CacheManagerModule,
  type IoRedisModule,
  type LayeredModule,
  type MemoryDriverModule,
  type RedisDriverModule,
} from '../cache/load-peer.ts'
import { withSkew } from './skew.ts'
import type { FaultNode, Load, NodeOptions, Said, Subject } from './subject.ts'

const settleMs = 500
const graceMs = 600_000

/** A call that hangs has promised nothing. */
async function hear(call: () => Promise<unknown>): Promise<Said> {
  const deadline = Promise.withResolvers<Said>()
  const timer = setTimeout(() => deadline.resolve('failed'), 5_000)
  const said = call().then<Said, Said>(
    (answer) => (answer === false ? 'failed' : 'done'),
    () => 'failed',
  )
  try {
    return await Promise.race([said, deadline.promise])
  } finally {
    clearTimeout(timer)
  }
}

function skewed(node: FaultNode, skewMs: number): FaultNode {
  return {
    read: (key, load, options) => withSkew(skewMs, () => node.read(key, load, options)),
    invalidate: (what) => withSkew(skewMs, () => node.invalidate(what)),
    expire: (key) => withSkew(skewMs, () => node.expire(key)),
    position: () => 0,
    close: () => node.close(),
  }
}

/** What runs by itself, such as its bus, is ahead as well. */
const ahead =
  (openNode: Subject['openNode']): Subject['openNode'] =>
  (options) =>
    withSkew(options.skewMs, () => openNode(options))

// --- bentocache -------------------------------------------------------------------------------------------------------

export async function createBentoSubject(): Promise<Subject> {
  const { BentoCache, bentostore } = await loadPeer<BentoModule>('bentocache')
  const { memoryDriver } = await loadPeer<MemoryDriverModule>('bentocache/drivers/memory')
  const { redisDriver, redisBusDriver } = await loadPeer<RedisDriverModule>('bentocache/drivers/redis')

  const openNode = async ({ redisUrl, ttlMs, skewMs }: NodeOptions): Promise<FaultNode> => {
    const connection = { host: '127.0.0.1', port: Number(new URL(redisUrl).port) }
    const store = bentostore()
      .useL1Layer(memoryDriver({ maxItems: 1_000 }))
      .useL2Layer(redisDriver({ connection }))
      .useBus(redisBusDriver({ connection }))
    const cache = new BentoCache({ default: 'main', stores: { main: store } })
    const node: FaultNode = {
      read: (key, load, { tags, servesStale } = {}) =>
        cache.getOrSet({
          key,
          factory: async () => (await load()).version,
          ttl: ttlMs,
          ...(tags === undefined ? {} : { tags: [...tags] }),
          ...(servesStale === true ? { grace: graceMs, timeout: 0 } : {}),
        }),
      invalidate: ({ key, tag, all }) =>
        hear(async () => {
          if (key !== undefined) return cache.delete({ key })
          if (tag !== undefined) return cache.deleteByTag({ tags: [tag] })
          return all === true ? cache.clear() : false
        }),
      expire: (key) => hear(() => cache.expire({ key })),
      position: () => 0,
      close: () => cache.disconnectAll(),
    }
    await Bun.sleep(150)
    return skewed(node, skewMs)
  }
  return { name: 'bentocache', lacks: {}, hasTags: true, hasBus: true, settleMs, openNode: ahead(openNode) }
}

// --- cacheable --------------------------------------------------------------------------------------------------------

interface KeyvRedisModule {
  createKeyv(url: string): object & { on(event: 'error', listener: () => void): unknown }
}

interface QifiedRedisModule {
  readonly RedisMessageProvider: new (options: { uri: string; id: string }) => RedisMessageProvider
}

interface RedisMessageProvider {
  connect(): Promise<void>
  readonly pub: { on(event: 'error', listener: () => void): unknown }
  readonly sub: { on(event: 'error', listener: () => void): unknown }
}

export async function createCacheableSubject(): Promise<Subject> {
  const { Cacheable } = await loadPeer<CacheableModule>('cacheable')
  const { createKeyv } = await loadPeer<KeyvRedisModule>('@keyv/redis')
  const { RedisMessageProvider } = await loadPeer<QifiedRedisModule>('@qified/redis')

  const openNode = async ({ name, redisUrl, ttlMs, skewMs }: NodeOptions): Promise<FaultNode> => {
    const provider = new RedisMessageProvider({ uri: redisUrl, id: `bus-${name}` })
    // It leaves its two connections without an error listener, so that losing one would end the process.
    for (const client of [provider.pub, provider.sub]) client.on('error', () => {})
    await provider.connect()
    const secondary = createKeyv(redisUrl)
    secondary.on('error', () => {})
    const cache = new Cacheable({ secondary, ttl: ttlMs, tags: true, sync: { qified: provider } })
    cache.on('error', () => {})
    const node: FaultNode = {
      async read(key, load, { tags } = {}) {
        if (tags === undefined) {
          const found = await cache.getOrSet(key, async () => (await load()).version, { throwErrors: true })
          if (found === undefined) throw new Error('cacheable gave nothing')
          return found
        }
        // Its getOrSet takes no tags, so this is what one writes.
        const found = await cache.get<number>(key)
        if (found !== undefined) return found
        const { version } = await load()
        await cache.set(key, version, { tags: [...tags] })
        return version
      },
      invalidate: ({ key, tag, all }) =>
        hear(async () => {
          if (key !== undefined) return cache.delete(key)
          if (tag !== undefined) return cache.tags.invalidateTag(tag)
          return all === true ? cache.clear() : false
        }),
      expire: () => Promise.resolve('failed'),
      position: () => 0,
      close: () => cache.disconnect(),
    }
    await Bun.sleep(150)
    return skewed(node, skewMs)
  }
  const lacks = { g: 'it has no expire', i: 'it has no fail-safe' }
  const notes = { a: 'its getOrSet takes no tags, so the row uses get and set' }
  return { name: 'cacheable', lacks, notes, hasTags: true, hasBus: true, settleMs, openNode: ahead(openNode) }
}

// --- cache-manager ----------------------------------------------------------------------------------------------------

export async function createCacheManagerSubject(): Promise<Subject> {
  const { createCache } = await loadPeer<CacheManagerModule>('cache-manager')
  const { createKeyv } = await loadPeer<KeyvRedisModule>('@keyv/redis')
  const { Keyv } = await loadPeer<CacheableModule>('cacheable')

  const openNode = ({ redisUrl, ttlMs, skewMs }: NodeOptions): Promise<FaultNode> => {
    const shared = createKeyv(redisUrl)
    shared.on('error', () => {})
    const cache = createCache({ stores: [new Keyv(), shared], ttl: ttlMs })
    const node: FaultNode = {
      read: (key, load) => cache.wrap(key, async () => (await load()).version, ttlMs),
      invalidate: ({ key, all }) =>
        hear(async () => (key !== undefined ? cache.del(key) : all === true ? cache.clear() : false)),
      expire: () => Promise.resolve('failed'),
      position: () => 0,
      close: () => cache.disconnect(),
    }
    return Promise.resolve(skewed(node, skewMs))
  }
  const noTags = 'it has no tags'
  const lacks = { a: noTags, g: 'it has no expire', i: 'it has no fail-safe', j: noTags }
  const noBus = 'it has no bus, so this needs no fault at all'
  return {
    name: 'cache-manager',
    lacks,
    notes: { e: noBus, k: noBus },
    hasTags: false,
    hasBus: false,
    settleMs,
    openNode: ahead(openNode),
  }
}

// --- layered-loader ---------------------------------------------------------------------------------------------------

interface LoadParameters {
  readonly key: string
  readonly load: Load
}

/** Its groups stand for tags; an entry can have one. */
export async function createLayeredSubject(): Promise<Subject> {
  const layered = await loadPeer<LayeredModule>('layered-loader')
  const { Redis } = await loadPeer<IoRedisModule>('ioredis')

  const openNode = async ({ redisUrl, ttlMs, skewMs }: NodeOptions): Promise<FaultNode> => {
    const clients = Array.from({ length: 5 }, () => new Redis(redisUrl))
    for (const client of clients) client.on('error', () => {})
    const shared = { ttlInMsecs: ttlMs, json: true }
    const common = {
      inMemoryCache: { ttlInMsecs: ttlMs, maxItems: 1_000 },
      cacheKeyFromLoadParamsResolver: ({ key }: LoadParameters) => key,
      logger: { error() {} },
    }
    const pair = { publisherRedis: clients[1], consumerRedis: clients[2] }
    const flat = layered.createNotificationPair({ channel: 'flat', ...pair })
    const grouped = layered.createGroupNotificationPair({ channel: 'grouped', ...pair, consumerRedis: clients[3] })
    const load = async (parameters: LoadParameters) => (await parameters.load()).version
    const plain = new layered.Loader({
      ...common,
      asyncCache: new layered.RedisCache(clients[0], { ...shared, prefix: 'flat' }),
      dataSources: [{ name: 'source', get: load, getMany: () => Promise.resolve([]) }],
      notificationPublisher: flat.publisher,
      notificationConsumer: flat.consumer,
    })
    const group = new layered.GroupLoader({
      ...common,
      asyncCache: new layered.RedisGroupCache(clients[0], { ...shared, prefix: 'grouped' }),
      dataSources: [{ name: 'source', getFromGroup: load, getManyFromGroup: () => Promise.resolve([]) }],
      notificationPublisher: grouped.publisher,
      notificationConsumer: grouped.consumer,
    })
    await Promise.all([plain.init(), group.init()])
    const node: FaultNode = {
      read: async (key, source, { tags } = {}) => {
        const parameters = { key, load: source }
        return (await (tags?.[0] === undefined ? plain.get(parameters) : group.get(parameters, tags[0]))) as number
      },
      invalidate: ({ key, tag, all }) =>
        hear(async () => {
          if (key !== undefined) return plain.invalidateCacheFor(key)
          if (tag !== undefined) return group.invalidateCacheForGroup(tag)
          return all === true ? plain.invalidateCache() : false
        }),
      expire: () => Promise.resolve('failed'),
      position: () => 0,
      close: () => Promise.resolve(clients.forEach((client) => client.disconnect())),
    }
    return skewed(node, skewMs)
  }
  const lacks = { g: 'it has no expire', i: 'it has no fail-safe' }
  const group = 'a group stands for the tag'
  const notes = { a: group, f: group, j: group }
  return { name: 'layered-loader', lacks, notes, hasTags: true, hasBus: true, settleMs, openNode: ahead(openNode) }
}
