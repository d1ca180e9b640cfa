import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { routingStrategies, type RoutingStrategy } from '@cairn/contract'
import { createRandom } from '../base/testing/random.ts'
import { makeDeployment, makeHealth, someNeeds, type DeploymentWish } from './health/testing/rig.ts'
import type { DeploymentHealth } from './health/types.ts'
import { nearFactor, rankDeployments, shortWaitMs, staleAfterMs, type RankRequest } from './rank.ts'
import type { Deployment } from './types.ts'

const nowMs = 1_000_000
const unmeasured = { ttftMs: null, meanTtftMs: null, heardAtMs: null, tokensPerSecond: null }

type Case = DeploymentWish & { readonly health?: Partial<DeploymentHealth> }

function ranking(cases: readonly Case[], request: Partial<RankRequest> = {}) {
  const deployments = cases.map(makeDeployment)
  const health = new Map(deployments.map(({ id }, at) => [id, makeHealth(cases[at]?.health)]))
  return rankDeployments({
    deployments,
    strategy: 'balanced',
    needs: someNeeds,
    view: (id) => health.get(id) ?? makeHealth(),
    random: createRandom(1),
    affinity: null,
    nowMs,
    ...request,
  }).order
}

const idsOf = (order: readonly { readonly deployment: Deployment }[]) => order.map(({ deployment }) => deployment.id)

/** How often each comes first in many draws, as shares. */
function firsts(cases: readonly Case[], request: Partial<RankRequest> = {}, draws = 2_000): Record<string, number> {
  const random = createRandom(5)
  const counts: Record<string, number> = {}
  for (let draw = 0; draw < draws; draw++) {
    const id = idsOf(ranking(cases, { random, ...request }))[0] ?? 'none'
    counts[id] = (counts[id] ?? 0) + 1
  }
  return Object.fromEntries(Object.entries(counts).map(([id, count]) => [id, count / draws]))
}

/** Above every chance with which something unmeasured is tried. */
const never = () => 0.999

describe('deployments of one model', () => {
  const same = (provider: string, health: Partial<DeploymentHealth> = {}): Case => ({ provider, model: 'm', health })

  test('of two that are drawn the one with the lower load is first: time × (in work + 1)', () => {
    const order = (a: Partial<DeploymentHealth>, b: Partial<DeploymentHealth>) =>
      idsOf(ranking([same('a', a), same('b', b)], { random: never }))[0]
    expect(order({ ttftMs: 300, inFlight: 0 }, { ttftMs: 200, inFlight: 1 })).toBe('a/m')
    expect(order({ ttftMs: 300, inFlight: 1 }, { ttftMs: 200, inFlight: 1 })).toBe('b/m')
    expect(order({ ttftMs: 300, inFlight: 1 }, { ttftMs: 200, inFlight: 2 })).not.toBe('none')
  })

  test('equal ones get equal shares', () => {
    const shares = firsts([same('a'), same('b'), same('c')])
    for (const share of Object.values(shares)) expect(Math.abs(share - 1 / 3)).toBeLessThan(0.05)
  })

  test('of three the most loaded one is never first, and the others are drawn', () => {
    const shares = firsts([same('a', { inFlight: 9 }), same('b'), same('c', { inFlight: 1 })])
    expect(shares['a/m']).toBeUndefined()
    expect(shares['b/m']).toBeGreaterThan(0.6)
    expect(shares['c/m']).toBeGreaterThan(0.2)
  })

  test('one that fails often counts as slower', () => {
    expect(firsts([same('a', { errorRate: 0.4 }), same('b', { inFlight: 0 })])).toEqual({ 'b/m': 1 })
  })

  test('one that is more than twice as slow as the best is not drawn, whatever the others have in work', () => {
    const slow = { ttftMs: 500 * nearFactor + 1, heardAtMs: nowMs }
    expect(firsts([same('a', { inFlight: 50 }), same('b', slow)])).toEqual({ 'a/m': 1 })
    const slowOnAverage = { ttftMs: 900, meanTtftMs: 500 * nearFactor + 1 }
    expect(firsts([same('a', { inFlight: 50 }), same('b', slowOnAverage)])).toEqual({ 'a/m': 1 })
  })

  test('one that is slower comes into the draw when the best are overrun and their times rise', () => {
    const overrun = { ttftMs: 1_500, meanTtftMs: 1_500, inFlight: 50 }
    const slow = { ttftMs: 2_500, meanTtftMs: 2_500, inFlight: 1 }
    expect(firsts([same('a', overrun), same('b', slow)])).toEqual({ 'b/m': 1 })
  })

  test('one that was never measured gets requests, one at a time', () => {
    expect(firsts([same('a', { inFlight: 3 }), same('b', unmeasured)])['b/m']).toBeGreaterThan(0.9)
    expect(firsts([same('a', { inFlight: 3 }), same('b', { ...unmeasured, inFlight: 1 })])).toEqual({ 'a/m': 1 })
  })

  test('one not heard of for a minute is tried now and then, not more often than by one request in a hundred', () => {
    const stale = { ttftMs: 9_000, meanTtftMs: 9_000, heardAtMs: nowMs - staleAfterMs }
    const share = firsts([same('a'), same('b', stale)], {}, 8_000)['b/m'] ?? 0
    expect(share).toBeGreaterThan(0.004)
    expect(share).toBeLessThan(0.01)
    expect(firsts([same('a'), same('b', { ...stale, inFlight: 1 })], {}, 8_000)).toEqual({ 'a/m': 1 })
    expect(firsts([same('a'), same('b', { ...stale, heardAtMs: nowMs - 1_000 })], {}, 8_000)).toEqual({ 'a/m': 1 })
  })

  test('one that starts slowly takes part with the chance of its share', () => {
    const starting = { state: 'starting', share: 0.1 } as const
    const share = firsts([same('a'), same('b'), same('c', starting)])['c/m'] ?? 0
    expect(share).toBeGreaterThan(0.02)
    expect(share).toBeLessThan(0.1 * (2 / 3))
  })

  test('one that is due for a probe is first for some, and the only one for all when nothing else is left', () => {
    const due = { state: 'probing', reason: 'timeout', share: 0.2 } as const
    const share = firsts([same('a', { inFlight: 4 }), same('b', due)])['b/m'] ?? 0
    expect(Math.abs(share - 0.2)).toBeLessThan(0.05)
    expect(ranking([same('b', due)], { random: never })[0]).toMatchObject({ state: 'usable' })
  })
})

