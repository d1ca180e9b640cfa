/** The alarm for usage that no longer fits. */
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Fields } from '../../base/index.ts'
import { createDriftWatch } from './drift.ts'

function setUp() {
  let time = 0
  const warnings: Fields[] = []
  const ignore = () => {}
  const logger = {
    debug: ignore,
    info: ignore,
    error: ignore,
    warn: (_: string, fields: Fields = {}) => void warnings.push(fields),
  }
  const watch = createDriftWatch({ logger, clock: { now: () => time, monotonic: () => time } })
  const observe = (times: number, told: number, estimated: number, deployment = 'hosted/large') => {
    for (let at = 0; at < times; at++)
      watch.observe({
        deployment,
        told: { input: told, output: told },
        estimated: { input: estimated, output: estimated },
      })
  }
  const pay = (times: number, toldUsd: number | null, computedUsd: number | null) => {
    for (let at = 0; at < times; at++) watch.observe({ deployment: 'router/large', toldUsd, computedUsd })
  }
  return { watch, warnings, observe, pay, wait: (ms: number) => void (time += ms) }
}

test('says nothing while counts agree within the rule of estimation', () => {
  const { watch, warnings, observe } = setUp()
  observe(500, 130, 100)
  observe(500, 70, 100, 'hosted/other')
  expect(warnings).toEqual([])
  expect(watch.ratios().map(({ ratio }) => Math.round(ratio * 100) / 100)).toEqual([1.3, 0.7])
})

test('warns after twenty observations that are more than twice or less than half of ours, and not before', () => {
  for (const [told, estimated] of [
    [300, 100],
    [100, 300],
  ] as const) {
    const { watch, warnings, observe } = setUp()
    observe(19, told, estimated)
    expect(warnings).toEqual([])
    expect(watch.ratios()).toEqual([])
    observe(1, told, estimated)
    expect(warnings).toEqual([
      { deployment: 'hosted/large', of: 'input', ratio: Math.round((told / estimated) * 100) / 100 },
    ])
  }
})

test('warns once an hour for each deployment', () => {
  const { warnings, observe, wait } = setUp()
  observe(200, 300, 100)
  observe(200, 300, 100, 'hosted/other')
  expect(warnings.map(({ deployment }) => deployment)).toEqual(['hosted/large', 'hosted/other'])
  wait(3_599_999)
  observe(1, 300, 100)
  expect(warnings).toHaveLength(2)
  wait(1)
  observe(1, 300, 100)
  expect(warnings).toHaveLength(3)
})

test('one reply that is far off is no alarm', () => {
  const { warnings, observe } = setUp()
  observe(100, 100, 100)
  observe(1, 1_000, 100)
  expect(warnings).toEqual([])
})

test('a change is noticed although many replies agreed before it', () => {
  const { warnings, observe } = setUp()
  observe(100_000, 100, 100)
  observe(100, 400, 100)
  expect(warnings).toHaveLength(1)
})

test('a cost that a provider tells must fit our price within a tenth', () => {
  const close = setUp()
  close.pay(100, 0.0105, 0.01)
  expect(close.warnings).toEqual([])
  const far = setUp()
  far.pay(100, 0.012, 0.01)
  expect(far.warnings).toEqual([{ deployment: 'router/large', of: 'cost', ratio: 1.2 }])
  expect(far.watch.ratios()).toMatchObject([{ deployment: 'router/large', of: 'cost' }])
})

test('what was not told, or cannot be, counts as no observation', () => {
  const { watch, warnings, pay } = setUp()
  const odd = [null, undefined, 0, -5, NaN, Infinity, 1e300]
  fc.assert(
    fc.property(fc.constantFrom(...odd), fc.constantFrom(...odd), (told, computed) => {
      watch.observe({
        deployment: 'odd/one',
        told: { input: told ?? null, output: told ?? null },
        estimated: { input: computed ?? null, output: computed ?? null },
      })
      pay(1, told ?? null, computed ?? null)
    }),
  )
  expect(warnings).toEqual([])
  expect(watch.ratios()).toEqual([])
})

test('ratios are finite and positive whatever was observed', () => {
  const { watch } = setUp()
  const count = fc.oneof(fc.double({ noNaN: false }), fc.nat())
  fc.assert(
    fc.property(fc.array(fc.tuple(count, count), { minLength: 20, maxLength: 60 }), (pairs) => {
      for (const [toldUsd, computedUsd] of pairs) watch.observe({ deployment: 'any/one', toldUsd, computedUsd })
      for (const { ratio } of watch.ratios()) expect(ratio > 0 && Number.isFinite(ratio)).toBe(true)
    }),
  )
  expect(watch.ratios()).toHaveLength(1)
})

test('holds a bounded number of deployments', () => {
  const { watch, observe } = setUp()
  for (let at = 0; at < 2_100; at++) observe(20, 1, 1, `provider/model-${at}`)
  expect(watch.ratios()).toHaveLength(2_000)
  expect(watch.ratios().at(-1)?.deployment).toBe('provider/model-2099')
})
