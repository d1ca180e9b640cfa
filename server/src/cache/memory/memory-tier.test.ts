import { heapStats } from 'bun:jsc'
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { MemoryTier } from '../tiers.ts'
import { createMemoryTier } from './memory-tier.ts'

/** Numerical Recipes' generator: the same draws in each run. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

type Step =
  | { readonly kind: 'get' | 'delete'; readonly key: number }
  | { readonly kind: 'set'; readonly key: number; readonly size: number; readonly price: number }
  | { readonly kind: 'clear' }

const key = fc.nat(199)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 400, arbitrary: fc.record({ kind: fc.constant('get' as const), key }) },
  {
    weight: 400,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      key,
      size: fc.oneof(fc.nat(400), fc.nat(40_000)),
      price: fc.constantFrom(1, 1, 0, 5, 1_000),
    }),
  },
  { weight: 60, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
)

/** Does one step on the tier and on a map that forgets nothing, and checks what the tier says to it. */
function apply(each: Step, tier: MemoryTier<object>, model: Map<string, object>): void {
  if (each.kind === 'clear') {
    tier.clear()
    model.clear()
    expect(tier.entries).toBe(0)
    return
  }
  const name = `key ${each.key}`
  const old = tier.get(name)
  const { entries, evictions } = tier
  if (old !== undefined) expect(old).toBe(model.get(name)!)
  if (each.kind === 'delete') {
    expect(tier.delete(name)).toBe(old !== undefined)
    expect(tier.get(name)).toBeUndefined()
    model.delete(name)
  }
  if (each.kind !== 'set') return
  const value = { ...each }
  const taken = tier.set(name, value, each.size, each.price)
  expect(tier.get(name)).toBe(taken ? value : undefined)
  model.set(name, value)
  // What is no longer there was evicted. The old value either made place for the new one or was evicted itself.
  const added = tier.entries + (tier.evictions - evictions) - entries
  const possible = old === undefined ? [Number(taken)] : taken ? [0, 1] : [-1, 0]
  expect(possible).toContain(added)
}

