/** What the meter promises of usage and of what dead processes left. */
import { expect, test } from 'bun:test'
import type { OpenMeter } from '../index.ts'
import { attempt, spend, type Current } from './current.ts'
import { bookingOf, callOf, cents, countOpen, estimateOf, free, openTestMeter, paid } from './kit.ts'

export function describeUsage({ meter, clock }: Current): void {
  test('usage adds up by key, user, team, model, provider, kind, hour and day', async () => {
    await spend(meter(), cents(3), callOf('ada', { teams: ['t1', 't2'] }))
    await spend(meter(), 0, callOf('bob', { kind: 'embedding' }), free)
    clock().advance(24 * 3_600_000)
    ;(await attempt(meter(), cents(5), callOf('bob', { teams: ['t1'] }))).settle(
      bookingOf(cents(4), { outcome: 'cancelled', isEstimated: true, ttftMs: null }),
    )
    ;(await meter().begin(callOf('ada'))).hit(paid, { inputTokens: 9, outputTokens: 9, nanoUsd: cents(6) })
    await meter().flush()
    const short = async (by: Parameters<OpenMeter['usage']>[0]['by']) =>
      (await meter().usage({ by })).rows.map((row) => [row.group, row.calls, row.failures, row.costUsd])
    expect(await short('user')).toEqual([
      ['bob', 1, 1, 0.04],
      ['ada', 2, 0, 0.03],
    ])
    expect(await short('key')).toEqual([
      ['key-of-bob', 1, 1, 0.04],
      ['key-of-ada', 2, 0, 0.03],
    ])
    expect(await short('team')).toEqual([
      ['t1', 1, 1, 0.07],
      ['t2', 1, 0, 0.03],
    ])
    expect(await short('model')).toEqual([
      ['far/large', 2, 1, 0.07],
      ['near/small', 1, 0, 0],
    ])
    expect(await short('provider')).toEqual([
      ['far', 2, 1, 0.07],
      ['near', 1, 0, 0],
    ])
    expect(await short('kind')).toEqual([
      ['chat', 2, 1, 0.07],
      ['embedding', 1, 0, 0],
    ])
    expect(await short('day')).toEqual([
      ['2026-03-05T00:00:00.000Z', 2, 0, 0.03],
      ['2026-03-06T00:00:00.000Z', 1, 1, 0.04],
    ])
    expect(await short('hour')).toEqual([
      ['2026-03-05T12:00:00.000Z', 2, 0, 0.03],
      ['2026-03-06T12:00:00.000Z', 1, 1, 0.04],
    ])
    const { total, from, to } = await meter().usage({ by: 'model' })
    expect(total).toEqual({
      calls: 3,
      cacheHits: 1,
      failures: 1,
      inputTokens: 150,
      outputTokens: 150,
      costUsd: 0.07,
      savedUsd: 0.06,
      estimatedUsd: 0.04,
      ttftP50Ms: expect.any(Number),
      ttftP95Ms: expect.any(Number),
    })
    expect([to - from, to % 3_600_000]).toEqual([30 * 24 * 3_600_000 + 3_600_000, 0])
  })

  test('a time that is asked for is widened to whole hours, and nothing beside it counts', async () => {
    await spend(meter(), cents(1))
    clock().advance(3_600_000)
    await spend(meter(), cents(2))
    const noon = Date.UTC(2026, 2, 5, 12)
    const read = async (from: number, to: number) => {
      const reply = await meter().usage({ by: 'model', from, to })
      return [reply.from, reply.to, reply.total.costUsd]
    }
    expect(await read(noon + 5, noon + 6)).toEqual([noon, noon + 3_600_000, 0.01])
    expect(await read(noon + 3_600_000, noon + 7_200_000)).toEqual([noon + 3_600_000, noon + 7_200_000, 0.02])
    expect(await read(0, 9e15)).toEqual([0, expect.any(Number), 0.03])
    expect(await read(9e15, 0)).toEqual([expect.any(Number), expect.any(Number), 0])
  })

  test('percentiles of the time to the first token are within a tenth of the true ones', async () => {
    const request = await meter().begin(callOf())
    for (let ms = 1; ms <= 1_000; ms++)
      (await request.attempt(free, estimateOf(0))).settle(bookingOf(0, { ttftMs: ms }))
    await meter().flush()
    const { rows } = await meter().usage({ by: 'provider' })
    expect(Math.abs((rows[0]?.ttftP50Ms ?? 0) / 500 - 1)).toBeLessThan(0.1)
    expect(Math.abs((rows[0]?.ttftP95Ms ?? 0) / 950 - 1)).toBeLessThan(0.1)
  })

  test('nothing used is an empty reply', async () => {
    const { rows, total } = await meter().usage({ by: 'key' })
    expect(rows).toEqual([])
    expect(total).toMatchObject({ calls: 0, costUsd: 0, ttftP50Ms: null })
  })
}

export function describeLost({ meter, store, place, clock, reopen }: Current): void {
  test('what a dead process held is booked by its estimate at the next start, and none stays open', async () => {
    await meter().setBudgets([{ subject: { kind: 'team', id: 't' }, usdPerDay: 1 }], 'owner')
    for (let index = 0; index < 450; index++) await attempt(meter(), cents(0.1), callOf('ada', { teams: ['t'] }))
    await attempt(meter(), null, callOf('ada', { teams: ['t'] }))
    const again = await reopen()
    expect(await countOpen(store())).toBe(0)
    const rows = await store().read(
      'SELECT outcome, is_estimated, COUNT(*) AS n, COUNT(cost_nano) AS priced FROM metering_ledger GROUP BY outcome, is_estimated',
    )
    expect(rows).toEqual([{ outcome: 'lost', is_estimated: 1, n: 451, priced: 450 }])
    expect((await again.listBudgets())[0]?.day).toMatchObject({ spentUsd: 0.45, reservedUsd: 0 })
  })

  test('what is settled or cancelled after it was given up is not booked twice', async () => {
    await meter().setBudgets([{ subject: { kind: 'all', id: '*' }, usdPerDay: 1 }], 'owner')
    const late = await attempt(meter(), cents(3))
    const later = await attempt(meter(), cents(4))
    const early = meter()
    await store().write([{ text: 'UPDATE metering_reservations SET run_id = ?', params: ['run_dead'] }])
    const again = await openTestMeter(store(), place().location, { clock: clock() })
    late.settle(bookingOf(cents(1)))
    later.cancel()
    ;(await attempt(early, 0)).settle(bookingOf(0))
    await early.flush()
    expect(await store().read('SELECT outcome, cost_nano FROM metering_ledger ORDER BY cost_nano')).toEqual([
      { outcome: 'ok', cost_nano: 0 },
      { outcome: 'lost', cost_nano: cents(3) },
      { outcome: 'lost', cost_nano: cents(4) },
    ])
    expect((await again.listBudgets())[0]?.day).toMatchObject({ spentUsd: 0.07, reservedUsd: 0 })
    await again.close()
  })
}
