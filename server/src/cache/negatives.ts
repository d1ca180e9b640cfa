/**
 * Failures, kept for a moment: a source that is down is asked once and not once for each caller. Who comes after this
 * process has learnt of an invalidation of the key does not get a failure from before it.
 */
import type { Clock } from '../base/index.ts'

export interface Negatives {
  find(key: string): { readonly error: unknown; readonly tick: number } | undefined
  put(key: string, error: unknown, kept: { tick: number; ms: number }): void
}

const mostKept = 1_000

export function createNegatives(clock: Clock): Negatives {
  const failures = new Map<string, { error: unknown; tick: number; until: number }>()
  return {
    find(key) {
      const found = failures.get(key)
      if (!found) return undefined
      if (clock.monotonic() < found.until) return found
      failures.delete(key)
      return undefined
    },
    put(key, error, { tick, ms }) {
      if (ms <= 0) return
      failures.delete(key)
      failures.set(key, { error, tick, until: clock.monotonic() + ms })
      const [oldest] = failures.keys()
      if (failures.size > mostKept && oldest !== undefined) failures.delete(oldest)
    },
  }
}
