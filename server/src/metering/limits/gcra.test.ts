import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createTestClock } from '../testing/kit.ts'
import { createGcra, longestDebtMs, minuteMs } from './gcra.ts'
import type { Refusal } from './types.ts'

const one = (limit: number, amount = 1, key = 'k') => [{ key, limit, amount }]

describe('GCRA', () => {
  test('in any stretch of time no more is granted than a minute’s worth and what the rate gives meanwhile', () => {
    const steps = fc.array(fc.record({ waitMs: fc.nat(20_000), amount: fc.integer({ min: 1, max: 40 }) }), {
      maxLength: 80,
    })
    fc.assert(
      fc.property(fc.integer({ min: 40, max: 500 }), steps, (limit, list) => {
        const clock = createTestClock()
        const gcra = createGcra({ clock })
        const granted: { at: number; amount: number }[] = []
        for (const { waitMs, amount } of list) {
          clock.advance(waitMs)
          if (gcra.take(one(limit, amount)).refused === null) granted.push({ at: clock.monotonic(), amount })
        }
        for (const [index, from] of granted.entries()) {
          let sum = 0
          for (const { at, amount } of granted.slice(index)) {
            sum += amount
            expect(sum).toBeLessThanOrEqual(limit * (1 + (at - from.at) / minuteMs) + 1e-6)
          }
        }
      }),
    )
  })

  test('the time to come back is exact: a millisecond earlier is refused, then it is granted', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.array(fc.nat(5_000), { maxLength: 20 }), (limit, waits) => {
        const clock = createTestClock()
        const gcra = createGcra({ clock })
        for (const wait of waits) {
          clock.advance(wait)
          gcra.take(one(limit, Math.max(1, Math.floor(limit / 3))))
        }
        const { refused } = gcra.take(one(limit, limit))
        if (refused === null) return
        const retryAfterMs = refused.retryAfterMs as number
        clock.advance(retryAfterMs - 1)
        expect(gcra.peek(one(limit, limit))).not.toBeNull()
        clock.advance(1)
        expect(gcra.take(one(limit, limit)).refused).toBeNull()
      }),
    )
  })

  test('of several limits all are taken or none, and the longest wait is told', () => {
    const clock = createTestClock()
    const gcra = createGcra({ clock })
    const both = [...one(10, 10, 'a'), ...one(60, 60, 'b')]
    expect(gcra.take(both).refused).toBeNull()
    clock.advance(6_000)
    expect(gcra.take([...one(10, 1, 'a'), ...one(60, 30, 'b')]).refused).toEqual({ index: 1, retryAfterMs: 24_000 })
    expect(gcra.take(one(10, 1, 'a')).refused).toBeNull()
  })

  test('what is more than a minute allows is refused for good', () => {
    const gcra = createGcra({ clock: createTestClock() })
    const refused: Refusal = { index: 0, retryAfterMs: null }
    expect(gcra.take(one(10, 11)).refused).toEqual(refused)
  })

  test('what was estimated too high comes back, what was too low is waited for, two minutes at most', () => {
    const clock = createTestClock()
    const gcra = createGcra({ clock })
    const outcome = gcra.take(one(100, 100))
    if (outcome.refused === null) outcome.taken.adjust([-60])
    expect(gcra.peek(one(100, 60))).toBeNull()
    expect(gcra.peek(one(100, 61))?.retryAfterMs).toBe(600)
    gcra.adjust(one(100, 1_000_000))
    expect(gcra.peek(one(100, 100))?.retryAfterMs).toBe(longestDebtMs)
  })

  test('giving back more than was taken does not make room beyond the limit', () => {
    const gcra = createGcra({ clock: createTestClock() })
    gcra.adjust(one(10, -1_000))
    expect(gcra.take(one(10, 10)).refused).toBeNull()
    expect(gcra.take(one(10, 1)).refused).not.toBeNull()
  })

  test('limits that are no longer in use are forgotten', () => {
    const clock = createTestClock()
    const gcra = createGcra({ clock })
    for (let index = 0; index < 20_000; index++) {
      clock.advance(20)
      gcra.take(one(60, 1, `k${index}`))
    }
    expect(gcra.size).toBeLessThan(5_000)
  })
})
