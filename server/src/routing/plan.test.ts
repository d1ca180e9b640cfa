import { describe, expect, test } from 'bun:test'
import {
  capabilityNames,
  labelRank,
  labels,
  type CapabilityName,
  type Label,
  type RoutingStrategy,
} from '@cairn/contract'
import fc from 'fast-check'
import { createRig, owner } from '../../test/kit/gateway-rig.ts'
import { CairnError } from '../base/index.ts'
import { createRandom } from '../base/testing/random.ts'
import { UpstreamFailure, type UpstreamSettings } from '../providers/index.ts'
import type { CallKind, Deployment, Needs, Plan, PlanRequest, Routing } from './types.ts'

const someRegions = ['eu', 'us', 'ch'] as const
const strategies: readonly RoutingStrategy[] = ['balanced', 'cheapest', 'fastest', 'best', 'weighted', 'priority']

interface World {
  readonly upstreams: readonly UpstreamSettings[]
  readonly strategy: RoutingStrategy
  readonly maxAttempts: number
  readonly regionsOf: Partial<Record<Label, string[]>>
  readonly asked: string
  readonly kind: CallKind
  readonly needs: Needs
  readonly label: Label
  readonly affinity: string | null
  readonly refused: number
  readonly seed: number
}

const modelName = fc.constantFrom('alpha', 'beta', 'gamma', 'some-embed')
const oneOf = <T>(values: readonly T[]) => fc.constantFrom(...values)

const capabilityWord = fc.tuple(oneOf(capabilityNames), fc.boolean()).map(([name, has]) => (has ? name : `-${name}`))

const upstream = (index: number): fc.Arbitrary<UpstreamSettings> =>
  fc.record({
    id: fc.constant(`p${index}`),
    dialect: fc.constant('openai' as const),
    baseUrl: fc.constant(`http://127.0.0.1:${index + 1}/v1`),
    egress: oneOf(['local', 'external'] as const),
    clearance: oneOf(labels),
    region: fc.option(oneOf(someRegions), { nil: undefined }),
    enabled: fc.boolean(),
    models: fc.uniqueArray(modelName, { minLength: 1, maxLength: 4 }).chain((names) =>
      fc.tuple(
        ...names.map((id) =>
          fc.record({
            id: fc.constant(id),
            contextWindow: fc.option(fc.integer({ min: 1_000, max: 50_000 }), { nil: undefined }),
            capabilities: fc.uniqueArray(capabilityWord, { maxLength: 4, selector: (word) => word.replace('-', '') }),
            inputUsdPerMTok: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }),
            weight: fc.integer({ min: 0, max: 5 }),
            priority: fc.integer({ min: 0, max: 3 }),
          }),
        ),
      ),
    ),
  })

const world: fc.Arbitrary<World> = fc.record({
  upstreams: fc
    .integer({ min: 1, max: 5 })
    .chain((count) => fc.tuple(...Array.from({ length: count }, (_, i) => upstream(i)))),
  strategy: oneOf(strategies),
  maxAttempts: fc.integer({ min: 1, max: 5 }),
  regionsOf: fc.dictionary(oneOf(labels), fc.uniqueArray(oneOf(someRegions), { maxLength: 2 }), {
    maxKeys: 3,
  }) as fc.Arbitrary<World['regionsOf']>,
  asked: fc.constantFrom(
    'alpha',
    'beta',
    'gamma',
    'some-embed',
    'auto',
    'local',
    'fast',
    'cheap',
    'best',
    'mine',
    'p0/alpha',
  ),
  kind: oneOf(['chat', 'ask', 'embedding'] as const),
  needs: fc.record({
    kind: fc.constant('chat' as const),
    capabilities: fc.uniqueArray(oneOf(capabilityNames), { maxLength: 3 }),
    inputTokens: fc.integer({ min: 0, max: 100_000 }),
    outputTokens: fc.integer({ min: 1, max: 4_000 }),
  }),
  label: oneOf(labels),
  affinity: fc.option(fc.string(), { nil: null }),
  refused: fc.integer({ min: 0, max: 5 }),
  seed: fc.integer(),
}) as fc.Arbitrary<World>

function createWorld(each: World): Routing {
  const { strategy, maxAttempts, regionsOf: regions, upstreams } = each
  const virtualModels = [{ id: 'mine', strategy, models: ['alpha', 'p0/beta', 'gamma'] }]
  const routing = { strategy, maxAttempts, regions, virtualModels, retryRatio: 10 }
  return createRig({ upstreams, routing, random: createRandom(each.seed) }).routing
}

/** The plan of a world, or null where the name means nothing in it. */
function planOf(each: World) {
  const routing = createWorld(each)
  const request: PlanRequest = {
    needs: { ...each.needs, kind: each.kind },
    label: each.label,
    affinity: each.affinity,
    refusedByBudget: ({ provider }) => (provider.id === `p${each.refused}` ? 'the budget of the day is used up' : null),
  }
  try {
    return { routing, plan: routing.plan(routing.candidates(each.asked, each.kind, owner), request) }
  } catch (thrown) {
    if (thrown instanceof CairnError && /^model\.(not-found|capability)$/.test(thrown.code)) return null
    throw thrown
  }
}

function lacks({ info }: Deployment, capability: CapabilityName): boolean {
  return info.capabilities[capability] === false
}

