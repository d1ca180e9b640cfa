/** Shapes of `/api/cache`: what the cache holds and how well it does, and declaring something in it no longer true. */
import { z } from 'zod'

export const cacheTierSchema = z.enum(['memory', 'disk', 'shared'])

export type CacheTier = z.infer<typeof cacheTierSchema>

export const cacheLimits = {
  /** In one invalidation. */
  scopes: 1_000,
  scopeCharacters: 1_024,
  /** How far back the history of reads goes. */
  historyMinutes: 1_440,
} as const

export const cacheInvalidateSchema = z.strictObject({
  /** `*`, `ns:NAME`, `prefix:NAME/…`, `tag:TAG`, `key:NAME/KEY`, `vault:ID`, `note:VAULT/PATH`, `model:ID`, `template:ID`. */
  scopes: z.array(z.string().min(1).max(cacheLimits.scopeCharacters)).min(1).max(cacheLimits.scopes),
  /** `hard`: never served again. `soft`: may be served, marked stale, while it is made anew. */
  kind: z.enum(['hard', 'soft']).default('hard'),
  /** `commit`: answers when the log has it. `all`: when no server process serves the old value any more. */
  wait: z.enum(['commit', 'all']).default('commit'),
})

export const cacheReceiptSchema = z.object({
  /** Position in the log; null while it is not committed. */
  seq: z.int().nullable(),
  committed: z.boolean(),
  /** Server processes known to have applied it, and those that have not said so yet. */
  acked: z.array(z.string()),
  pending: z.array(z.string()),
  /** With an invalidation that is not committed: what happens to it. */
  message: z.string().optional(),
})

export type CacheReceipt = z.infer<typeof cacheReceiptSchema>

const cacheTierStateSchema = z.object({
  tier: cacheTierSchema,
  state: z.enum(['on', 'off', 'failing']),
  entries: z.int(),
  bytes: z.number(),
  /** Null where the bound is not the server's own, as with Redis. */
  maxBytes: z.number().nullable(),
  hits: z.int(),
  misses: z.int(),
  evictions: z.int(),
  errors: z.int(),
})

export type CacheTierState = z.infer<typeof cacheTierStateSchema>

const cacheNamespaceSchema = z.object({
  name: z.string(),
  hits: z.object({ memory: z.int(), disk: z.int(), shared: z.int() }),
  stale: z.int(),
  misses: z.int(),
  bypasses: z.int(),
  fills: z.int(),
  failures: z.int(),
  /** What hits have saved, as far as prices are known. */
  savedUsd: z.number(),
})

export type CacheNamespace = z.infer<typeof cacheNamespaceSchema>

const cacheHistoryPointSchema = z.object({
  /** Start of the minute, milliseconds since 1970. */
  at: z.int(),
  memory: z.int(),
  disk: z.int(),
  shared: z.int(),
  stale: z.int(),
  misses: z.int(),
})

export type CacheHistoryPoint = z.infer<typeof cacheHistoryPointSchema>

const breakerStateSchema = z.enum(['closed', 'open', 'half-open'])

/** Of all server processes of this host; counters since each was started. */
export const cacheStatsSchema = z.object({
  nodes: z.array(
    z.object({
      node: z.string(),
      /** The log position up to which it has applied everything. */
      applied: z.int(),
      isLeased: z.boolean(),
      pending: z.int(),
      breaker: breakerStateSchema,
    }),
  ),
  tiers: z.array(cacheTierStateSchema),
  namespaces: z.array(cacheNamespaceSchema),
  log: z.object({
    sequencer: z.enum(['sqlite', 'redis']),
    epoch: z.string(),
    /** The newest position that one of them has heard of, and the one up to which all have applied everything. */
    seq: z.int(),
    applied: z.int(),
    floor: z.int(),
    marks: z.int(),
    /** Whether all of them are in touch with the log. */
    isLeased: z.boolean(),
    leaseMs: z.int(),
    /** Invalidations that are kept and tried again, because the log did not take them yet. */
    pending: z.int(),
  }),
  eviction: z.object({ policy: z.string(), switches: z.int() }),
  breaker: z.object({ state: breakerStateSchema, opened: z.int() }),
  /** What the consistency checker found; anything but 0 is a bug. */
  inconsistencies: z.int(),
  /** Reads by minute, oldest first; minutes without a read are left out. */
  history: z.array(cacheHistoryPointSchema),
})

export type CacheReport = z.infer<typeof cacheStatsSchema>
