/** Routing over the configured, stored, discovered and built-in providers. */
import type { Config } from '@cairn/contract'
import type { Principal } from '../base/index.ts'
import { resolveModel, type Choice } from './candidates.ts'
import { describeModels, describeProvider, explainPlan, needsOf } from './describe.ts'
import { executePlan } from './execute.ts'
import { createHealthBoard } from './health/board.ts'
import { createHealthShare } from './health/share.ts'
import type { HealthBoard } from './health/types.ts'
import { planAttempts } from './plan.ts'
import { createRegistry, type Registry, type RegistryOptions } from './registry.ts'
import { createRetryBudget } from './retry-budget.ts'
import { createPlaces, type PlaceLimits } from './places.ts'
import type { Deployment, Routing, Used } from './types.ts'

export interface RoutingOptions extends Omit<RegistryOptions, 'defaultModel' | 'timeouts' | 'routing'> {
  readonly models: Config['models']
  readonly settings: Config['routing']
  /** What is known of how deployments fare; of this process alone when absent. */
  readonly health?: HealthBoard
  /** 0 up to 1; for ties and for the choice of two. */
  readonly random?: () => number
  readonly limits?: PlaceLimits
  /** Whether the principal may use a deployment. Everything, when absent. */
  readonly mayUse?: (principal: Principal, used: Used) => boolean
}

export interface RoutingWithStore extends Routing, Pick<Registry, 'replaceStored'> {}

function createLoneBoard({ clock, logger, settings }: RoutingOptions): HealthBoard {
  const share = createHealthShare({ redis: null, deploymentId: '', clock, logger })
  return createHealthBoard({ clock, logger, settings, share })
}

/** Further attempts that a caller has saved up at most. */
const retryBurst = 20

export function createRouting(options: RoutingOptions): RoutingWithStore {
  const { clock, models, permits, settings } = options
  const { maxAttempts, regions, retryRatio } = settings
  const health = options.health ?? createLoneBoard(options)
  const registry = createRegistry({ ...options, defaultModel: models.default, timeouts: models, routing: settings })
  const places = createPlaces(options.limits)
  const retries = createRetryBudget({ ratio: retryRatio, clock, burst: retryBurst })
  const random = options.random ?? Math.random
  const planning = { health, clock, random, maxAttempts, regions }
  const executing = { clock, permits, health, retries, totalTimeoutMs: models.totalTimeoutMs }

  /** What the principal may not use does not exist for it. */
  function choiceOf(principal: Principal): Choice {
    const choice = registry.choice()
    const { mayUse } = options
    if (mayUse === undefined) return choice
    const mayUseUnlisted = ({ provider, model, egress }: Deployment) =>
      mayUse(principal, { provider: provider.id, model, egress })
    return { ...choice, deployments: choice.deployments.filter(mayUseUnlisted), mayUse: mayUseUnlisted }
  }

  const candidates: Routing['candidates'] = (asked, kind, principal) =>
    resolveModel(asked ?? models.default, kind, choiceOf(principal))

  return {
    candidates,
    plan: (found, request) => planAttempts(found, request, planning),
    explain(request, principal) {
      const found = candidates(request.model, request.kind, principal)
      const plan = planAttempts(found, { needs: needsOf(request), label: request.label, affinity: null }, planning)
      return explainPlan(found, plan)
    },
    execute: (plan, run) => executePlan(plan, run, { ...executing, slotsOf: places.of }),
    models: (principal) => choiceOf(principal).deployments.map(({ info }) => info),
    mayUse: (principal, used) => options.mayUse?.(principal, used) ?? true,
    all: () => registry.choice().deployments,
    describe: (principal) =>
      describeModels({
        choice: choiceOf(principal),
        providers: registry.providers(),
        clock,
        view: health.view,
        load: places.load(),
      }),
    findProvider(id) {
      const found = registry.providers().find(({ provider }) => provider.id === id)
      return found && describeProvider(found, places.load())
    },
    testProvider: registry.testProvider,
    health: () =>
      registry.choice().deployments.map(({ id, provider, model }) => ({
        provider: provider.id,
        model,
        state: health.view(id).state,
      })),
    replaceStored: registry.replaceStored,
    refresh: registry.refresh,
    discover: registry.discover,
    load: places.load,
    close: health.close,
  }
}
