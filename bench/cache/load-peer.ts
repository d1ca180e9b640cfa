/** Peers live in bench/package.json, so that types and `npm ci` of the product know nothing of them. */

export async function loadPeer<T>(name: string): Promise<T> {
  return (await import(Bun.resolveSync(name, new URL('..', import.meta.url).pathname))) as T
}

/** What the product itself uses (ioredis), in the very version that it uses. */
export async function loadOfProduct<T>(name: string): Promise<T> {
  return (await import(Bun.resolveSync(name, new URL('../../server', import.meta.url).pathname))) as T
}

// --- What is used of each library -------------------------------------------------------------------------------------

export interface BentoModule {
  readonly BentoCache: new (options: object) => BentoCache
  bentostore(): BentoStore
}

export interface BentoStore {
  useL1Layer(driver: unknown): BentoStore
  useL2Layer(driver: unknown): BentoStore
  useBus(driver: unknown): BentoStore
}

export interface BentoCache {
  get(options: { key: string }): Promise<unknown>
  set(options: { key: string; value: unknown; tags?: string[] }): Promise<boolean>
  getOrSet<T>(options: {
    key: string
    factory: () => Promise<T>
    ttl?: number
    grace?: number
    timeout?: number
    tags?: string[]
  }): Promise<T>
  delete(options: { key: string }): Promise<boolean>
  deleteByTag(options: { tags: string[] }): Promise<boolean>
  expire(options: { key: string }): Promise<boolean>
  clear(): Promise<void>
  disconnectAll(): Promise<void>
}

export interface MemoryDriverModule {
  memoryDriver(options: { maxItems: number; serialize?: boolean }): unknown
}

export interface RedisDriverModule {
  redisDriver(options: { connection: object }): unknown
  redisBusDriver(options: { connection: object }): unknown
}

export interface CacheableModule {
  readonly Cacheable: new (options?: object) => Cacheable
  readonly Keyv: new (options?: object) => KeyvLike
  readonly CacheableMemory: new (options?: object) => {
    get(key: string): unknown
    set(key: string, value: unknown): void
  }
  createKeyv(options?: object): KeyvLike
}

export interface KeyvLike {
  get(key: string): Promise<unknown>
  set(key: string, value: unknown): Promise<boolean>
  on(event: 'error', listener: (error: unknown) => void): unknown
  serialize?: unknown
  deserialize?: unknown
}

export interface Cacheable {
  readonly tags: { invalidateTag(tag: string): Promise<unknown> }
  get<T>(key: string): Promise<T | undefined>
  set(key: string, value: unknown, options?: { ttl?: number; tags?: string[] }): Promise<boolean>
  getOrSet<T>(
    key: string,
    load: () => Promise<T>,
    options?: { ttl?: number; throwErrors?: boolean },
  ): Promise<T | undefined>
  delete(key: string): Promise<boolean>
  clear(): Promise<void>
  on(event: 'error', listener: (error: unknown) => void): unknown
  disconnect(): Promise<void>
}

export interface CacheManagerModule {
  createCache(options: { stores: unknown[]; ttl?: number }): CacheManager
}

export interface CacheManager {
  get(key: string): Promise<unknown>
  set(key: string, value: unknown): Promise<unknown>
  wrap<T>(key: string, load: () => Promise<T>, ttl?: number): Promise<T>
  del(key: string): Promise<boolean>
  clear(): Promise<boolean>
  disconnect(): Promise<void>
}

export interface LayeredModule {
  readonly Loader: new (options: object) => LayeredLoader
  readonly GroupLoader: new (options: object) => LayeredGroupLoader
  readonly RedisCache: new (redis: unknown, options: object) => unknown
  readonly RedisGroupCache: new (redis: unknown, options: object) => unknown
  createNotificationPair(options: object): { publisher: unknown; consumer: unknown }
  createGroupNotificationPair(options: object): { publisher: unknown; consumer: unknown }
}

export interface LayeredLoader {
  init(): Promise<void>
  get(parameters: unknown): Promise<unknown>
  getInMemoryOnly(parameters: unknown): unknown
  invalidateCacheFor(key: string): Promise<void>
  invalidateCache(): Promise<void>
  close(): Promise<void>
}

export interface LayeredGroupLoader {
  init(): Promise<void>
  get(parameters: unknown, group: string): Promise<unknown>
  invalidateCacheFor(key: string, group: string): Promise<void>
  invalidateCacheForGroup(group: string): Promise<void>
  invalidateCache(): Promise<void>
  close(): Promise<void>
}

export interface IoRedisModule {
  readonly Redis: new (url: string, options?: object) => IoRedis
}

export interface IoRedis {
  get(key: string): Promise<string | null>
  getBuffer(key: string): Promise<Buffer | null>
  set(key: string, value: string | Buffer): Promise<unknown>
  on(event: 'error', listener: (error: unknown) => void): unknown
  disconnect(): void
  quit(): Promise<unknown>
}
