/**
 * How many further attempts a caller's requests may cause, so that an outage upstream is not multiplied by retries: a
 * token bucket for each caller, as Finagle's retry budget. Each first attempt puts a share of a token in and each
 * further one takes a whole one out. It starts full, so that the first request of a quiet caller can fall back too, and
 * fills up by itself within a minute, for callers whose requests are too few to pay for one.
 */
import type { Clock } from '../base/index.ts'

export interface RetryBudgetOptions {
  /** Further attempts for each request; 0 allows none. */
  readonly ratio: number
  readonly clock: Clock
  /** Most that is saved up, and what a caller starts with. */
  readonly burst: number
}

export interface RetryBudget {
  /** A request begins. */
  deposit(caller: string): void
  /** Pays for a further attempt; false when there is nothing left, and nothing is taken. */
  take(caller: string): boolean
}

/** Time in which an empty bucket fills up without requests. */
export const refillMs = 60_000
/** Beyond it the one that was not heard of longest is forgotten; it starts full again. */
export const mostCallers = 10_000

interface Bucket {
  tokens: number
  atMs: number
}

export function createRetryBudget({ ratio, clock, burst }: RetryBudgetOptions): RetryBudget {
  const buckets = new Map<string, Bucket>()
  const isOff = ratio <= 0

  /** Brings it up to date and moves it to the end, behind those not heard of for longer. */
  function use(caller: string): Bucket {
    const atMs = clock.monotonic()
    const bucket = buckets.get(caller) ?? { tokens: burst, atMs }
    bucket.tokens = Math.min(burst, bucket.tokens + (burst * (atMs - bucket.atMs)) / refillMs)
    bucket.atMs = atMs
    buckets.delete(caller)
    buckets.set(caller, bucket)
    if (buckets.size > mostCallers) forgetOldest()
    return bucket
  }

  function forgetOldest(): void {
    const [oldest] = buckets.keys()
    if (oldest !== undefined) buckets.delete(oldest)
  }

  return {
    deposit(caller) {
      if (isOff) return
      const bucket = use(caller)
      bucket.tokens = Math.min(burst, bucket.tokens + ratio)
    },
    take(caller) {
      if (isOff) return false
      const bucket = use(caller)
      // Sums of tenths are not exact: five deposits of 0.2 pay for one.
      if (bucket.tokens < 1 - 1e-9) return false
      bucket.tokens -= 1
      return true
    },
  }
}
