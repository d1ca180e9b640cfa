/**
 * A hit in memory: 20,000 keys read at random, objects of about 200 bytes. Each contestant has a loop of its own, since
 * a loop that is shared by all would be compiled for none of them.
 */
import {
  loadPeer,
  type BentoModule,
  type CacheableModule,
  type CacheManagerModule,
  type LayeredModule,
  type MemoryDriverModule,
} from './load-peer.ts'
import type { Contestant } from './rounds.ts'

export const keyCount = 20_000

const keys = Array.from({ length: keyCount }, (_, index) => `passage/${String(index).padStart(6, '0')}`)
const orderMask = 0x3_ffff

/** Random access, the same for all. */
const order = ((): readonly string[] => {
  let state = 0x9e37_79b9
  return Array.from({ length: orderMask + 1 }, () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return keys[(state >>> 0) % keyCount] ?? ''
  })
})()

export interface Passage {
  readonly id: string
  readonly title: string
  readonly text: string
  readonly score: number
}

export const tagsOf = (key: string): string[] =>
  Array.from({ length: 5 }, (_, index) => `tag-${(Number(key.slice(-6)) * 7 + index * 131) % 1_000}`)

export const passageKeys: readonly string[] = keys
export const randomKeys: readonly string[] = order

/** An object that is about `bytes` long as JSON. */
export function makePassage(key: string, bytes = 200): Passage {
  const text = 'The quiet notes of a long year, kept in order. '.repeat(Math.ceil(bytes / 47)).slice(0, bytes - 70)
  return { id: key, title: `Note ${key.slice(-6)}`, text, score: 0.5 }
}

const neverLoaded = () => Promise.reject(new Error('a hit was a miss'))

export function check(found: unknown): void {
  if (found === undefined || found === null) throw new Error('a hit was a miss')
}

export async function syncPeers(): Promise<Contestant[]> {
  const { LRUCache } = await loadPeer<LruModule>('lru-cache')
  const lru = new LRUCache({ max: keyCount * 2 })
  const lruTtl = new LRUCache({ max: keyCount * 2, ttl: 3_600_000 })
  const layered = await createLayered()
  const { CacheableMemory } = await loadPeer<CacheableModule>('cacheable')
  const memory = new CacheableMemory({ ttl: 3_600_000, lruSize: keyCount * 2, useClone: false })
  for (const key of keys) {
    lru.set(key, makePassage(key))
    lruTtl.set(key, makePassage(key))
    memory.set(key, makePassage(key))
    await layered.get(key)
  }
  let at = 0
  return [
    {
      name: 'lru-cache get',
      run(calls) {
        for (let call = 0; call < calls; call++) check(lru.get(order[(at = (at + 1) & orderMask)] ?? ''))
      },
    },
    {
      name: 'lru-cache get, with ttl',
      run(calls) {
        for (let call = 0; call < calls; call++) check(lruTtl.get(order[(at = (at + 1) & orderMask)] ?? ''))
      },
    },
    {
      name: 'layered-loader getInMemoryOnly',
      run(calls) {
        for (let call = 0; call < calls; call++) check(layered.getInMemoryOnly(order[(at = (at + 1) & orderMask)]))
      },
    },
    {
      name: 'cacheable memory get',
      run(calls) {
        for (let call = 0; call < calls; call++) check(memory.get(order[(at = (at + 1) & orderMask)] ?? ''))
      },
    },
  ]
}

export async function awaitedPeers(): Promise<Contestant[]> {
  return [floor(), await layeredGet(), ...(await cacheable()), ...(await cacheManager()), ...(await bento())]
}

/** What awaiting costs at all. */
function floor(): Contestant {
  const map = new Map(keys.map((key) => [key, makePassage(key)]))
  const get = async (key: string) => map.get(key)
  let at = 0
  return {
    name: 'await of a map (floor)',
    async run(calls) {
      for (let call = 0; call < calls; call++) check(await get(order[(at = (at + 1) & orderMask)] ?? ''))
    },
  }
}

