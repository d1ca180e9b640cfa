/** How names of models are read. */
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { compareVersions, listNames, parseModelName } from './model-names.ts'

test.each([
  ['claude-sonnet-4-5-20250929', 'claude-sonnet', [4, 5], 'dated'],
  ['claude-3-7-sonnet-latest', 'claude-sonnet', [3, 7], 'latest'],
  ['claude-sonnet-4-0', 'claude-sonnet', [4], 'plain'],
  ['claude-sonnet-4@20250514', 'claude-sonnet', [4], 'dated'],
  ['us.anthropic.claude-sonnet-4-20250514-v1:0', 'anthropic.claude-sonnet', [4], 'dated'],
  ['gpt-5-2025-08-07', 'gpt', [5], 'dated'],
  ['gpt-4o-mini', 'gpt-4o-mini', [], 'plain'],
  ['o4-mini', 'o-mini', [4], 'plain'],
  ['models/gemini-2.0-flash-001', 'gemini-flash', [2], 'dated'],
  ['gemini-2.5-flash-preview-05-20', 'gemini-flash', [2, 5], 'dated'],
  ['grok-4-0709', 'grok', [4], 'dated'],
  ['mistral-large-2512', 'mistral-large', [2512], 'plain'],
  ['mistral-large-latest', 'mistral-large', [], 'latest'],
  ['qwen/qwen3-32b:free', 'qwen/qwen-32b', [3], 'plain'],
] as const)('reads %s', (model, family, version, issue) => {
  expect(parseModelName(model)).toEqual({ family, version: [...version], issue })
})

test('a size, a kind or a letter in the version keeps two models in different families', () => {
  const family = (model: string) => parseModelName(model).family
  expect(family('qwen3-8b')).not.toBe(family('qwen3-32b'))
  expect(family('gpt-5.2')).not.toBe(family('gpt-5.2-codex'))
  expect(family('gpt-4o')).not.toBe(family('gpt-4'))
})

test('reads any name without throwing, the same for any case and twice', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200, unit: 'binary' }), (model) => {
      expect(parseModelName(model)).toEqual(parseModelName(model.toLowerCase()))
      for (const name of listNames(model)) expect(name.length).toBeLessThanOrEqual(model.toLowerCase().length)
    }),
    { numRuns: 2_000 },
  )
})

test('the order of versions is total and zeros at the end do not count', () => {
  const version = fc.array(fc.nat(99), { maxLength: 4 })
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0)
      expect(compareVersions(a, [...a, 0])).toBe(0)
      if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) expect(compareVersions(a, c)).toBeLessThanOrEqual(0)
    }),
  )
})
