/** Numbers of a cache in use, for tests of what shows and sums them. */
import type { CacheStats } from '../types.ts'

/** Two tiers on, the shared one off; 3 reads of answers in the last minute of the history. */
export function sampleStats(change: Partial<CacheStats> = {}): CacheStats {
  return {
    node: 'node-a',
    tiers: [
      {
        tier: 'memory',
        state: 'on',
        entries: 120,
        bytes: 3_000_000,
        maxBytes: 64_000_000,
        hits: 80,
        misses: 20,
        evictions: 4,
        errors: 0,
      },
      {
        tier: 'disk',
        state: 'on',
        entries: 400,
        bytes: 20_000_000,
        maxBytes: 1_000_000_000,
        hits: 8,
        misses: 12,
        evictions: 1,
        errors: 2,
      },
      {
        tier: 'shared',
        state: 'off',
        entries: 0,
        bytes: 0,
        maxBytes: null,
        hits: 0,
        misses: 0,
        evictions: 0,
        errors: 0,
      },
    ],
    namespaces: [
      {
        name: 'answers',
        hits: { memory: 80, disk: 8, shared: 0 },
        stale: 1,
        misses: 12,
        bypasses: 3,
        fills: 12,
        failures: 1,
        savedMicroUsd: 2_500_000,
      },
    ],
    log: {
      sequencer: 'sqlite',
      epoch: 'e1',
      seq: 41,
      applied: 41,
      floor: 2,
      marks: 7,
      isLeased: true,
      leaseMs: 2_000,
      pending: 0,
    },
    eviction: { policy: 's3-fifo', switches: 2 },
    breaker: { state: 'closed', opened: 0 },
    inconsistencies: 0,
    history: [
      { at: 1_779_999_900_000, memory: 5, disk: 1, shared: 0, stale: 1, misses: 3 },
      { at: 1_779_999_960_000, memory: 2, disk: 0, shared: 0, stale: 0, misses: 1 },
    ],
    ...change,
  }
}
