import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { createLatency, meanHalfLifeMs, observeLatency, peakHalfLifeMs, readLatency } from './latency.ts'

function observed(...replies: readonly (readonly [atMs: number, tookMs: number])[]) {
  const latency = createLatency()
  for (const [atMs, tookMs] of replies) observeLatency(latency, tookMs, atMs)
  return latency
}

test('knows nothing before the first reply', () => {
  expect(readLatency(createLatency(), 5)).toBeNull()
})

test('jumps up at once with a slow reply', () => {
  const latency = observed([0, 100], [10, 100], [20, 4_000])
  expect(readLatency(latency, 20)).toBe(4_000)
})

test('falls by half of the rest above the mean in each half-life, and never below the mean', () => {
  const latency = observed([0, 100], [1, 100], [2, 100], [3, 1_000])
  const above = (atMs: number) => (readLatency(latency, atMs) ?? 0) - latency.meanMs
  const first = above(3)
  expect(first).toBeGreaterThan(600)
  expect(above(3 + peakHalfLifeMs)).toBeCloseTo(first / 2, 6)
  expect(above(3 + 2 * peakHalfLifeMs)).toBeCloseTo(first / 4, 6)
  expect(above(3 + 1e9)).toBeCloseTo(0, 6)
})

test('a deployment that is always slow does not look fast after a pause', () => {
  const latency = observed([0, 5_000], [100, 5_000], [200, 5_000])
  expect(readLatency(latency, 86_400_000)).toBe(5_000)
})

test('follows a lasting change by half in each half-life of the mean, however often it is asked', () => {
  for (const everyMs of [10, 100, 1_000]) {
    const latency = createLatency()
    for (let at = -20_000; at <= 0; at += everyMs) observeLatency(latency, 1_000, at)
    for (let at = everyMs; at <= meanHalfLifeMs; at += everyMs) observeLatency(latency, 200, at)
    expect(latency.meanMs).toBeGreaterThan(590)
    expect(latency.meanMs).toBeLessThan(610)
  }
})

test('what is read is always between the fastest and the slowest reply, and not below the last one when it is read', () => {
  const reply = fc.record({ pauseMs: fc.nat(100_000), tookMs: fc.nat(60_000) })
  fc.assert(
    fc.property(fc.array(reply, { minLength: 1, maxLength: 60 }), fc.nat(100_000), (replies, laterMs) => {
      const latency = createLatency()
      let atMs = 0
      for (const { pauseMs, tookMs } of replies) {
        atMs += pauseMs
        observeLatency(latency, tookMs, atMs)
        expect(readLatency(latency, atMs)).toBeGreaterThanOrEqual(tookMs)
      }
      const times = replies.map(({ tookMs }) => tookMs)
      const read = readLatency(latency, atMs + laterMs) ?? Number.NaN
      expect(read).toBeGreaterThanOrEqual(Math.min(...times) - 1e-6)
      expect(read).toBeLessThanOrEqual(Math.max(...times) + 1e-6)
    }),
  )
})

test('takes no nonsense: a time that is none changes nothing, and a clock that goes back does not raise it', () => {
  const latency = observed([1_000, 100])
  observeLatency(latency, Number.NaN, 2_000)
  observeLatency(latency, -5, 2_000)
  expect(readLatency(latency, 1_000)).toBe(100)
  expect(readLatency(latency, 0)).toBe(100)
})