describe('different models', () => {
  const cases: Case[] = [
    { provider: 'p', model: 'large', usd: 10, health: { ttftMs: 900, meanTtftMs: 900, tokensPerSecond: 40 } },
    { provider: 'p', model: 'small', usd: 0.5, health: { ttftMs: 300, meanTtftMs: 300, tokensPerSecond: 40 } },
    { provider: 'p', model: 'quick', usd: 20, health: { ttftMs: 100, meanTtftMs: 100, tokensPerSecond: 200 } },
  ]
  const orderOf = (strategy: RoutingStrategy, more: readonly Case[] = []) =>
    idsOf(ranking([...cases, ...more], { strategy, random: never }))

  test('cheapest: by what the call is estimated to cost, those without a price last', () => {
    const order = orderOf('cheapest', [{ provider: 'p', model: 'dark', usd: null, health: { ttftMs: 1 } }])
    expect(order).toEqual(['p/small', 'p/large', 'p/quick', 'p/dark'])
  })

  test('cheapest: among equal prices the faster', () => {
    const equal = cases.map((each) => ({ ...each, usd: 3 }))
    expect(idsOf(ranking(equal, { strategy: 'cheapest', random: never }))).toEqual(['p/quick', 'p/small', 'p/large'])
  })

  test('cheapest: the same model is taken where it costs less, not balanced', () => {
    const prices = [
      { provider: 'a', model: 'm', usd: 2 },
      { provider: 'b', model: 'm', usd: 1, health: { inFlight: 5 } },
    ]
    expect(firsts(prices, { strategy: 'cheapest' })).toEqual({ 'b/m': 1 })
  })

  test('fastest: by the time until the whole reply is there', () => {
    expect(orderOf('fastest')).toEqual(['p/quick', 'p/small', 'p/large'])
    const long = { ...someNeeds, outputTokens: 1_000 }
    const slowStart: Case = {
      provider: 'p',
      model: 'late',
      health: { ttftMs: 2_000, meanTtftMs: 2_000, tokensPerSecond: 500 },
    }
    expect(
      idsOf(ranking([...cases, slowStart], { strategy: 'fastest', random: never, needs: long })).slice(0, 2),
    ).toEqual(['p/late', 'p/quick'])
  })

  test('balanced: a cent is worth a second', () => {
    expect(orderOf('balanced')).toEqual(['p/quick', 'p/small', 'p/large'])
    const dear = cases.map((each) => (each.model === 'quick' ? { ...each, usd: 90 } : each))
    expect(idsOf(ranking(dear, { random: never }))[0]).toBe('p/small')
  })

  test('balanced and fastest: failures and requests in work make it longer', () => {
    for (const strategy of ['balanced', 'fastest'] as const)
      for (const health of [{ errorRate: 0.95 }, { inFlight: 200 }]) {
        const ill = cases.map((each) =>
          each.model === 'quick' ? { ...each, health: { ...each.health, ...health } } : each,
        )
        expect(idsOf(ranking(ill, { strategy, random: never }))[0]).not.toBe('p/quick')
      }
  })

  test('balanced: one that was never measured is tried by some, unless its price alone is too much', () => {
    const fresh: Case = { provider: 'p', model: 'fresh', usd: 1, health: unmeasured }
    const share = firsts([...cases, fresh])['p/fresh'] ?? 0
    expect(share).toBeGreaterThan(0.05)
    expect(share).toBeLessThan(0.2)
    expect(firsts([...cases, { ...fresh, usd: 1_000 }])['p/fresh']).toBeUndefined()
  })

  test('best and priority: in the given order, and by priority first', () => {
    expect(orderOf('best')).toEqual(['p/large', 'p/small', 'p/quick'])
    expect(orderOf('priority')).toEqual(['p/large', 'p/small', 'p/quick'])
    const order = cases.map((each, at) => ({ ...each, priority: at === 2 ? -1 : 0 }))
    expect(idsOf(ranking(order, { strategy: 'priority', random: never }))).toEqual(['p/quick', 'p/large', 'p/small'])
  })

  test('best: each stands where it was put; priority: the same model at two providers is balanced', () => {
    const twice: Case[] = [...cases, { provider: 'q', model: 'large', health: { ttftMs: 900, meanTtftMs: 900 } }]
    expect(firsts(twice, { strategy: 'best' })).toEqual({ 'p/large': 1 })
    expect(idsOf(ranking(twice, { strategy: 'best' }))).toEqual(['p/large', 'p/small', 'p/quick', 'q/large'])
    const shares = firsts(twice, { strategy: 'priority' })
    expect(Object.keys(shares).toSorted()).toEqual(['p/large', 'q/large'])
    expect(Math.abs((shares['q/large'] ?? 0) - 0.5)).toBeLessThan(0.05)
    const apart = twice.map((each) => ({ ...each, priority: each.provider === 'q' ? 1 : 0 }))
    expect(idsOf(ranking(apart, { strategy: 'priority' }))).toEqual(['p/large', 'p/small', 'p/quick', 'q/large'])
  })

  test('weighted: each is first as often as its weight says; without weight it is last', () => {
    const weights: Case[] = [
      { provider: 'a', model: 'x', weight: 6 },
      { provider: 'b', model: 'y', weight: 3 },
      { provider: 'c', model: 'z', weight: 1 },
      { provider: 'd', model: 'w', weight: 0 },
    ]
    const shares = firsts(weights, { strategy: 'weighted' })
    expect(Math.abs((shares['a/x'] ?? 0) - 0.6)).toBeLessThan(0.05)
    expect(Math.abs((shares['b/y'] ?? 0) - 0.3)).toBeLessThan(0.05)
    expect(Math.abs((shares['c/z'] ?? 0) - 0.1)).toBeLessThan(0.05)
    expect(shares['d/w']).toBeUndefined()
  })

  test('one that starts slowly stands behind all others for those who do not draw it', () => {
    const starting = cases.map((each, at) =>
      at === 0 ? { ...each, health: { ...each.health, state: 'starting' as const, share: 0.1 } } : each,
    )
    expect(idsOf(ranking(starting, { strategy: 'best', random: never }))).toEqual(['p/small', 'p/quick', 'p/large'])
    expect(idsOf(ranking(starting, { strategy: 'best', random: () => 0.01 }))[0]).toBe('p/large')
  })
})