async function layeredGet(): Promise<Contestant> {
  const layered = await createLayered()
  for (const key of keys) await layered.get(key)
  let at = 0
  return {
    name: 'layered-loader get',
    async run(calls) {
      for (let call = 0; call < calls; call++) check(await layered.get(order[(at = (at + 1) & orderMask)]))
    },
  }
}

async function createLayered() {
  const { Loader } = await loadPeer<LayeredModule>('layered-loader')
  return new Loader({
    inMemoryCache: { ttlInMsecs: 3_600_000, maxItems: keyCount * 2 },
    dataSources: [{ name: 'source', get: (key: string) => Promise.resolve(makePassage(key)), getMany: neverLoaded }],
  })
}

async function cacheable(): Promise<Contestant[]> {
  const { Cacheable, createKeyv } = await loadPeer<CacheableModule>('cacheable')
  const cache = new Cacheable({ primary: createKeyv({ useClone: false, lruSize: keyCount * 2 }), ttl: 3_600_000 })
  for (const key of keys) await cache.set(key, makePassage(key))
  let at = 0
  return [
    {
      name: 'cacheable get',
      async run(calls) {
        for (let call = 0; call < calls; call++) check(await cache.get(order[(at = (at + 1) & orderMask)] ?? ''))
      },
    },
    {
      name: 'cacheable getOrSet',
      async run(calls) {
        for (let call = 0; call < calls; call++)
          check(await cache.getOrSet(order[(at = (at + 1) & orderMask)] ?? '', neverLoaded))
      },
    },
  ]
}

async function cacheManager(): Promise<Contestant[]> {
  const { createCache } = await loadPeer<CacheManagerModule>('cache-manager')
  const { Keyv } = await loadPeer<CacheableModule>('cacheable')
  const store = new Keyv()
  // As its own default store: nothing is serialised in memory.
  store.serialize = undefined
  store.deserialize = undefined
  const cache = createCache({ stores: [store], ttl: 3_600_000 })
  for (const key of keys) await cache.set(key, makePassage(key))
  let at = 0
  return [
    {
      name: 'cache-manager get',
      async run(calls) {
        for (let call = 0; call < calls; call++) check(await cache.get(order[(at = (at + 1) & orderMask)] ?? ''))
      },
    },
    {
      name: 'cache-manager wrap',
      async run(calls) {
        for (let call = 0; call < calls; call++)
          check(await cache.wrap(order[(at = (at + 1) & orderMask)] ?? '', neverLoaded))
      },
    },
  ]
}

async function bento(): Promise<Contestant[]> {
  const { BentoCache, bentostore } = await loadPeer<BentoModule>('bentocache')
  const { memoryDriver } = await loadPeer<MemoryDriverModule>('bentocache/drivers/memory')
  const open = () => {
    const driver = memoryDriver({ maxItems: keyCount * 2, serialize: false })
    return new BentoCache({ default: 'main', stores: { main: bentostore().useL1Layer(driver) }, ttl: '1h' })
  }
  const plain = open()
  const tagged = open()
  for (const key of keys) {
    await plain.set({ key, value: makePassage(key) })
    await tagged.set({ key, value: makePassage(key), tags: tagsOf(key) })
  }
  let at = 0
  return [
    {
      name: 'bentocache get',
      async run(calls) {
        for (let call = 0; call < calls; call++)
          check(await plain.get({ key: order[(at = (at + 1) & orderMask)] ?? '' }))
      },
    },
    {
      name: 'bentocache getOrSet',
      async run(calls) {
        for (let call = 0; call < calls; call++)
          check(await plain.getOrSet({ key: order[(at = (at + 1) & orderMask)] ?? '', factory: neverLoaded }))
      },
    },
    {
      name: 'bentocache getOrSet, 5 tags',
      async run(calls) {
        for (let call = 0; call < calls; call++)
          check(await tagged.getOrSet({ key: order[(at = (at + 1) & orderMask)] ?? '', factory: neverLoaded }))
      },
    },
  ]
}

interface LruModule {
  readonly LRUCache: new (options: object) => { get(key: string): unknown; set(key: string, value: unknown): unknown }
}
