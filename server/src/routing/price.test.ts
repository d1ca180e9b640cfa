/** What a call costs. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { estimateNanoUsd, nanoUsdOf, type Priced } from './price.ts'

const gpt: Priced = {
  inputUsdPerMTok: 1.25,
  outputUsdPerMTok: 10,
  cacheReadUsdPerMTok: 0.125,
  cacheWriteUsdPerMTok: null,
}
const none: Priced = {
  inputUsdPerMTok: null,
  outputUsdPerMTok: null,
  cacheReadUsdPerMTok: null,
  cacheWriteUsdPerMTok: null,
}

/** Six digits after the point, as vendors write prices. */
const usd = fc.nat(100_000_000).map((micro) => micro / 1e6)
const tokens = fc.nat(2_000_000)
const priced = fc.record({
  inputUsdPerMTok: usd,
  outputUsdPerMTok: usd,
  cacheReadUsdPerMTok: fc.option(usd),
  cacheWriteUsdPerMTok: fc.option(usd),
})

/** The same by rational numbers, in picodollars. */
function picoOf(price: Priced, usage: { input: number; output: number; read: number; write: number }): bigint {
  const of = (count: number, each: number | null) => BigInt(count) * BigInt(Math.round((each ?? 0) * 1e6))
  const { inputUsdPerMTok: input } = price
  return (
    of(usage.input - usage.read - usage.write, input) +
    of(usage.read, price.cacheReadUsdPerMTok ?? input) +
    of(usage.write, price.cacheWriteUsdPerMTok ?? input) +
    of(usage.output, price.outputUsdPerMTok)
  )
}

describe('a cost', () => {
  test('is tokens by the price of a million of them, in whole nanodollars', () => {
    expect(nanoUsdOf(gpt, 'external', { input: 1_000_000, output: 0 })).toBe(1_250_000_000)
    expect(nanoUsdOf(gpt, 'external', { input: 1_000, output: 500 })).toBe(1_250_000 + 5_000_000)
  })

  test('takes what was read from and written to the prompt cache at its own price, else as other input', () => {
    expect(nanoUsdOf(gpt, 'external', { input: 1_000, output: 0, cacheRead: 800 })).toBe(250_000 + 100_000)
    expect(nanoUsdOf(gpt, 'external', { input: 1_000, output: 0, cacheWrite: 800 })).toBe(1_250_000)
    const written = { ...gpt, cacheWriteUsdPerMTok: 2 }
    expect(nanoUsdOf(written, 'external', { input: 1_000, output: 0, cacheWrite: 800 })).toBe(250_000 + 1_600_000)
  })

  test('is unknown without a price', () => {
    expect(nanoUsdOf(none, 'external', { input: 10, output: 10 })).toBeNull()
    expect(nanoUsdOf({ ...gpt, outputUsdPerMTok: null }, 'external', { input: 10, output: 10 })).toBeNull()
    expect(estimateNanoUsd(none, 'external', { inputTokens: 10, outputTokens: 10 })).toBeNull()
  })

  test('is nothing on this machine without a declared price, and the declared price with one', () => {
    expect(nanoUsdOf(none, 'local', { input: 10, output: null })).toBe(0)
    expect(nanoUsdOf(gpt, 'local', { input: 1_000, output: 0 })).toBe(1_250_000)
  })

  test('is unknown when a count that costs something was not told', () => {
    expect(nanoUsdOf(gpt, 'external', { input: null, output: 10 })).toBeNull()
    expect(nanoUsdOf(gpt, 'external', { input: 10, output: null })).toBeNull()
    const free = { ...none, inputUsdPerMTok: 0, outputUsdPerMTok: 0 }
    expect(nanoUsdOf(free, 'external', { input: null, output: null })).toBe(0)
  })

  test('of embeddings needs no price of output', () => {
    const embedding = { ...none, inputUsdPerMTok: 0.02, kind: 'embedding' } as const
    expect(nanoUsdOf(embedding, 'external', { input: 1_000, output: null })).toBe(20_000)
  })

  test('keeps to a number that sums stay exact with, also for absurd counts', () => {
    const dear = { ...gpt, outputUsdPerMTok: 1e6 }
    expect(nanoUsdOf(dear, 'external', { input: 0, output: 1e12 })).toBe(Number.MAX_SAFE_INTEGER)
    expect(nanoUsdOf(dear, 'external', { input: 0, output: Infinity })).toBe(Number.MAX_SAFE_INTEGER)
    expect(nanoUsdOf(gpt, 'external', { input: NaN, output: 0 })).toBeNull()
    expect(nanoUsdOf(gpt, 'external', { input: -5, output: 1.5 })).toBe(20_000)
  })
})

describe('for any price and usage', () => {
  test('is the exact cost, rounded up by less than one nanodollar, so that sums miss by less than one for each call', () => {
    fc.assert(
      fc.property(priced, tokens, tokens, fc.nat(1_000), fc.nat(1_000), (price, input, output, a, b) => {
        const read = Math.floor((input * a) / 2_001)
        const write = Math.floor((input * b) / 2_001)
        const nano = nanoUsdOf(price, 'external', { input, output, cacheRead: read, cacheWrite: write })
        const over = BigInt(nano ?? -1) * 1_000n - picoOf(price, { input, output, read, write })
        expect(over >= 0n && over < 1_000n).toBe(true)
      }),
      { numRuns: 3_000 },
    )
  })

  test('stays exact above what a double holds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1e9, max: 9e9 }), fc.integer({ min: 100, max: 900 }), (output, price) => {
        const each = { ...gpt, outputUsdPerMTok: price }
        const exact = (picoOf(each, { input: 0, output, read: 0, write: 0 }) + 999n) / 1_000n
        const most = BigInt(Number.MAX_SAFE_INTEGER)
        expect(nanoUsdOf(each, 'external', { input: 0, output })).toBe(Number(exact < most ? exact : most))
      }),
    )
  })

  test('is never negative and never falls when a count grows, whatever a provider tells', () => {
    const count = fc.oneof(tokens, fc.double({ noNaN: true }), fc.integer())
    fc.assert(
      fc.property(priced, count, count, count, tokens, (price, input, output, cacheRead, more) => {
        const cost = nanoUsdOf(price, 'external', { input, output, cacheRead }) ?? NaN
        expect(Number.isSafeInteger(cost) && cost >= 0).toBe(true)
        expect(nanoUsdOf(price, 'external', { input, output: output + more, cacheRead })).toBeGreaterThanOrEqual(cost)
      }),
      { numRuns: 1_000 },
    )
  })

  test('more input never costs less, the cache apart', () => {
    fc.assert(
      fc.property(priced, tokens, tokens, tokens, (price, input, output, more) => {
        const cost = nanoUsdOf(price, 'external', { input, output }) ?? NaN
        expect(nanoUsdOf(price, 'external', { input: input + more, output })).toBeGreaterThanOrEqual(cost)
      }),
    )
  })

  test('the estimate is what the same counts would cost without a prompt cache', () => {
    fc.assert(
      fc.property(priced, tokens, tokens, (price, inputTokens, outputTokens) => {
        const cost = nanoUsdOf(price, 'external', { input: inputTokens, output: outputTokens })
        expect(estimateNanoUsd(price, 'external', { inputTokens, outputTokens })).toBe(cost)
      }),
    )
  })
})
