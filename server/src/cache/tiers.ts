/** What the engine asks of its parts. Each part passes the conformance suite of its kind in `testing/`. */
import type { ScopeId } from './scopes.ts'
import type { InvalidationKind } from './types.ts'

/** A place in one life of the log. Positions of different epochs cannot be compared. */
export interface Position {
  readonly epoch: string
  readonly seq: number
}

/** One line of the log: what was invalidated at that position. */
export interface Mark {
  readonly seq: number
  readonly kind: InvalidationKind
  readonly scopes: readonly ScopeId[]
}

/** What a node is told when it asks for the log after a position. */
export interface Tail {
  readonly epoch: string
  /** Newest position. */
  readonly seq: number
  /** Entries stamped before it are not valid: their marks were forgotten. */
  readonly floor: number
  /** In order of position, without a gap up to `seq`. */
  readonly marks: readonly Mark[]
  /** `marks` is everything above `floor`, not only what came after the asked position: what the node knew is void. */
  readonly isWhole: boolean
}

/** What a node says of itself whenever it asks. */
export interface NodeReport {
  readonly node: string
  /** Everything up to here is applied. */
  readonly applied: Position
  /** The largest `maxStaleMs` of a `bounded` read in use. */
  readonly maxStaleMs: number
}

export interface NodeState {
  readonly node: string
  readonly acked: Position
  readonly maxStaleMs: number
}

/**
 * Orders all invalidations of one cache. Every method either does what it says or throws; it never half succeeds.
 * Data that was lost (another epoch, a position that went back) shows as a new epoch, never as an old one.
 */
export interface Sequencer {
  readonly kind: 'sqlite' | 'redis'
  /** The log after `report.applied`, and at the same time the node's acknowledgement of everything up to there. */
  tail(report: NodeReport): Promise<Tail>
  /** Appends one line. `seen` is the newest position the caller has heard of: a log that is behind it has lost data. */
  commit(kind: InvalidationKind, scopes: readonly ScopeId[], seen: Position | null): Promise<Position>
  /** The newest marks as the log itself has them, for the consistency checker. */
  marksOf(
    scopes: readonly ScopeId[],
  ): Promise<{ epoch: string; floor: number; seq: number; hard: number[]; soft: number[] }>
  /** Nodes that are registered; one that has not asked for a minute is dropped. */
  nodes(): Promise<readonly NodeState[]>
  /** The node stops in good order. */
  leave(node: string): Promise<void>
  /** Called when there may be something new. Only a hint: the tail is asked regularly anyway. */
  onWake(listener: () => void): () => void
  close(): Promise<void>
}

/** What makes an entry valid or not, and how old it is. The same on every tier. */
export interface EntryHeader {
  readonly epoch: string
  /** Log position of its stamp. */
  readonly asOf: number
  readonly scopes: readonly ScopeId[]
  /** Milliseconds since 1970 at its making; only the disk counts with it. */
  readonly madeAt: number
  /** Fresh for so long after it was made, kept for so long. */
  readonly freshMs: number
  readonly keepMs: number
  /** How long making it took, and what it cost in micro-dollars. */
  readonly fillMs: number
  readonly priceMicroUsd: number
}

export interface StoredEntry {
  readonly header: EntryHeader
  /** The encoded value. */
  readonly value: Uint8Array
}

export interface SlowTierStats {
  readonly entries: number
  readonly bytes: number
  readonly maxBytes: number | null
  readonly evictions: number
}

/**
 * The disk tier, shared by all processes of a host. Keeps what it is given as long as it fits; checks nothing: the
 * engine checks every entry it reads against the log. Values are sealed with the entry's name and stamp, so an entry
 * that was swapped, cut or damaged reads as absent.
 */
export interface DiskTier {
  /** Synchronous: a point read of a mapped file. */
  get(name: string): StoredEntry | undefined
  /** Resolves when the write is done; a write that fails (a full disk) is dropped and counted, never thrown. */
  set(name: string, entry: StoredEntry): Promise<void>
  delete(name: string): void
  /** Drops everything, as after a new epoch. */
  clear(): Promise<void>
  stats(): SlowTierStats & { readonly errors: number }
  close(): Promise<void>
}

export type SharedRead =
  | {
      readonly entry: StoredEntry
      /** How long it is still kept, by the server's own count; freshness is counted from it. */
      readonly keepLeftMs: number
      /** Soft-invalidated: to be treated as no longer fresh. */
      readonly isSoft: boolean
    }
  | { readonly entry: null }

/** Whether an entry is valid by what a node knows of the log. `soft`: to be treated as no longer fresh. */
export type Judge = (header: EntryHeader) => 'valid' | 'soft' | 'invalid'

/**
 * The shared tier. The server itself checks an entry against the log before it gives it, and refuses one that the log
 * has overtaken. Every reply carries the tail of the log after the reported position. Throws when the server does not
 * answer in time; the engine guards it with a breaker.
 */
export interface SharedTier {
  /**
   * `judge` answers by the log as it is at `report.applied` or later. With it, and when the log has not moved since,
   * the caller knows as much as the server, and the entry is checked here instead of there: a hit costs less.
   */
  get(name: string, report: NodeReport, judge?: Judge): Promise<{ read: SharedRead; tail: Tail }>
  /** False when it was refused because the log has overtaken it or something newer is stored. */
  set(name: string, entry: StoredEntry): Promise<boolean>
  delete(name: string): Promise<void>
  /** Advisory: at most one process fills a key. Resolves to whether the lock was taken. */
  lock(name: string, token: string, ttlMs: number): Promise<boolean>
  /** Extends the lock if the token still holds it. */
  renew(name: string, token: string, ttlMs: number): Promise<boolean>
  /** Releases it if the token still holds it, and wakes those who wait. */
  unlock(name: string, token: string): Promise<void>
  /** Resolves when the key's lock was released somewhere or after `ms`, whatever comes first. */
  waitForUnlock(name: string, ms: number): Promise<void>
  stats(): Promise<SlowTierStats>
  close(): Promise<void>
}

/**
 * The memory tier: a map with a bound in bytes that decides by itself what to keep. `get` counts as a use. Nothing in
 * it knows of validity or time.
 */
export interface MemoryTier<V> {
  get(key: string): V | undefined
  /**
   * The keys that begin alike, told without their beginning. The beginning ends with its only slash; throws `RangeError`
   * for another.
   */
  space(prefix: string): MemorySpace<V>
  /** Whether it was taken in. `sizeBytes` counts the entry's own; `price` weighs what a miss would cost (1: ordinary). */
  set(key: string, value: V, sizeBytes: number, price?: number): boolean
  delete(key: string): boolean
  clear(): void
  /** Any present key, chosen at random, without counting as a use; for the consistency checker. */
  sample(): { key: string; value: V } | undefined
  readonly entries: number
  /** Everything it holds, ghosts and shadows included. */
  readonly bytes: number
  readonly maxBytes: number
  readonly evictions: number
  /** The policy in force, and how often it changed. */
  readonly policy: string
  readonly switches: number
}

/** `get` and `set` of a `MemoryTier` for the keys of one beginning. */
export interface MemorySpace<V> {
  get(rest: string): V | undefined
  set(rest: string, value: V, sizeBytes: number, price?: number): boolean
}