describe('conversations', () => {
  const three: Case[] = ['a', 'b', 'c'].map((provider) => ({ provider, model: 'm' }))
  const placeOf = (affinity: string, cases = three, request: Partial<RankRequest> = {}) =>
    idsOf(ranking(cases, { affinity, random: never, ...request }))[0]
  const texts = Array.from({ length: 600 }, (_, at) => `conversation ${at}`)
  const change = (provider: string, health: Partial<DeploymentHealth>) =>
    three.map((each) => (each.provider === provider ? { ...each, health } : each))

  test('stay where they were, whatever is drawn and in whatever order they are given', () => {
    for (const text of texts.slice(0, 50)) {
      const place = placeOf(text)
      expect(placeOf(text, three, { random: createRandom(9) })).toBe(place as string)
      expect(placeOf(text, three.toReversed())).toBe(place as string)
    }
  })

  test('are spread evenly', () => {
    for (const provider of ['a', 'b', 'c']) {
      const count = texts.filter((text) => placeOf(text) === `${provider}/m`).length
      expect(Math.abs(count / texts.length - 1 / 3)).toBeLessThan(0.07)
    }
  })

  test('stay although a few requests more are in work there, and leave when it costs more than twice the best', () => {
    const [text] = texts.filter((each) => placeOf(each) === 'b/m')
    expect(placeOf(text ?? '', change('b', { inFlight: 5 }))).toBe('b/m')
    for (const health of [{ inFlight: 20 }, { ttftMs: 1_100 }, { errorRate: 0.6 }])
      expect(placeOf(text ?? '', change('b', health))).not.toBe('b/m')
  })

  test('of a deployment that goes are spread over the others, and nobody else moves', () => {
    const open = change('b', { state: 'open', reason: 'timeout', untilMs: nowMs + 5_000, share: 0 })
    const moved = new Set<string | undefined>()
    for (const text of texts) {
      const [before, after] = [placeOf(text), placeOf(text, open)]
      if (before === 'b/m') moved.add(after)
      else expect(after).toBe(before as string)
    }
    expect([...moved].map(String).toSorted()).toEqual(['a/m', 'c/m'])
  })

  test('come back one after the other as its share grows, and do not leave again', () => {
    const own = texts.filter((text) => placeOf(text) === 'b/m')
    const back = (share: number) =>
      own.filter((text) => placeOf(text, change('b', { state: 'starting', share })) === 'b/m')
    let before: string[] = []
    for (const share of [0, 0.03, 0.1, 0.5, 0.9, 1]) {
      const now = back(share)
      expect(Math.abs(now.length / own.length - share)).toBeLessThan(0.12)
      expect(now).toEqual(expect.arrayContaining(before))
      before = now
    }
    expect(before).toEqual(own)
  })

  test('keep to the weights with the strategy weighted', () => {
    const weights = three.map((each, at) => ({ ...each, weight: at === 0 ? 4 : 1 }))
    const count = texts.filter((text) => placeOf(text, weights, { strategy: 'weighted' }) === 'a/m').length
    expect(Math.abs(count / texts.length - 4 / 6)).toBeLessThan(0.07)
  })
})

