/** Answers used again, when that is safe: read `types.ts` for what it offers and `read.ts` for how it answers. */
export { openTieredCache, type TieredCacheOptions } from './open-tiers.ts'
export { openCache, type CacheOptions } from './engine.ts'
export { cacheEraSchema } from './log/era.ts'
export type { Cache, CacheOutcome } from './types.ts'
export { parseScope } from './scopes.ts'
export { sumStats } from './sum-stats.ts'
export type { CacheStats, InvalidationReceipt, InvalidationRequest } from './types.ts'
export {
  cacheKey,
  partitionOf,
  partitionOfPassages,
  type CacheKey,
  type CachePartition,
  type KeyedNamespace,
  type KeyPart,
  type Sharing,
} from './partition.ts'
export type { CacheStatus, Fill, LiveFill, RecordOutcome, ReuseOptions, Tier } from './types.ts'
