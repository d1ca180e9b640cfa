/** What the driver and its Cairn processes say to each other. */
import type { CacheStatus, InvalidationReceipt, Tier } from '../../server/src/cache/types.ts'

export interface NodeSettings {
  readonly node: string
  readonly redisUrl: string
  /** Of its host: journal and disk tier, shared with the other processes of that host. */
  readonly directory: string
  readonly twin: Twin | null
}

/** A broken cache in place of ours, which the checker must catch. */
export interface Twin {
  /** Its `engine.ts`; null: ours, but nothing is ever invalidated, though it says so. */
  readonly engine: string | null
}

export type ReadPolicy = 'strict' | 'bounded'

export type ToNode =
  | { readonly kind: 'read'; readonly id: number; readonly key: string; readonly policy: ReadPolicy }
  | { readonly kind: 'invalidate'; readonly id: number; readonly key: string; readonly wait: 'commit' | 'all' }
  | { readonly kind: 'state'; readonly id: number }
  | { readonly kind: 'source'; readonly id: number; readonly version: number }

export type FromNode =
  | { readonly kind: 'ready' }
  /** The node fills: it wants to know the version that the source has now. */
  | { readonly kind: 'ask'; readonly id: number; readonly key: string }
  | { readonly kind: 'answer'; readonly id: number; readonly result: Answer }

export type Answer = ReadAnswer | InvalidateAnswer | StateAnswer | { readonly kind: 'error'; readonly message: string }

export interface ReadAnswer {
  readonly kind: 'read'
  readonly version: number
  readonly status: CacheStatus
  readonly tier: Tier | null
}

export interface InvalidateAnswer {
  readonly kind: 'invalidate'
  readonly receipt: InvalidationReceipt
}

export interface StateAnswer {
  readonly kind: 'state'
  readonly pending: number
  readonly isLeased: boolean
  readonly inconsistencies: number
}

/** In milliseconds; the driver counts with them when it judges. */
export const leaseMs = 1_000
export const maxStaleMs = 1_500