describe('deployments that are left alone', () => {
  const left = (provider: string, health: Partial<DeploymentHealth>): Case => ({
    provider,
    model: 'm',
    health: { share: 0, reason: 'timeout', ...health },
  })

  test('stand at the end in the order in which they come back; one that asked for long is not for now', () => {
    const order = ranking([
      left('a', { state: 'open', untilMs: nowMs + 9_000 }),
      left('b', { state: 'cooling', reason: 'rate-limited', untilMs: nowMs + shortWaitMs + 1 }),
      left('c', { state: 'cooling', reason: 'rate-limited', untilMs: nowMs + shortWaitMs }),
      left('d', { state: 'cooling', reason: 'credentials', untilMs: nowMs + 60_000 }),
      left('e', { state: 'probing', untilMs: null }),
      { provider: 'f', model: 'm' },
    ])
    expect(order.map(({ deployment, state }) => [deployment.provider.id, state])).toEqual([
      ['f', 'usable'],
      ['e', 'last-resort'],
      ['c', 'last-resort'],
      ['a', 'last-resort'],
      ['d', 'last-resort'],
      ['b', 'not-now'],
    ])
  })
})

test('says in a short sentence why each stands where it stands', () => {
  const tell = (health: Partial<DeploymentHealth>, strategy: RoutingStrategy = 'fastest', usd: number | null = 2) =>
    ranking([{ provider: 'a', model: 'm', usd, health }], { strategy, random: never })[0]?.why
  expect(tell({ ttftMs: 240, inFlight: 2 })).toBe('answers first in about 240 ms, 2 requests in work')
  expect(tell({ ...unmeasured })).toBe('not measured yet, nothing in work')
  expect(tell({}, 'cheapest')).toBe('costs about $0.0024, answers first in about 500 ms, nothing in work')
  expect(tell({}, 'balanced', null)).toBe('price not known, answers first in about 500 ms, nothing in work')
  expect(tell({}, 'weighted')).toBe('weight 1, answers first in about 500 ms, nothing in work')
  expect(tell({ state: 'starting', share: 0.12 }, 'priority')).toBe(
    'priority 0, recovered, takes 12 % of its share, answers first in about 500 ms, nothing in work',
  )
  expect(tell({ state: 'open', reason: 'timeout', untilMs: nowMs + 3_200, share: 0 })).toBe(
    'left alone after failures (timeout), tried again in 4 s',
  )
  expect(tell({ state: 'cooling', reason: 'rate-limited', untilMs: nowMs + 600_000, share: 0 })).toBe(
    'left alone (rate-limited), tried again in 10 minutes',
  )
})

