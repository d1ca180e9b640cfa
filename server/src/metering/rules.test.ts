import { formatUsd, noLimitNano, toNano } from '../base/index.ts'
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createCalendar } from './periods.ts'
import { compileRules } from './rules.ts'
import { cleanTeams, cleanText, listCallerSubjects } from './subjects.ts'
import { classOf, percentileOf } from './ttft-classes.ts'

describe('periods', () => {
  test('a moment lies in its day and month of UTC, whatever came before it', () => {
    const calendar = createCalendar()
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(2100, 0) }), (at) => {
        const { day, month } = calendar(at)
        const text = new Date(at).toISOString()
        expect([day.key, month.key]).toEqual([text.slice(0, 10), text.slice(0, 7)])
        for (const { fromMs, toMs, key } of [day, month]) {
          expect(fromMs <= at && at < toMs).toBe(true)
          expect(new Date(fromMs).toISOString().startsWith(key)).toBe(true)
          expect(new Date(toMs - 1).toISOString().startsWith(key)).toBe(true)
          expect(new Date(toMs).toISOString().startsWith(key)).toBe(false)
        }
      }),
    )
  })
})

describe('money', () => {
  test.each([
    [0, '$0.00'],
    [10_000_000, '$0.01'],
    [1_500_000_000, '$1.50'],
    [1_234_567, '$0.001235'],
    [100_000, '$0.0001'],
    [12_000_000_000, '$12.00'],
  ])('%p nano is shown as %p', (nano, text) => expect(formatUsd(nano)).toBe(text))

  test('dollars become whole nano dollars, and more than nine million are no limit', () => {
    expect(toNano(0.1 + 0.2)).toBe(300_000_000)
    expect(toNano(1e9)).toBe(noLimitNano)
  })
})

describe('subjects', () => {
  test('ids cannot be made to look like another subject', () => {
    const rules = compileRules(1, [{ subject: { kind: 'user', id: 'bob' }, usdPerDay: 1 }])
    const tricky = { id: 'x\nuser:bob', credentialId: 'user:bob', via: 'key' } as const
    expect(rules.match(listCallerSubjects({ principal: tricky, teams: ['user:bob', '\nuser:bob\n'] }))).toEqual([])
    expect(rules.match(listCallerSubjects({ principal: { ...tricky, id: 'bob' }, teams: [] }))).toHaveLength(1)
  })

  test('texts and lists are bounded', () => {
    expect(cleanText('x'.repeat(10_000))).toHaveLength(300)
    expect(cleanTeams(Array.from({ length: 10_000 }, (_, index) => `t${index}`))).toHaveLength(50)
  })
})

describe('classes of times', () => {
  test('a percentile is within a tenth of the true one', () => {
    const times = fc.array(fc.double({ min: 1, max: 600_000, noNaN: true }), { minLength: 1, maxLength: 300 })
    fc.assert(
      fc.property(times, fc.constantFrom(0.5, 0.95), (list, share) => {
        const found = percentileOf(
          list.map((ms) => ({ bucket: classOf(ms), count: 1 })),
          share,
        ) as number
        const exact = list.toSorted((a, b) => a - b)[Math.ceil(list.length * share) - 1] as number
        expect(Math.abs(found / exact - 1)).toBeLessThan(0.11)
      }),
    )
  })

  test('no time has no class and no percentile', () => {
    expect(classOf(null)).toBe(-1)
    expect(percentileOf([], 0.5)).toBeNull()
  })
})
