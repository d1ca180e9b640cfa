/** What the meter promises of rules and limits. */
import { expect, test } from 'bun:test'
import { meteringSchema } from '../index.ts'
import { attempt, refusalOf, spend, type Current } from './current.ts'
import { bookingOf, callOf, cents, estimateOf, free, openTestMeter, paid } from './kit.ts'

export function describeRules({ meter, store, place, clock }: Current): void {
  const all = { kind: 'all', id: '*' } as const

  test('two rules about one subject, and `all` with another id, are refused with the place of the mistake', async () => {
    for (const rules of [
      [{ subject: all }, { subject: all, usdPerDay: 1 }],
      [{ subject: { kind: 'all', id: 'x' } }],
    ] as const) {
      const refusal = await refusalOf(meter().setBudgets(rules, 'owner'))
      expect(refusal.code).toBe('request.invalid')
      expect(refusal.param).toBe(`rules[${rules.length - 1}].subject`)
    }
    expect(await meter().listBudgets()).toEqual([])
  })

  test('each change is a version that says who made it', async () => {
    await meter().setBudgets([{ subject: all, usdPerDay: 1 }], 'ada')
    await meter().setBudgets([], 'bob')
    const rows = await store().read('SELECT version, at, set_by FROM metering_budgets ORDER BY version')
    expect(rows).toEqual([
      { version: 1, at: clock().now(), set_by: 'ada' },
      { version: 2, at: clock().now(), set_by: 'bob' },
    ])
    expect(await meter().listBudgets()).toEqual([])
  })

  test('rules that are raised, lowered and removed hold at once', async () => {
    await spend(meter(), cents(5))
    for (const [usd, fits] of [
      [0.05, false],
      [0.06, true],
      [0.01, false],
    ] as const) {
      await meter().setBudgets([{ subject: all, usdPerDay: usd }], 'owner')
      const reason = meter().wouldRefuse(callOf(), paid, estimateOf(cents(1)))
      expect(reason === null).toBe(fits)
      if (fits) (await attempt(meter(), cents(1))).cancel()
      else await refusalOf(attempt(meter(), cents(1)))
    }
    await meter().setBudgets([], 'owner')
    await spend(meter(), cents(50))
  })

  test('another process that has not heard of a new rule yet cannot spend past it', async () => {
    if (!place().takesSeveral) return
    const store2 = await place().open([meteringSchema])
    // It never looks of its own accord.
    const other = await openTestMeter(store2, place().location, { clock: clock(), isFirst: false, refreshMs: 1e9 })
    const early = await attempt(other, cents(3))
    await meter().setBudgets([{ subject: all, usdPerDay: 0.05 }], 'owner')
    expect((await refusalOf(attempt(other, cents(3)))).code).toBe('budget.exceeded')
    early.settle(bookingOf(cents(3)))
    await other.flush()
    await meter().setBudgets([], 'owner')
    await spend(other, cents(90))
    await other.close()
    await store2.close()
  })

  test('another process hears of rules and balances within a few looks', async () => {
    if (!place().takesSeveral) return
    const store2 = await place().open([meteringSchema])
    const other = await openTestMeter(store2, place().location, { clock: clock(), isFirst: false, refreshMs: 20 })
    await meter().setBudgets([{ subject: all, usdPerDay: 0.05, requestsPerMinute: 1 }], 'owner')
    await spend(meter(), cents(4))
    const until = performance.now() + 5_000
    while (!other.wouldRefuse(callOf(), paid, estimateOf(cents(2)))?.includes('spent;') && performance.now() < until)
      await Bun.sleep(10)
    expect(other.wouldRefuse(callOf(), paid, estimateOf(cents(2)))).toContain('$0.04 spent')
    await other.begin(callOf())
    expect((await refusalOf(other.begin(callOf()))).code).toBe('limit.requests')
    await other.close()
    await store2.close()
  })

  test('a thousand rules are set, listed and held', async () => {
    const rules = Array.from({ length: 1_000 }, (_, index) => ({
      subject: { kind: 'user' as const, id: `user${index}` },
      usdPerDay: 0.01,
    }))
    await spend(meter(), cents(1), callOf('user999'))
    const states = await meter().setBudgets(rules, 'owner')
    expect(states).toHaveLength(1_000)
    expect(states[999]?.day.spentUsd).toBe(0.01)
    expect((await refusalOf(attempt(meter(), 1, callOf('user999')))).code).toBe('budget.exceeded')
    await spend(meter(), cents(1), callOf('user998'))
  })

  test('limits of requests and tokens are refused with the moment at which they are free again', async () => {
    await meter().setBudgets(
      [{ subject: { kind: 'key', id: 'key-of-ada' }, requestsPerMinute: 2, tokensPerMinute: 250 }],
      'owner',
    )
    const first = await meter().begin(callOf())
    await meter().begin(callOf())
    const tooMany = await refusalOf(meter().begin(callOf()))
    expect([tooMany.code, tooMany.retryAfterMs]).toEqual(['limit.requests', 30_000])
    expect(tooMany.message).toContain('2 requests a minute')
    clock().advance(29_999)
    expect((await refusalOf(meter().begin(callOf()))).retryAfterMs).toBe(1)
    clock().advance(1)
    await meter().begin(callOf())

    const one = await first.attempt(free, estimateOf(null, 100))
    const two = await first.attempt(free, estimateOf(null, 100))
    const refused = await refusalOf(first.attempt(free, estimateOf(null, 100)))
    expect([refused.code, refused.retryAfterMs]).toEqual(['limit.tokens', 12_000])
    expect(meter().wouldRefuse(callOf(), free, estimateOf(null, 100))).toContain('250 tokens a minute')
    one.settle(bookingOf(null, { inputTokens: 30, outputTokens: 20 }))
    expect(meter().wouldRefuse(callOf(), free, estimateOf(null, 100))).toBeNull()
    two.cancel()
    const large = await refusalOf(first.attempt(free, estimateOf(null, 300)))
    expect(large.retryAfterMs).toBeNull()
    expect(large.message).toContain('may use 300')
  })

  test('a limit of a model is taken when the model is chosen, and a refused budget gives it back', async () => {
    await meter().setBudgets(
      [
        { subject: { kind: 'model', id: 'far/large' }, requestsPerMinute: 1 },
        { subject: { kind: 'user', id: 'ada' }, usdPerDay: 0 },
      ],
      'owner',
    )
    expect((await refusalOf(attempt(meter(), cents(1)))).code).toBe('budget.exceeded')
    const held = await attempt(meter(), cents(1), callOf('bob'))
    expect((await refusalOf(attempt(meter(), cents(1), callOf('bob')))).code).toBe('limit.requests')
    held.cancel()
    await spend(meter(), cents(1), callOf('bob'))
    await spend(meter(), 0, callOf('bob'), free)
  })
}
