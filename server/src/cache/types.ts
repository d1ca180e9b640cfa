/** What the pipeline asks of the cache. Keys need a scope, and a scope needs a principal: types make it unwritable otherwise. */
import type { Principal } from '../base/index.ts'

declare const scopeBrand: unique symbol

/** Whose answers may be shared with whom. Made by `scopeOf` only. */
export interface CacheScope {
  readonly [scopeBrand]: true
  readonly owner: string
}

export interface CacheOutcome<T> {
  value: T
  status: 'hit' | 'stale' | 'miss' | 'bypass'
  tier: string | null
}

export interface Cache {
  scopeOf(principal: Principal): CacheScope
  /** The stored value of a key, or what `produce` makes. */
  reuse<T>(scope: CacheScope, key: readonly string[], produce: () => Promise<T>): Promise<CacheOutcome<T>>
}
