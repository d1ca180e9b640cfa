/** What the meter promises of keys within keys. */
import { expect, test } from 'bun:test'
import type { BudgetRule } from '@cairn/contract'
import { attempt, refusalOf, spend, type Current } from './current.ts'
import { bookingOf, callOf, cents, countOpen, estimateOf, paid } from './kit.ts'

/** A call with a key that stays within the keys named after it. */
function callWith(credentialId: string, ...withinKeys: string[]) {
  return callOf('ada', { principal: { id: 'ada', credentialId, withinKeys, via: 'key' } })
}

const parentOnly = callWith('parent')
const child = callWith('child', 'parent')
const other = callWith('other', 'parent')
const grandchild = callWith('grandchild', 'child', 'parent')

const ofKey = (id: string, rule: Omit<BudgetRule, 'subject'>): BudgetRule => ({ subject: { kind: 'key', id }, ...rule })

export function describeChains({ meter, store, clock, reopen }: Current): void {
  test('keys within a key share its budget, and with a budget of their own have both', async () => {
    await meter().setBudgets([ofKey('parent', { usdPerDay: 0.1 }), ofKey('child', { usdPerDay: 0.04 })], 'owner')
    const held = await attempt(meter(), cents(3), grandchild)
    expect((await refusalOf(attempt(meter(), cents(2), child))).code).toBe('budget.exceeded')
    expect(meter().wouldRefuse(child, paid, estimateOf(cents(2)))).not.toBeNull()
    held.settle(bookingOf(cents(4)))
    await spend(meter(), cents(5), other)
    expect(meter().wouldRefuse(other, paid, estimateOf(cents(2)))).not.toBeNull()
    expect((await refusalOf(attempt(meter(), cents(2), other))).code).toBe('budget.exceeded')
    expect((await refusalOf(attempt(meter(), cents(2), parentOnly))).code).toBe('budget.exceeded')
    await spend(meter(), cents(1), parentOnly)
    const spent = (await meter().listBudgets()).map(({ subject, day }) => [subject.id, day.spentUsd, day.reservedUsd])
    expect(spent).toEqual([
      ['parent', 0.1, 0],
      ['child', 0.04, 0],
    ])
  })

  test('a hundred calls at once with ten keys within one take exactly what fits it', async () => {
    await meter().setBudgets([ofKey('parent', { usdPerDay: 0.37 })], 'owner')
    const calls = Array.from({ length: 100 }, (_, at) => callWith(`child-${at % 10}`, 'parent'))
    const outcomes = await Promise.allSettled(calls.map((call) => attempt(meter(), cents(1), call)))
    const taken = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    expect(taken).toHaveLength(37)
    for (const held of taken) held.settle(bookingOf(cents(1)))
    await meter().flush()
    expect((await meter().listBudgets())[0]?.day).toMatchObject({ spentUsd: 0.37, reservedUsd: 0 })
  })

  test('requests and tokens of keys within a key are taken from its limits', async () => {
    await meter().setBudgets([ofKey('parent', { requestsPerMinute: 2 })], 'owner')
    await spend(meter(), 0, child)
    await spend(meter(), 0, grandchild)
    expect((await refusalOf(meter().begin(other))).code).toBe('limit.requests')
    await meter().setBudgets([ofKey('parent', { tokensPerMinute: 150 })], 'owner')
    await attempt(meter(), 0, child)
    expect((await refusalOf(attempt(meter(), 0, other))).code).toBe('limit.tokens')
    await meter().begin(callWith('stranger'))
  })

  test('a budget set late knows what keys within it spent and hold', async () => {
    await spend(meter(), cents(2), grandchild)
    await spend(meter(), cents(1), parentOnly)
    const held = await attempt(meter(), cents(4), child)
    const [state] = await meter().setBudgets([ofKey('parent', { usdPerMonth: 0.1 })], 'owner')
    expect(state).toMatchObject({ month: { spentUsd: 0.03, reservedUsd: 0.04 } })
    expect((await refusalOf(attempt(meter(), cents(4), other))).code).toBe('budget.exceeded')
    held.cancel()
  })

  test('what is used with a key within others is counted once by key, user and in total', async () => {
    await spend(meter(), cents(2), grandchild)
    await spend(meter(), cents(1), parentOnly)
    for (const by of ['key', 'user', 'model', 'provider', 'kind'] as const) {
      const { rows, total } = await meter().usage({ by })
      expect(total).toMatchObject({ calls: 2, costUsd: 0.03 })
      expect(rows.reduce((sum, { costUsd }) => sum + costUsd, 0)).toBeCloseTo(0.03, 9)
    }
    const { rows } = await meter().usage({ by: 'key' })
    expect(rows.map(({ group, costUsd }) => [group, costUsd])).toEqual([
      ['grandchild', 0.02],
      ['parent', 0.01],
    ])
    const [line] = await store().read("SELECT within_keys FROM metering_ledger WHERE key_id = 'grandchild'")
    expect(line).toEqual({ within_keys: '["child","parent"]' })
  })

  test('a chain that names a key twice counts it once', async () => {
    await meter().setBudgets([ofKey('parent', { usdPerDay: 1 })], 'owner')
    await spend(meter(), cents(3), callWith('parent', 'parent', 'parent'))
    await spend(meter(), cents(3), callWith('child', 'parent', 'parent', 'child'))
    expect((await meter().listBudgets())[0]?.day.spentUsd).toBe(0.06)
  })

  test('what a dead process held with a key within another is booked for both', async () => {
    await meter().setBudgets([ofKey('parent', { usdPerDay: 1 }), ofKey('child', { usdPerDay: 1 })], 'owner')
    await attempt(meter(), cents(3), grandchild)
    const again = await reopen()
    expect(await countOpen(store())).toBe(0)
    for (const { day } of await again.listBudgets()) expect(day).toMatchObject({ spentUsd: 0.03, reservedUsd: 0 })
    // Also from the ledger alone, as on a day whose balances were dropped.
    clock().advance(1)
    await again.setBudgets([ofKey('parent', { usdPerDay: 1 })], 'owner')
    expect((await again.listBudgets())[0]?.day).toMatchObject({ spentUsd: 0.03, reservedUsd: 0 })
  })
}