describe('for all deployments, strategies and draws', () => {
  const health = fc.record({
    state: fc.constantFrom('ok', 'ok', 'starting', 'cooling', 'open', 'probing'),
    reason: fc.constantFrom('timeout', 'rate-limited', 'credentials'),
    afterMs: fc.nat(20_000),
    ttftMs: fc.option(fc.nat(10_000)),
    isWell: fc.boolean(),
    heardMs: fc.nat(200_000),
    tokensPerSecond: fc.option(fc.integer({ min: 1, max: 500 })),
    errorRate: fc.double({ min: 0, max: 1, noNaN: true }),
    inFlight: fc.nat(50),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  const deployment = fc.record({
    provider: fc.constantFrom('p', 'q', 'r', 's', 't'),
    model: fc.constantFrom('one', 'two', 'three'),
    usd: fc.option(fc.constantFrom(0, 1, 5, 90)),
    weight: fc.nat(5),
    priority: fc.nat(2),
    health,
  })
  const scene = fc.record({
    wishes: fc.uniqueArray(deployment, { maxLength: 12, selector: ({ provider, model }) => `${provider}/${model}` }),
    strategy: fc.constantFrom(...routingStrategies),
    affinity: fc.option(fc.string()),
    seed: fc.nat(),
  })
  type Scene = typeof scene extends fc.Arbitrary<infer Value> ? Value : never

  function toCase({ health: drawn, ...wish }: Scene['wishes'][number]): Case {
    const { afterMs, heardMs, isWell, ttftMs, ...rest } = drawn
    const isLeft = rest.state === 'open' || rest.state === 'cooling'
    return {
      ...wish,
      health: {
        ...rest,
        ttftMs,
        meanTtftMs: ttftMs === null || !isWell ? null : ttftMs / 2,
        heardAtMs: ttftMs === null ? null : nowMs - heardMs,
        untilMs: isLeft ? nowMs + afterMs : null,
        share: isLeft ? 0 : rest.state === 'ok' ? 1 : rest.share,
      },
    }
  }

  const run = ({ wishes, strategy, affinity, seed }: Scene, cases = wishes.map(toCase)) =>
    ranking(cases, { strategy, affinity, random: createRandom(seed) })

  test('every deployment appears once, and none that is left alone before one that can be used', () => {
    fc.assert(
      fc.property(scene, (drawn) => {
        const cases = drawn.wishes.map(toCase)
        const order = run(drawn)
        expect(idsOf(order).toSorted()).toEqual(cases.map(({ provider, model }) => `${provider}/${model}`).toSorted())
        const rank = { usable: 0, 'last-resort': 1, 'not-now': 2 }
        const states = order.map(({ state }) => rank[state])
        expect(states).toEqual(states.toSorted((one, other) => one - other))
        for (const {
          deployment: { id },
          state,
        } of order) {
          const found = cases.find(({ provider, model }) => `${provider}/${model}` === id)?.health?.state
          if (found === 'open' || found === 'cooling') expect(state).not.toBe('usable')
          if (found === 'ok' || found === 'starting') expect(state).toBe('usable')
        }
      }),
      { numRuns: 400 },
    )
  })

  test('the order of the input does not matter, except where the given order is the strategy', () => {
    fc.assert(
      fc.property(scene, fc.nat(), (drawn, shuffleSeed) => {
        fc.pre(drawn.strategy !== 'best' && drawn.strategy !== 'priority')
        const cases = drawn.wishes.map(toCase)
        const random = createRandom(shuffleSeed)
        const shuffled = cases
          .map((each) => ({ each, key: random() }))
          .toSorted((one, other) => one.key - other.key)
          .map(({ each }) => each)
        expect(idsOf(run(drawn, shuffled))).toEqual(idsOf(run(drawn, cases)))
      }),
      { numRuns: 400 },
    )
  })

  test('the same view and the same draws give the same order and words', () => {
    fc.assert(
      fc.property(scene, (drawn) => expect(run(drawn)).toEqual(run(drawn))),
      { numRuns: 100 },
    )
  })

  test('scores are numbers or null, and every why is one line of words', () => {
    fc.assert(
      fc.property(scene, (drawn) => {
        for (const { score, why } of run(drawn)) {
          if (score !== null) expect(Number.isFinite(score)).toBe(true)
          expect(why).toMatch(/^[\u0020-\u007e]{5,160}$/)
          expect(why).not.toMatch(/NaN|undefined|null|Infinity/)
        }
      }),
      { numRuns: 200 },
    )
  })
})
