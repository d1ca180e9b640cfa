/** A token bucket per address, for attempts at sign-in. Bounded: the address that tried longest ago is forgotten. */
import { networkOf, type Clock } from '../base/index.ts'

export interface RateLimit {
  /** 0 when the attempt may go on, else the milliseconds to wait. */
  take(address: string): number
  /** Gives an attempt back: it was no guess. */
  giveBack(address: string): void
}

interface Bucket {
  tokens: number
  filledAtMs: number
}

export function createRateLimit({
  clock,
  burst,
  refillMs,
  maxAddresses = 10_000,
}: {
  clock: Clock
  burst: number
  refillMs: number
  maxAddresses?: number
}): RateLimit {
  const buckets = new Map<string, Bucket>()

  function open(address: string): Bucket {
    const now = clock.monotonic()
    const bucket = buckets.get(address) ?? { tokens: burst, filledAtMs: now }
    bucket.tokens = Math.min(burst, bucket.tokens + (now - bucket.filledAtMs) / refillMs)
    bucket.filledAtMs = now
    // Moved to the end, so that the first is the one to forget.
    buckets.delete(address)
    buckets.set(address, bucket)
    const oldest = buckets.size > maxAddresses ? buckets.keys().next() : undefined
    if (oldest && !oldest.done) buckets.delete(oldest.value)
    return bucket
  }

  return {
    take(address) {
      const bucket = open(networkOf(address))
      if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) * refillMs)
      bucket.tokens -= 1
      return 0
    },
    giveBack(address) {
      const bucket = open(networkOf(address))
      bucket.tokens = Math.min(burst, bucket.tokens + 1)
    },
  }
}
