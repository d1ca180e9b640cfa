/**
 * What the rest of the server asks of the cache, in one page. A *namespace* holds values of one kind under string keys.
 * `reuse` answers from memory, disk or the shared tier when what is stored there is valid by the fenced log, and
 * otherwise lets one caller make the value. `invalidate` says that what carries a scope is no longer true.
 */
import type { InvalidationScope } from './scopes.ts'

export type Tier = 'memory' | 'disk' | 'shared'

/** `stale`: older than it should be, by the caller's own policy, and marked. */
export type CacheStatus = 'hit' | 'stale' | 'miss' | 'bypass'

/**
 * What a read does on a node that has lost touch with the log (its lease has run out and the log cannot be asked).
 * `strict` goes to the source. `bounded` serves what was valid at most `maxStaleMs` after the lease ran out, marked.
 * `available` serves what is there, marked. What was hard-invalidated, as far as this node knows, is never served.
 */
export type Consistency = 'strict' | 'bounded' | 'available'

/** All durations in milliseconds. The defaults are safe: nothing is served stale, failures are not kept for long. */
export interface CachePolicy {
  /** How long a value is fresh. */
  readonly ttlMs: number
  /** After that, how long it is served (marked `stale`) while one caller refreshes it in the background. 0: never. */
  readonly staleWhileRevalidateMs: number
  /** After that, how long it is served (marked `stale`) when the source fails. 0: never. */
  readonly staleIfErrorMs: number
  /** With something stale at hand, how long a caller waits for the source before it takes that. 0: no limit. */
  readonly softTimeoutMs: number
  /** How long the source may take; then the fill fails with `cache.fill-timeout`. 0: no limit. */
  readonly hardTimeoutMs: number
  /** Share of `ttlMs` taken off at random, 0 to 1, so that what was made together does not end together. */
  readonly jitter: number
  /**
   * XFetch's β (Vattani, Chierichetti, Lowenstein 2015): above 0, a value that took long to make is refreshed in the
   * background with a chance that grows towards its end. 0: off; 1 is usual.
   */
  readonly earlyRefresh: number
  /** How long a failure is kept, so that a source that is down is asked once and not once per caller. 0: not at all. */
  readonly negativeTtlMs: number
  readonly consistency: Consistency
  /** For `bounded`; at most 10,000. */
  readonly maxStaleMs: number
  /** Larger values (encoded) are not stored. */
  readonly maxBytes: number
  /** The tiers that are used. */
  readonly tiers: readonly Tier[]
  /** How long a caller waits for another process that fills the same key before it fills itself. 0: does not wait. */
  readonly waitForOthersMs: number
}

/** Handed to the function that makes a value. */
export interface Fill {
  /** Aborted when every caller that waits has left, or the hard timeout has passed. */
  readonly signal: AbortSignal
  /** Log position that the value is stamped with: what is invalidated from now on, invalidates it. */
  readonly asOf: number
  /** Scopes learnt while the value is made; those known before belong into `ReuseOptions.scopes`. */
  addScopes(scopes: readonly InvalidationScope[]): void
  /** The value is answered and not stored. */
  noStore(): void
  /**
   * The source lags: it contains what was invalidated up to this log position. A smaller stamp is taken, so that the
   * value is not served to anyone who must see more.
   */
  sourceSeq(seq: number): void
  /** Another freshness than the policy's, known only now. */
  ttl(ms: number): void
  /** What making it again would cost, in micro-dollars; what is dear is kept longer. */
  price(microUsd: number): void
}

export interface ReuseOptions {
  /** What the value depends on, beyond its namespace and key. */
  readonly scopes?: readonly InvalidationScope[]
  readonly policy?: Partial<CachePolicy>
  /** The caller's leaving. */
  readonly signal?: AbortSignal
}

export interface CacheOutcome<T> {
  readonly value: T
  readonly status: CacheStatus
  /** Where a hit came from; null for a miss. */
  readonly tier: Tier | null
  /** Milliseconds since the value was made; 0 for a miss. */
  readonly ageMs: number
}

/**
 * A value that is told while it is made, such as a stream: `live` is given to every caller at once and `whole` resolves
 * with what is stored, or null when nothing may be (it broke off, it was too large, it must not be kept).
 */
export interface LiveFill<T, L> {
  readonly live: L
  readonly whole: Promise<T | null>
}

export type RecordOutcome<T, L> =
  | (CacheOutcome<T> & { readonly kind: 'stored' })
  | {
      readonly kind: 'live'
      readonly live: L
      readonly status: 'miss'
      readonly tier: null
      /** Whether this caller joined one that was under way. */
      readonly joined: boolean
    }

