/** Answers used again, when that is safe. */
export { createPassThroughCache } from './pass-through.ts'
export type { Cache, CacheOutcome, CacheScope } from './types.ts'
