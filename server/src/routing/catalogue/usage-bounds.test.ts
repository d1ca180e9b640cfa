/** Which usage is believed. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { findUsageDoubt, type UsageQuestion } from './usage-bounds.ts'

type Known = UsageQuestion['info']

const unknown: Known = { contextWindow: null, maxOutputTokens: null, capabilities: {}, builtIn: false }

function ask(input: number | null, output: number | null, more: Partial<UsageQuestion> = {}) {
  const needs = { kind: 'chat' as const, inputTokens: 1_000 }
  return findUsageDoubt({
    usage: { input, output },
    info: unknown,
    needs,
    chars: 400,
    isWhole: true,
    mayAdd: false,
    ...more,
  })
}

test('what is not told is not doubted, nor what the built-in model uses', () => {
  expect(ask(null, null)).toBeNull()
  expect(ask(0, 0, { info: { ...unknown, builtIn: true } })).toBeNull()
})

describe('input', () => {
  test.each([
    [0, 'input-low'],
    [1, null],
    [1_100_000, null],
    [1_100_001, 'input-high'],
    [Number.MAX_SAFE_INTEGER + 1, 'input-high'],
    [Infinity, 'input-high'],
  ])('of %d for an estimate of 1,000: %s', (input, doubt) => {
    expect(ask(input, 100)).toBe(doubt as never)
  })

  test('is bounded by the window, and by it alone where the provider may add to the request', () => {
    const info = { ...unknown, contextWindow: 8_000 }
    expect(ask(64_000, 100, { info })).toBeNull()
    expect(ask(64_001, 100, { info })).toBe('input-high')
    expect(ask(9_000_000, 100, { mayAdd: true })).toBeNull()
    expect(ask(10_000_001, 100, { mayAdd: true })).toBe('input-high')
  })
})

describe('output', () => {
  test.each([
    [12, 'output-low'],
    [13, null],
    [1_000_000, null],
    [1_000_001, 'output-high'],
    [NaN, 'output-high'],
  ])('of %d for 400 characters: %s', (output, doubt) => {
    expect(ask(1_000, output)).toBe(doubt as never)
  })

  test('of nothing that was said may be nothing', () => {
    expect(ask(1_000, 0, { chars: 0 })).toBeNull()
  })

  test('is bounded by the longest reply, else by the window, but never below what was seen', () => {
    expect(ask(1_000, 800, { info: { ...unknown, maxOutputTokens: 100 } })).toBeNull()
    expect(ask(1_000, 1_601, { info: { ...unknown, maxOutputTokens: 100 } })).toBe('output-high')
    expect(ask(1_000, 1_600, { info: { ...unknown, maxOutputTokens: 100 } })).toBeNull()
    expect(ask(1_000, 8_001, { info: { ...unknown, contextWindow: 1_000 } })).toBe('output-high')
  })

  test('that is all seen is bounded by what was seen', () => {
    const info = { ...unknown, capabilities: { reasoning: false } }
    expect(ask(1_000, 17_984, { info })).toBeNull()
    expect(ask(1_000, 17_985, { info })).toBe('output-high')
    expect(ask(1_000, 17_985, { info, isWhole: false })).toBeNull()
  })

  test('of embeddings is not looked at', () => {
    expect(ask(1_000, 0, { needs: { kind: 'embedding', inputTokens: 1_000 } })).toBeNull()
  })
})

test('what a tokenizer of bytes makes of a text is always believed, in any script', () => {
  const text = fc.string({ unit: fc.constantFrom('a', ' ', 'é', 'ж', '知', '😀', '\n'), minLength: 1, maxLength: 400 })
  fc.assert(
    fc.property(text, fc.double({ min: 0, max: 1, noNaN: true }), (said, share) => {
      // From a token for each byte down to one for thirty-two UTF-16 units.
      const [most, least] = [Buffer.byteLength(said), Math.ceil(said.length / 32)]
      const output = Math.round(least + (most - least) * share)
      const info = { ...unknown, capabilities: { reasoning: false } }
      expect(ask(1_000, output, { info, chars: said.length })).toBeNull()
    }),
  )
})