/** What is wrong with a plan, in words. */
function wrongsOf(each: World, plan: Plan): string[] {
  const off = new Set(each.upstreams.filter(({ enabled }) => enabled === false).map(({ id }) => id))
  const allowed = each.regionsOf[each.label]
  return plan.attempts.flatMap(({ deployment }) => {
    const { id, provider, egress, region, clearance, info } = deployment
    const isElsewhere = allowed !== undefined && egress === 'external' && !allowed.includes(region ?? 'none')
    const wrongs: [boolean, string][] = [
      [off.has(provider.id), 'is switched off'],
      [each.needs.capabilities.some((capability) => lacks(deployment, capability)), 'lacks a capability'],
      [labelRank(clearance) < labelRank(each.label), 'is not cleared'],
      [isElsewhere, 'is in another region'],
      [!info.builtIn && provider.id === `p${each.refused}`, 'has no budget left'],
      [each.asked === 'local' && egress === 'external', 'is not of this machine'],
      [each.kind !== 'ask' && info.builtIn, 'cannot chat'],
      [each.needs.inputTokens * 0.75 > (info.contextWindow ?? Infinity), 'has too small a window'],
    ]
    return wrongs.filter(([isWrong]) => isWrong).map(([, what]) => `${id} ${what}`)
  })
}

describe('over random worlds', () => {
  test('no plan holds a deployment that lacks a capability, a clearance, a region, a budget, or is switched off', () => {
    let planned = 0
    fc.assert(
      fc.property(world, (each) => {
        const made = planOf(each)
        if (made === null) return
        planned += made.plan.attempts.length
        expect(made.plan.attempts.length).toBeLessThanOrEqual(each.maxAttempts)
        expect(wrongsOf(each, made.plan)).toEqual([])
      }),
      { numRuns: 2_000 },
    )
    expect(planned).toBeGreaterThan(300)
  })

  test('a plan that forgets a rule is caught', () => {
    const forgetful: Record<string, (each: World) => World> = {
      'is not cleared': (each) => ({ ...each, label: 'public', regionsOf: {} }),
      'is in another region': (each) => ({ ...each, regionsOf: {} }),
      'lacks a capability': (each) => ({ ...each, needs: { ...each.needs, capabilities: [] } }),
      'has too small a window': (each) => ({ ...each, needs: { ...each.needs, inputTokens: 0 } }),
      'has no budget left': (each) => ({ ...each, refused: 9 }),
      'is switched off': (each) => ({
        ...each,
        upstreams: each.upstreams.map((one) => ({ ...one, enabled: true })),
      }),
    }
    for (const [what, forget] of Object.entries(forgetful)) {
      const found = fc.sample(world, { numRuns: 1_000, seed: 7 }).flatMap((each) => {
        const made = planOf(forget(each))
        return made === null ? [] : wrongsOf(each, made.plan)
      })
      expect(found.some((wrong) => wrong.endsWith(what))).toBe(true)
    }
  })

  test('everything that a name means is either planned or put aside with a rule, once', () => {
    fc.assert(
      fc.property(world, (each) => {
        const made = planOf(each)
        if (made === null) return
        const { plan, routing } = made
        const meant = routing.candidates(each.asked, each.kind, owner)
        const told = [
          ...plan.attempts.map(({ deployment }) => deployment.id),
          ...plan.rejected.map(({ deployment }) => deployment.id),
        ]
        const expected = [...meant.deployments, ...meant.rejected.map(({ deployment }) => deployment)].map(
          ({ id }) => id,
        )
        expect(told.toSorted()).toEqual(expected.toSorted())
        for (const { reason } of plan.rejected) expect(reason.length).toBeGreaterThan(5)
      }),
      { numRuns: 300 },
    )
  })

  test('explain says what is planned, and execution tries just that, in that order', async () => {
    await fc.assert(
      fc.asyncProperty(world, async (random) => {
        const each = { ...random, affinity: null, refused: 9 }
        const made = planOf(each)
        if (made === null) return
        const explained = explainOf(each)
        expect(explained.attempts.map(({ provider, model }) => `${provider}/${model}`)).toEqual(idsOf(made.plan))
        const rulesOf = (list: readonly { rule: string }[]) => list.map(({ rule }) => rule).toSorted()
        expect(rulesOf(explained.rejected)).toEqual(rulesOf(made.plan.rejected))
        const tried: string[] = []
        const failing = made.routing.execute(made.plan, {
          signal: new AbortController().signal,
          caller: 'u',
          send: async (deployment) => {
            tried.push(deployment.id)
            throw new UpstreamFailure('failed', { message: 'down' })
          },
        })
        await expect(failing).rejects.toBeDefined()
        expect(tried).toEqual(idsOf(made.plan))
      }),
      { numRuns: 300 },
    )
  })
})

function idsOf(plan: Plan | undefined): string[] {
  return plan?.attempts.map(({ deployment }) => deployment.id) ?? []
}

/** As `planOf`, by the route that explains; from the same draws. */
function explainOf(each: World) {
  const { asked: model, kind, label } = each
  const { inputTokens, outputTokens, capabilities } = each.needs
  const needs = [...capabilities]
  return createWorld(each).explain({ model, kind, label, inputTokens, outputTokens, needs }, owner)
}