describe('the memory tier', () => {
  test('never holds more than its bound and answers only what was last set, whatever is asked of it', () => {
    const steps = fc.array(step, { maxLength: 1_500, size: 'max' })
    fc.assert(
      fc.property(steps, fc.integer({ min: 3_000, max: 1_000_000 }), fc.nat(), (asked, maxBytes, seed) => {
        const tier = createMemoryTier<object>({ maxBytes, random: createRandom(seed) })
        const model = new Map<string, object>()
        for (const each of asked) {
          apply(each, tier, model)
          expect(tier.bytes).toBeLessThanOrEqual(maxBytes)
        }
        const present = [...model].filter(([name, value]) => tier.get(name) === value)
        expect(tier.entries).toBe(present.length)
        const drawn = tier.sample()
        expect(drawn === undefined).toBe(present.length === 0)
        if (drawn !== undefined) expect(model.get(drawn.key)).toBe(drawn.value)
      }),
      { numRuns: 60 },
    )
  })

  test('stays within its bound over a million keys of mixed sizes, and uses it', () => {
    const random = createRandom(1)
    const tier = createMemoryTier<number>({ maxBytes: 4_000_000, random })
    let most = 0
    for (let at = 0; at < 1_000_000; at++) {
      tier.set(`key ${at}`, at, Math.floor(20 * 2 ** (random() * 12)))
      most = Math.max(most, tier.bytes)
    }
    expect(most).toBeLessThanOrEqual(4_000_000)
    expect(most).toBeGreaterThan(3_800_000)
    expect(tier.evictions + tier.entries).toBe(1_000_000)
  }, 60_000)

  test('counts what it holds honestly: the heap grows by no more than it says, and not by much less', () => {
    const heapBytes = () => {
      Bun.gc(true)
      return heapStats().heapSize
    }
    const names = Array.from({ length: 60_000 }, (_, at) => `some/longer/key/${at}`)
    const before = heapBytes()
    const tier = createMemoryTier<string>({ maxBytes: 8_000_000 })
    for (const name of names) tier.set(name, 'the same for all', 0)
    const grown = heapBytes() - before
    expect(tier.bytes).toBeGreaterThan(7_900_000)
    expect(grown).toBeLessThan(tier.bytes)
    expect(grown).toBeGreaterThan(tier.bytes * 0.5)
    // The names were made before, and the tier holds on to them only.
    expect(names.length).toBe(60_000)
  })

  test('pays for the memory of evicted keys and for the shadows out of its own bytes', () => {
    const tier = createMemoryTier<number>({ maxBytes: 4_096_000, random: createRandom(9) })
    let most = 0
    for (let at = 0; tier.evictions === 0; at++) {
      most = Math.max(most, tier.entries)
      tier.set(`key ${at}`, at, 4_096)
    }
    // They are made when something has to go for the first time, and entries go for them too.
    expect(tier.evictions).toBeGreaterThan(most * 0.02)
    expect(tier.evictions).toBeLessThan(most * 0.04)
    expect(tier.bytes).toBeLessThanOrEqual(4_096_000)
  })

  test('refuses an entry that would take more than an eighth of it, and drops the old value of its key', () => {
    const tier = createMemoryTier<string>({ maxBytes: 80_000 })
    expect(tier.set('a', 'old', 100)).toBe(true)
    expect(tier.set('b', 'other', 100)).toBe(true)
    expect(tier.set('a', 'new', 10_001)).toBe(false)
    expect(tier.get('a')).toBeUndefined()
    expect(tier.get('b')).toBe('other')
    expect(tier.set('c', 'endless', Infinity)).toBe(false)
    expect(tier.set('c', 'no number', NaN)).toBe(false)
    expect(tier.entries).toBe(1)
  })

  test('takes nothing in when it is too small for anything, and does not fail', () => {
    const tier = createMemoryTier<string>({ maxBytes: 0 })
    expect(tier.set('a', 'value', 1)).toBe(false)
    expect([tier.get('a'), tier.sample(), tier.entries, tier.evictions]).toEqual([undefined, undefined, 0, 0])
  })

  test('counts the new size when a key is set again', () => {
    const tier = createMemoryTier<string>({ maxBytes: 100_000 })
    tier.set('a', 'small', 100)
    const small = tier.bytes
    tier.set('a', 'large', 5_100)
    expect(tier.bytes - small).toBe(5_000)
    tier.set('a', 'small', 100)
    expect(tier.bytes).toBe(small)
    expect(tier.entries).toBe(1)
  })

  test('draws every key about equally often', () => {
    const tier = createMemoryTier<number>({ maxBytes: 1_000_000, random: createRandom(7) })
    for (let at = 0; at < 100; at++) tier.set(`key ${at}`, at, 10)
    for (let at = 0; at < 100; at += 2) tier.delete(`key ${at}`)
    const drawn = new Map<number, number>()
    for (let at = 0; at < 10_000; at++) {
      const { value } = tier.sample()!
      drawn.set(value, (drawn.get(value) ?? 0) + 1)
    }
    expect([...drawn.keys()].sort((left, right) => left - right)).toEqual(
      Array.from({ length: 50 }, (_, at) => 2 * at + 1),
    )
    expect(Math.min(...drawn.values())).toBeGreaterThan(100)
    expect(Math.max(...drawn.values())).toBeLessThan(300)
  })

  test('keeps what is dear to make again longer than what is cheap', () => {
    const random = createRandom(3)
    const tier = createMemoryTier<boolean>({ maxBytes: 500_000, random })
    const hits = { dear: 0, cheap: 0 }
    for (let at = 0; at < 60_000; at++) {
      const isDear = random() < 0.2
      const name = `${isDear ? 'dear' : 'cheap'} ${Math.floor(random() * (isDear ? 300 : 1_200))}`
      if (tier.get(name) !== undefined) hits[isDear ? 'dear' : 'cheap']++
      else tier.set(name, isDear, 1_000, isDear ? 50 : 1)
    }
    // Each dear key is asked for as often as each cheap one.
    expect(hits.dear / 12_000).toBeGreaterThan((1.5 * hits.cheap) / 48_000)
  })

  test('keeps many small entries rather than few large ones of the same use', () => {
    const random = createRandom(4)
    const tier = createMemoryTier<boolean>({ maxBytes: 1_000_000, random })
    const hits = { small: 0, large: 0 }
    for (let at = 0; at < 60_000; at++) {
      const isSmall = random() < 0.5
      const name = `${isSmall ? 'small' : 'large'} ${Math.floor(random() * 400)}`
      if (tier.get(name) !== undefined) hits[isSmall ? 'small' : 'large']++
      else tier.set(name, isSmall, isSmall ? 500 : 8_000)
    }
    expect(hits.small).toBeGreaterThan(1.5 * hits.large)
  })
})

describe('the choice of policy', () => {
  /** Asks for `count` keys named by `next`; what was a miss is fetched. Returns the share of hits. */
  function ask(tier: ReturnType<typeof createMemoryTier<number>>, count: number, next: (at: number) => number): number {
    let hits = 0
    for (let at = 0; at < count; at++) {
      const id = next(at)
      if (tier.get(`${id}`) !== undefined) hits++
      else tier.set(`${id}`, id, 4_096)
    }
    return hits / count
  }

  test('goes over to a policy that keeps a part of a loop that does not fit, and back to one of recency', () => {
    const random = createRandom(11)
    const tier = createMemoryTier<number>({ maxBytes: 1_000 * 4_096, random })
    expect(tier.policy).toBe('s3-fifo')
    ask(tier, 60_000, (at) => at % 3_000)
    // LRU would hit nothing, the optimum a third.
    expect(ask(tier, 30_000, (at) => at % 3_000)).toBeGreaterThan(0.28)
    expect(tier.policy).toBe('lirs')
    let newest = 10_000
    const nextRecent = () =>
      random() < 0.2 ? ++newest : Math.max(10_000, newest - Math.floor(-Math.log(1 - random()) * 600))
    ask(tier, 60_000, nextRecent)
    expect(tier.policy).toBe('lirs-recent')
    expect(ask(tier, 30_000, nextRecent)).toBeGreaterThan(0.5)
    expect(tier.switches).toBeGreaterThanOrEqual(2)
  })

  test('does not change its policy when all policies do the same', () => {
    const tier = createMemoryTier<number>({ maxBytes: 1_000 * 4_096, random: createRandom(5) })
    ask(tier, 100_000, (at) => at)
    expect(tier.evictions).toBeGreaterThan(90_000)
    expect(tier.switches).toBe(0)
  })
})
