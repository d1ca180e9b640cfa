/** Promises of where things stand in a plot over time. */
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { divideScale, drawDots, drawParts, nameTimes, placeArea } from '../src/time-series/scale.ts'

const area = { left: 40, top: 0, width: 400, height: 100 }
const hourMs = 3_600_000

test('the scale ends at a round number that no value passes, in five steps at most', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-9, max: 1e9, noNaN: true }), (most) => {
      const { top, ticks } = divideScale(most)
      expect(top).toBeGreaterThanOrEqual(most * 0.999)
      expect(ticks.length).toBeLessThanOrEqual(6)
      expect(ticks[0]).toBe(0)
      expect(ticks.at(-1)).toBeCloseTo(top, 12)
    }),
  )
  expect(divideScale(7).ticks).toEqual([0, 2, 4, 6, 8])
  expect(divideScale(0).top).toBe(1)
  expect(divideScale(0.4, 1).ticks).toEqual([0, 0.25, 0.5, 0.75, 1])
})

test('each bar covers its own share, from the edge below it to its own', () => {
  const data = {
    times: [0, 1],
    stepMs: 1,
    edges: [
      [50, null],
      [100, null],
    ],
  }
  const [lower, upper] = drawParts(data, area, { shape: 'bars', top: 100 })
  expect(lower).toBe('M126 100V50h28V100Z')
  expect(upper).toBe('M126 50V0h28V50Z')
})

test('a line has a gap where nothing is known, and a dot where a point stands alone', () => {
  const data = { times: [0, 1, 2, 3], stepMs: 1, edges: [[0, 100, null, 50]] }
  expect(drawParts(data, area, { shape: 'lines', top: 100 })).toEqual(['M90 100L190 0M390 50'])
  expect(drawDots(data, area, 100)).toEqual(['M390 50h0'])
})

test('names of times never touch each other, nor stand beyond the edge', () => {
  const formatTime = (at: number) => new Intl.DateTimeFormat('en', { timeStyle: 'short' }).format(at)
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 200 }), fc.integer({ min: 120, max: 1_200 }), (count, width) => {
      const times = Array.from({ length: count }, (_, index) => 1_764_000_000_000 + index * hourMs)
      for (const stepMs of [hourMs, 24 * hourMs]) {
        const steps = times.map((_, index) => Math.floor(1_764_000_000_000 / stepMs) * stepMs + index * stepMs)
        const named = nameTimes({ times: steps, stepMs }, width, formatTime)
        for (const [index, { at, text }] of named.entries()) {
          expect(at + (text.length * 7) / 2).toBeLessThanOrEqual(width)
          const before = named[index - 1]
          if (before) expect(at - before.at).toBeGreaterThan(text.length * 7)
        }
      }
    }),
  )
})

test('the names of the values have the room that the longest needs', () => {
  expect(placeArea({ width: 300, height: 200 }, ['0', '$0.00012']).left).toBe(64)
  expect(placeArea({ width: 300, height: 200 }, ['0']).left).toBe(36)
})
