import { describe, expect, test } from 'bun:test'
import { cacheLimits, cacheStatsSchema } from '@cairn/contract'
import { longestScope, mostScopes } from './scopes.ts'
import { sumStats } from './sum-stats.ts'
import { sampleStats } from './testing/sample-stats.ts'
import type { CacheStats } from './types.ts'

const one = sampleStats()
const log = (change: Partial<CacheStats['log']>) => ({ ...one.log, ...change })
const tierOf = (report: ReturnType<typeof sumStats>, name: string) => report.tiers.find(({ tier }) => tier === name)

describe('the numbers of several processes', () => {
  const started = (one.history[1]?.at ?? 0) + 17_000
  const other = sampleStats({
    node: 'node-b',
    tiers: one.tiers.map((tier) => ({
      ...tier,
      entries: 10,
      bytes: 1_000,
      hits: 2,
      misses: 1,
      evictions: 1,
      errors: 1,
    })),
    history: [
      { at: started - 120_000, memory: 0, disk: 0, shared: 0, stale: 0, misses: 0 },
      { at: started, memory: 10, disk: 2, shared: 3, stale: 0, misses: 5 },
    ],
  })
  const report = sumStats([one, other])

  test('keep the shape of the contract', () => {
    expect(cacheStatsSchema.parse(report)).toEqual(report)
  })

  test('add what each holds in its own memory, and count a tier that they share once', () => {
    expect(tierOf(report, 'memory')).toMatchObject({ entries: 130, bytes: 3_001_000, maxBytes: 128_000_000, hits: 82 })
    expect(tierOf(report, 'disk')).toMatchObject({
      entries: 400,
      bytes: 20_000_000,
      maxBytes: 1_000_000_000,
      hits: 10,
      misses: 13,
      evictions: 2,
      errors: 3,
    })
  })

  test('tell evictions of the shared tier as its server counts them, for all', () => {
    const shared = sampleStats({
      tiers: one.tiers.map((tier) => (tier.tier === 'shared' ? { ...tier, state: 'on' as const, evictions: 9 } : tier)),
    })
    expect(tierOf(sumStats([shared, shared]), 'shared')?.evictions).toBe(9)
  })

  test('add up by namespace and by minute of the clock, oldest first, without idle minutes', () => {
    expect(report.namespaces).toEqual([
      {
        name: 'answers',
        hits: { memory: 160, disk: 16, shared: 0 },
        stale: 2,
        misses: 24,
        bypasses: 6,
        fills: 24,
        failures: 2,
        savedUsd: 5,
      },
    ])
    expect(report.history).toEqual([
      { at: one.history[0]?.at ?? 0, memory: 5, disk: 1, shared: 0, stale: 1, misses: 3 },
      { at: one.history[1]?.at ?? 0, memory: 12, disk: 2, shared: 3, stale: 0, misses: 6 },
    ])
    const reversed = sumStats([{ ...one, history: [...one.history].reverse() }])
    expect(reversed.history.map(({ at }) => at)).toEqual(one.history.map(({ at }) => at))
  })

  test('tell the worst that one of them knows', () => {
    const lost = sampleStats({
      node: 'node-c',
      log: log({ seq: 44, applied: 39, isLeased: false, pending: 3 }),
      breaker: { state: 'half-open', opened: 2 },
      inconsistencies: 1,
      tiers: one.tiers.map((tier) => (tier.tier === 'disk' ? { ...tier, state: 'failing' as const } : tier)),
    })
    const worst = sumStats([one, lost])
    expect(worst.log).toMatchObject({ seq: 44, applied: 39, isLeased: false, pending: 3 })
    expect(worst.breaker).toEqual({ state: 'half-open', opened: 2 })
    expect(worst.inconsistencies).toBe(1)
    expect(tierOf(worst, 'disk')?.state).toBe('failing')
    expect(tierOf(worst, 'shared')?.state).toBe('off')
    expect(worst.nodes.map(({ node, isLeased, pending }) => [node, isLeased, pending])).toEqual([
      ['node-a', true, 0],
      ['node-c', false, 3],
    ])
  })

  test('do not compare positions of different lives of the log', () => {
    const reborn = (node: string) => sampleStats({ node, log: log({ epoch: 'e2', seq: 3, applied: 2 }) })
    const { epoch, seq, applied } = sumStats([one, reborn('b'), reborn('c')]).log
    expect({ epoch, seq, applied }).toEqual({ epoch: 'e2', seq: 3, applied: 2 })
  })

  test('have no bound where one of the parts has none, and none of no process', () => {
    const unbounded = sampleStats({
      tiers: one.tiers.map((tier) => ({ ...tier, state: 'on' as const, maxBytes: null })),
    })
    expect(sumStats([unbounded]).tiers.map(({ maxBytes }) => maxBytes)).toEqual([null, null, null])
    expect(() => sumStats([])).toThrow()
  })
})

test('the contract and the scopes agree on how many and how long', () => {
  expect([cacheLimits.scopes, cacheLimits.scopeCharacters]).toEqual([mostScopes, longestScope])
})
