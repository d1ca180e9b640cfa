/** The law of which checkpoints stay, for any history of signing. */
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { pickSuperfluous } from './thin-checkpoints.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const now = Date.UTC(2026, 10, 23, 16, 47)

/** By size from the smallest, signed at any time of the last hundred days, by a clock that only goes on. */
const history = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 100 * dayMs }), fc.integer({ min: 0, max: 2 * dayMs })), { maxLength: 300 })
  .map((ages) => ages.toSorted((a, b) => b - a).map((age, index) => ({ size: index + 1, at: now - age })))

test('the last of each hour or day stays, nothing of the last day goes, and a second time nothing is left to go', () => {
  fc.assert(
    fc.property(history, (known) => {
      const gone = new Set(pickSuperfluous(known, now))
      const left = known.filter((each) => !gone.has(each))
      for (const each of gone) {
        const width = each.at > now - 30 * dayMs ? hourMs : dayMs
        expect(each.at).toBeLessThanOrEqual(now - dayMs)
        // Another one of the same span vouches for it.
        expect(
          left.some(({ at, size }) => size > each.size && Math.floor(at / width) === Math.floor(each.at / width)),
        ).toBe(true)
      }
      expect(left.at(-1)).toEqual(known.at(-1))
      expect(pickSuperfluous(left, now)).toEqual([])
      const spans = left
        .filter(({ at }) => at <= now - dayMs)
        .map(({ at }) => (at > now - 30 * dayMs ? `h${Math.floor(at / hourMs)}` : `d${Math.floor(at / dayMs)}`))
      expect(new Set(spans).size).toBe(spans.length)
    }),
    { numRuns: 500, seed: 20261123 },
  )
})

test('after a clock that was put back too few go rather than too many', () => {
  const [first, second] = [now - 3 * dayMs, now - 3 * dayMs + 2 * hourMs]
  const known = [first, second, first, second].map((at, index) => ({ size: index + 1, at }))
  expect(pickSuperfluous(known, now)).toEqual([])
})
