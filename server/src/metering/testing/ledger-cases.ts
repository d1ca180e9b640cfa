/** What the meter promises of its ledger. */
import { expect, test } from 'bun:test'
import type { Store } from '../../storage/index.ts'
import { attempt, type Current } from './current.ts'
import { bookingOf, callOf, cents, countOpen, estimateOf, free, paid } from './kit.ts'

export function describeLedger({ meter, store, clock }: Current): void {
  test('an attempt is one line that says who, what, how much and how it ended', async () => {
    const call = callOf('ada', { requestId: 'r1', teams: ['t1', 't2', 't1'], kind: 'messages' })
    const held = await (await meter().begin(call)).attempt(paid, estimateOf(cents(5)))
    held.settle(
      bookingOf(cents(3), {
        inputTokens: 11,
        outputTokens: 7,
        cacheReadTokens: 5,
        cacheWriteTokens: 4,
        reasoningTokens: 3,
        isEstimated: true,
        outcome: 'upstream.broken-stream',
        ttftMs: 41.4,
        totalMs: 99,
      }),
    )
    await meter().flush()
    const [row, ...others] = await store().read('SELECT * FROM metering_ledger')
    expect(others).toEqual([])
    expect(row).toEqual({
      id: expect.any(String),
      at: clock().now(),
      request_id: 'r1',
      principal_id: 'ada',
      key_id: 'key-of-ada',
      within_keys: null,
      teams: '["t1","t2"]',
      kind: 'messages',
      provider: 'far',
      model: 'far/large',
      input_tokens: 11,
      output_tokens: 7,
      cache_read_tokens: 5,
      cache_write_tokens: 4,
      reasoning_tokens: 3,
      cost_nano: cents(3),
      saved_nano: null,
      is_estimated: 1,
      outcome: 'upstream.broken-stream',
      ttft_ms: 41,
      total_ms: 99,
    })
    expect(await countOpen(store())).toBe(0)
  })

  test('a hit of the cache is a line that costs nothing and tells what it saved', async () => {
    const request = await meter().begin(callOf())
    request.hit(paid, { inputTokens: 10, outputTokens: 20, nanoUsd: cents(2) })
    await meter().flush()
    const [row] = await store().read('SELECT outcome, cost_nano, saved_nano, output_tokens FROM metering_ledger')
    expect(row).toEqual({ outcome: 'hit', cost_nano: 0, saved_nano: cents(2), output_tokens: 20 })
  })

  test('what was cancelled before it was sent leaves no line and holds nothing', async () => {
    for (const nano of [0, cents(5)]) (await attempt(meter(), nano)).cancel()
    await meter().flush()
    expect(await store().read('SELECT id FROM metering_ledger')).toEqual([])
    expect(await countOpen(store())).toBe(0)
  })

  test('settling or cancelling again is ignored', async () => {
    for (const nano of [0, cents(5)]) {
      const held = await attempt(meter(), nano)
      held.settle(bookingOf(nano))
      held.settle(bookingOf(cents(90)))
      held.cancel()
    }
    await meter().flush()
    expect(await store().read('SELECT cost_nano FROM metering_ledger ORDER BY cost_nano')).toEqual([
      { cost_nano: 0 },
      { cost_nano: cents(5) },
    ])
  })

  test('a reservation is in the store before the attempt is given out, a free call writes nothing then', async () => {
    await attempt(meter(), 0, callOf(), free)
    expect(await countOpen(store())).toBe(0)
    const held = await attempt(meter(), cents(5))
    expect(await store().read('SELECT held_nano, model FROM metering_reservations')).toEqual([
      { held_nano: cents(5), model: 'far/large' },
    ])
    held.cancel()
    await meter().flush()
  })

  test('500 free calls that end together are all booked, in a handful of writes', async () => {
    const before = await countWrites(store())
    const request = await meter().begin(callOf())
    for (let index = 0; index < 500; index++) (await request.attempt(free, estimateOf(null))).settle(bookingOf(null))
    await meter().flush()
    expect(await store().read('SELECT COUNT(*) AS n FROM metering_ledger')).toEqual([{ n: 500 }])
    if (before !== null) expect((await countWrites(store())) ?? 0).toBeLessThan(before + 12)
  })

  test('whatever a provider says of its usage, settling never throws and the ledger holds whole numbers', async () => {
    const wild = [Number.NaN, -5, 1e300, Number.POSITIVE_INFINITY, 0.4]
    for (const value of wild) {
      const held = await attempt(meter(), cents(1))
      held.settle(
        bookingOf(Math.min(value, cents(4)), { inputTokens: value, ttftMs: value, outcome: 'odd\0\nword'.repeat(99) }),
      )
    }
    await meter().flush()
    const rows = await store().read('SELECT input_tokens, cost_nano, outcome FROM metering_ledger ORDER BY id')
    expect(rows.map((row) => row['input_tokens'])).toEqual([0, 0, 9e15, 9e15, 0])
    for (const row of rows) expect(Number.isSafeInteger(row['cost_nano'])).toBe(true)
  })
}

/** Transactions that the file has seen; null where that cannot be asked. */
async function countWrites(store: Store): Promise<number | null> {
  if (store.dialect === 'sqlite') return null
  const [row] = await store.read('SELECT COUNT(DISTINCT CAST(xmin AS TEXT)) AS n FROM metering_ledger')
  return Number(row?.['n'])
}
