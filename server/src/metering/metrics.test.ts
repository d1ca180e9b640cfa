import { expect, test } from 'bun:test'
import { createCounts } from './counts.ts'
import { closeLine, openLine } from './ledger.ts'
import { createMeteringMetrics } from './metrics.ts'
import { bookingOf, callOf, cents, paid } from './testing/kit.ts'

function countUp(models: readonly string[]) {
  const counts = createCounts()
  for (const deployment of models)
    counts.add(
      closeLine(
        openLine('id', 0, callOf('ada', { teams: ['secret-team'] }), { ...paid, deployment }),
        bookingOf(cents(2)),
      ),
    )
  const metrics = createMeteringMetrics({
    stats: () => ({
      counts: counts.list(),
      reservations: 3,
      waiting: 4,
      dropped: 0,
      refusals: new Map([['limit.tokens', 5]]),
    }),
  })
  return new Map(metrics().map((family) => [family.name, family]))
}

test('tokens and cost are told by provider, model, kind and direction, and nobody is named', () => {
  const families = countUp(['far/large', 'far/large'])
  expect(families.get('cairn_tokens_total')?.samples).toEqual([
    { labels: { provider: 'far', model: 'far/large', kind: 'chat', direction: 'input' }, value: 100 },
    { labels: { provider: 'far', model: 'far/large', kind: 'chat', direction: 'output' }, value: 100 },
  ])
  expect(families.get('cairn_cost_usd_total')?.samples[0]?.value).toBe(0.04)
  expect(families.get('cairn_reservations_open')?.samples[0]?.value).toBe(3)
  expect(families.get('cairn_budget_refusals_total')?.samples).toEqual([{ labels: { code: 'limit.tokens' }, value: 5 }])
  expect(JSON.stringify([...families.values()])).not.toMatch(/ada|secret-team/)
})

test('models beyond a bound are counted together and lose nothing', () => {
  const samples =
    countUp(Array.from({ length: 2_000 }, (_, index) => `far/m${index}`)).get('cairn_cost_usd_total')?.samples ?? []
  expect(samples.length).toBeLessThan(310)
  expect(samples.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(40, 6)
})