/**
 * Values of one kind. They are encoded as JSON, and are shared by all who read them: nobody may change one.
 * Keys are strings; a `/` in a key makes the parts before it prefixes that can be invalidated.
 */
export interface Namespace<T> {
  readonly name: string
  /** The value in memory, when it is fresh and known to be valid. Synchronous; counts as a use; starts nothing. */
  peek(key: string): T | undefined
  /** The stored value, or what `fill` makes; callers at the same time share one fill. Throws what `fill` throws. */
  reuse(key: string, fill: (fill: Fill) => Promise<T>, options?: ReuseOptions): Promise<CacheOutcome<T>>
  /** Like `reuse` for values that are told while they are made; see `LiveFill`. */
  record<L>(
    key: string,
    fill: (fill: Fill) => Promise<LiveFill<T, L>>,
    options?: ReuseOptions,
  ): Promise<RecordOutcome<T, L>>
}

export type InvalidationKind = 'hard' | 'soft'

export interface InvalidationRequest {
  readonly scopes: readonly InvalidationScope[]
  /** `hard` (default): never served again. `soft`: old as if its time had run out, so it may be served while it refreshes. */
  readonly kind?: InvalidationKind
  /** `commit` (default): resolves when the log has it. `all`: when no node serves the old value any more. */
  readonly wait?: 'commit' | 'all'
}

/** What has become of an invalidation. It is never dropped: what is not committed is kept and tried again. */
export interface InvalidationReceipt {
  /** Its log position, and the life of the log that the position belongs to; null while it is not committed. */
  readonly seq: number | null
  readonly epoch: string | null
  readonly committed: boolean
  /** Nodes known to have applied it. */
  readonly acked: readonly string[]
  /** Nodes that have not said so; with `wait: 'all'` their leases have run out, so they do not serve it either. */
  readonly pending: readonly string[]
}

export interface NamespaceDefaults extends Partial<CachePolicy> {
  readonly ttlMs: number
}

export interface Cache {
  /** Opens a namespace. Called once for each name, where the server is put together. */
  namespace<T>(name: string, defaults: NamespaceDefaults): Namespace<T>
  invalidate(request: InvalidationRequest): Promise<InvalidationReceipt>
  /** The life of the log that positions belong to. A position of another epoch says nothing. Cheap. */
  epoch(): string
  /** The log position that this node has applied, and the newest mark it knows on a scope (0: none). */
  position(): number
  newestMark(scope: InvalidationScope): number
  /** Called with each batch of newly applied log entries; for those who follow something that the log announces. */
  onApplied(listener: () => void): () => void
  stats(): CacheStats
  /** Everything that could not be committed yet, tried once more; for tests and for a calm stop. */
  flush(): Promise<void>
  close(): Promise<void>
}

export interface TierStats {
  readonly tier: Tier
  readonly state: 'on' | 'off' | 'failing'
  readonly entries: number
  readonly bytes: number
  /** Null where the bound is not ours (Redis' `maxmemory`). */
  readonly maxBytes: number | null
  readonly hits: number
  readonly misses: number
  readonly evictions: number
  readonly errors: number
}

export interface NamespaceStats {
  readonly name: string
  readonly hits: Readonly<Record<Tier, number>>
  readonly stale: number
  readonly misses: number
  readonly bypasses: number
  readonly fills: number
  readonly failures: number
  /** What hits have saved, in micro-dollars, as far as prices are known. */
  readonly savedMicroUsd: number
}

/** One minute of reads. */
export interface HistoryPoint {
  /** Start of the minute, milliseconds since 1970. */
  readonly at: number
  readonly memory: number
  readonly disk: number
  readonly shared: number
  readonly stale: number
  readonly misses: number
}

export interface CacheStats {
  readonly node: string
  readonly tiers: readonly TierStats[]
  readonly namespaces: readonly NamespaceStats[]
  readonly log: {
    readonly sequencer: 'sqlite' | 'redis'
    readonly epoch: string
    /** Newest position that this node has heard of, and the one up to which it has applied everything. */
    readonly seq: number
    readonly applied: number
    readonly floor: number
    /** Scopes with a mark of their own. */
    readonly marks: number
    readonly isLeased: boolean
    readonly leaseMs: number
    /** Invalidations that are not committed yet. */
    readonly pending: number
  }
  readonly eviction: { readonly policy: string; readonly switches: number }
  readonly breaker: { readonly state: 'closed' | 'open' | 'half-open'; readonly opened: number }
  readonly inconsistencies: number
  /** At most the last 24 hours, oldest first. */
  readonly history: readonly HistoryPoint[]
}
