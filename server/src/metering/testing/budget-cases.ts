/** What the meter promises of budgets. */
import { expect, test } from 'bun:test'
import { attempt, refusalOf, spend, type Current } from './current.ts'
import { bookingOf, callOf, cents, countOpen, estimateOf, free, paid } from './kit.ts'

export function describeBudgets({ meter, store, clock, reopen }: Current): void {
  const subjects = [
    { kind: 'all', id: '*' },
    { kind: 'key', id: 'key-of-ada' },
    { kind: 'user', id: 'ada' },
    { kind: 'team', id: 'physics' },
    { kind: 'model', id: 'far/large' },
    { kind: 'provider', id: 'far' },
  ] as const
  test.each(subjects)('a budget of %p holds what is under way and refuses what would exceed it', async (subject) => {
    const call = callOf('ada', { teams: ['physics'] })
    for (const period of ['usdPerDay', 'usdPerMonth'] as const) {
      await meter().setBudgets([{ subject, [period]: 0.1 }], 'owner')
      const first = await attempt(meter(), cents(6), call)
      const refusal = await refusalOf(attempt(meter(), cents(5), call))
      expect(refusal.code).toBe('budget.exceeded')
      expect(refusal.message).toContain('$0.10')
      expect(refusal.message).toContain('$0.06 held')
      expect(meter().wouldRefuse(call, paid, estimateOf(cents(5)))).toContain('$0.10')
      const second = await attempt(meter(), cents(4), call)
      first.settle(bookingOf(cents(2)))
      second.settle(bookingOf(cents(4)))
      await meter().flush()
      expect(meter().wouldRefuse(call, paid, estimateOf(cents(4)))).toBeNull()
      expect((await refusalOf(attempt(meter(), cents(5), call))).message).toContain('$0.06 spent')
      ;(await attempt(meter(), cents(4), call)).cancel()
      clock().advance(31 * 24 * 3_600_000)
    }
  })

  test('a call is not refused because of one that was settled before it', async () => {
    await meter().setBudgets([{ subject: subjects[0], usdPerDay: 0.2 }], 'owner')
    for (let index = 0; index < 10; index++) {
      const held = await attempt(meter(), cents(11))
      held.settle(bookingOf(cents(1)))
      // Planning sees the room at once, before anything is written.
      expect(meter().wouldRefuse(callOf(), paid, estimateOf(cents(9)))).toBeNull()
    }
  })

  test('who and what no rule is about is not refused', async () => {
    await meter().setBudgets([{ subject: { kind: 'user', id: 'ada' }, usdPerDay: 0 }], 'owner')
    expect((await refusalOf(attempt(meter(), 1, callOf('ada')))).code).toBe('budget.exceeded')
    await spend(meter(), cents(5), callOf('bob'))
    await spend(meter(), 0, callOf('ada'), free)
    ;(await attempt(meter(), null, callOf('ada'))).settle(bookingOf(null))
  })

  test('a call more than the whole budget is told so, and no time to come back', async () => {
    await meter().setBudgets([{ subject: subjects[0], usdPerDay: 0.01 }], 'owner')
    const refusal = await refusalOf(attempt(meter(), cents(2)))
    expect(refusal.message).toContain('more than the whole budget')
    expect(refusal.retryAfterMs).toBeNull()
  })

  test('a refusal names no one, and the time to come back when it is within the hour', async () => {
    clock().advance(11.5 * 3_600_000)
    await meter().setBudgets([{ subject: { kind: 'user', id: 'ada' }, usdPerDay: 0.01 }], 'owner')
    await spend(meter(), cents(1))
    const refusal = await refusalOf(attempt(meter(), 1))
    expect(refusal.message).toContain('this user')
    expect(refusal.message).not.toContain('ada')
    expect(refusal.retryAfterMs).toBe(30 * 60_000)
  })

  test.each([
    [{ kind: 'all', id: '*' }, 'this server'],
    [{ kind: 'team', id: 'physics' }, 'the team “physics”'],
    [{ kind: 'model', id: 'far/large' }, 'the model “far/large”'],
    [{ kind: 'provider', id: 'far' }, 'the provider “far”'],
  ] as const)(
    'whose a budget of %j is and how it stands is told to who may see usage, and to nobody else',
    async (subject, name) => {
      clock().advance(11.5 * 3_600_000)
      const hidden = /physics|far\/|“|\$|\d/
      const seen = callOf('ada', { teams: ['physics'] })
      const unseen = callOf('ada', { teams: ['physics'], mayReadUsage: () => false })
      await meter().setBudgets([{ subject, usdPerDay: 0.1 }], 'owner')
      const told = await refusalOf(attempt(meter(), cents(11), seen))
      expect(told.message).toContain(`The budget of ${name} for the day is $0.10`)
      await spend(meter(), cents(9), seen)
      const [first, second] = [
        await refusalOf(attempt(meter(), cents(2), seen)),
        await refusalOf(attempt(meter(), cents(2), unseen)),
      ]
      expect([second.code, second.retryAfterMs]).toEqual([first.code, 30 * 60_000])
      expect(second.message).toContain('A budget of your organisation')
      expect(second.message).not.toMatch(hidden)
      expect(second.internal).toContain('$0.09 spent')
      const planned = meter().wouldRefuse(unseen, paid, estimateOf(cents(2)))
      expect(planned).toContain('A budget of your organisation')
      expect(planned).not.toMatch(hidden)
      await meter().setBudgets([{ subject, requestsPerMinute: 1, tokensPerMinute: 1_000 }], 'owner')
      await spend(meter(), 0, unseen)
      const limited = await refusalOf(attempt(meter(), 0, unseen))
      expect(limited.code).toBe('limit.requests')
      expect(limited.retryAfterMs).toBeGreaterThan(0)
      expect(limited.message).toContain('A limit of your organisation on requests a minute is reached. Try again in')
      expect(limited.message).not.toMatch(/physics|far\/|“|is 1 /)
    },
  )

  test('whose own key, outer key or user has the budget is told how it stands', async () => {
    const principal = { id: 'ada', credentialId: 'inner', withinKeys: ['outer'], via: 'key' as const }
    const call = callOf('ada', { principal, mayReadUsage: () => false })
    for (const [kind, id, name] of [
      ['key', 'inner', 'this API key'],
      ['key', 'outer', 'an API key that this one stays within'],
      ['user', 'ada', 'this user'],
    ] as const) {
      await meter().setBudgets([{ subject: { kind, id }, usdPerDay: 0.1 }], 'owner')
      const refusal = await refusalOf(attempt(meter(), cents(11), call))
      expect(refusal.message).toContain(`The budget of ${name} for the day is $0.10`)
    }
  })

  test('a new day and a new month begin with nothing spent, and a call counts where it began', async () => {
    await meter().setBudgets([{ subject: subjects[0], usdPerDay: 0.05, usdPerMonth: 0.12 }], 'owner')
    const late = await attempt(meter(), cents(5))
    clock().advance(24 * 3_600_000)
    late.settle(bookingOf(cents(5)))
    await spend(meter(), cents(5))
    expect((await refusalOf(attempt(meter(), cents(1)))).message).toContain('for the day')
    clock().advance(24 * 3_600_000)
    expect((await refusalOf(attempt(meter(), cents(3)))).message).toContain('for the month')
    clock().advance(30 * 24 * 3_600_000)
    await spend(meter(), cents(5))
    const [state] = await meter().listBudgets()
    expect(state?.month.spentUsd).toBe(0.05)
    expect(state?.month.resetsAt).toBe(Date.UTC(2026, 4, 1))
  })

  test('a budget set late knows what was spent and what is under way', async () => {
    await spend(meter(), cents(7))
    const held = await attempt(meter(), cents(2))
    const [state] = await meter().setBudgets([{ subject: subjects[2], usdPerMonth: 0.1 }], 'owner')
    expect(state).toMatchObject({ month: { spentUsd: 0.07, reservedUsd: 0.02 }, day: { spentUsd: 0.07 } })
    expect((await refusalOf(attempt(meter(), cents(2)))).code).toBe('budget.exceeded')
    held.settle(bookingOf(cents(1)))
    await spend(meter(), cents(2))
  })

  test('a call that cost more than was held is booked in full, and the next is refused', async () => {
    await meter().setBudgets([{ subject: subjects[0], usdPerDay: 0.1 }], 'owner')
    ;(await attempt(meter(), cents(1))).settle(bookingOf(cents(30)))
    await meter().flush()
    expect((await meter().listBudgets())[0]?.day.spentUsd).toBe(0.3)
    expect((await refusalOf(attempt(meter(), 1))).code).toBe('budget.exceeded')
    await spend(meter(), 0)
  })

  test('a cost that was not foreseen counts, also as the first of its day', async () => {
    await meter().setBudgets([{ subject: subjects[0], usdPerDay: 0.1 }], 'owner')
    clock().advance(24 * 3_600_000)
    ;(await attempt(meter(), 0, callOf(), free)).settle(bookingOf(cents(9)))
    await meter().flush()
    expect((await refusalOf(attempt(meter(), cents(2)))).code).toBe('budget.exceeded')
  })

  test('100 calls at once take exactly what fits', async () => {
    await meter().setBudgets([{ subject: subjects[0], usdPerDay: 0.37 }], 'owner')
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => attempt(meter(), cents(1))))
    const taken = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    expect(taken).toHaveLength(37)
    for (const held of taken) held.settle(bookingOf(cents(1)))
    await meter().flush()
    const [state] = await meter().listBudgets()
    expect(state?.day).toMatchObject({ spentUsd: 0.37, reservedUsd: 0 })
  })

  test('what was spent is still there after a restart', async () => {
    await meter().setBudgets([{ subject: subjects[0], usdPerDay: 0.1 }], 'owner')
    await spend(meter(), cents(8))
    const again = await reopen()
    expect((await refusalOf(attempt(again, cents(3)))).message).toContain('$0.08 spent')
    expect(await countOpen(store())).toBe(0)
  })
}
