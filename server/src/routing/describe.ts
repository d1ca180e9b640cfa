/** What routing shows of itself: models with their health, virtual models, providers, and a route explained. */
import {
  builtInVirtualModels,
  type DeploymentHealthInfo,
  type ModelsReply,
  type ProviderInfo,
  type RouteExplainRequest,
  type RouteExplanation,
  type VirtualModelInfo,
} from '@cairn/contract'
import type { Clock } from '../base/index.ts'
import { catalogueSources } from './catalogue/index.ts'
import { resolveModel, type Choice } from './candidates.ts'
import type { DeploymentHealth } from './health/types.ts'
import type { ConfiguredProvider } from './registry.ts'
import type { Candidates, Deployment, Needs, Plan } from './types.ts'

export interface DescribeParts {
  readonly choice: Choice
  readonly providers: readonly ConfiguredProvider[]
  readonly clock: Clock
  readonly view: (deployment: string) => DeploymentHealth
  readonly load: readonly { provider: string; inFlight: number; waiting: number }[]
}

export function describeModels(parts: DescribeParts): ModelsReply {
  const { choice, clock, view } = parts
  return {
    models: choice.deployments.map(({ id, info }) => ({ ...info, health: tellHealth(view(id), clock) })),
    virtual: describeVirtual(choice),
    providers: parts.providers.map((each) => describeProvider(each, parts.load)),
    catalogue: { sources: [...catalogueSources] },
  }
}

export function describeProvider(
  { provider, origin, hasKey, isEnabled }: ConfiguredProvider,
  load: DescribeParts['load'],
): ProviderInfo {
  const now = load.find((each) => each.provider === provider.id)
  return {
    id: provider.id,
    dialect: provider.dialect,
    baseUrl: provider.url === null ? null : withoutQuery(provider.url),
    egress: provider.egress,
    clearance: provider.clearance,
    region: provider.region,
    enabled: isEnabled,
    origin,
    hasKey,
    models: provider.models.map(({ id }) => id),
    inFlight: now?.inFlight ?? 0,
    waiting: now?.waiting ?? 0,
  }
}

export function explainPlan({ asked, resolved }: Candidates, plan: Plan): RouteExplanation {
  return {
    asked,
    resolved,
    strategy: plan.strategy,
    label: plan.label,
    attempts: plan.attempts.map(({ deployment, role, why, score, estimatedUsd }) => ({
      provider: deployment.provider.id,
      model: deployment.model,
      egress: deployment.egress,
      role,
      why,
      score,
      estimatedUsd,
    })),
    rejected: plan.rejected.map(({ deployment, rule, reason }) => ({
      provider: deployment.provider.id,
      model: deployment.model,
      rule,
      reason,
    })),
  }
}

export function needsOf({ kind, needs, inputTokens, outputTokens }: RouteExplainRequest): Needs {
  return { kind, capabilities: needs, inputTokens, outputTokens }
}

/** Each by what it would mean for a chat; a name that means nothing now is listed without models. */
function describeVirtual(choice: Choice): VirtualModelInfo[] {
  const own = choice.virtualModels.map(({ id, strategy }) => [id, strategy] as const)
  const named = Object.entries(builtInVirtualModels).filter(([id]) => !own.some(([taken]) => taken === id))
  return [...own, ...named].map(([id, strategy]) => ({
    id,
    strategy,
    models: membersOf(id, choice).map((each) => each.id),
  }))
}

function membersOf(id: string, choice: Choice): readonly Deployment[] {
  try {
    return resolveModel(id, 'chat', choice).deployments
  } catch {
    return []
  }
}

function tellHealth(health: DeploymentHealth, clock: Clock): DeploymentHealthInfo {
  const { state, reason, untilMs, ttftMs, tokensPerSecond, errorRate, inFlight } = health
  return {
    state,
    reason,
    until: untilMs === null ? null : Math.round(clock.now() + untilMs - clock.monotonic()),
    ttftMs,
    tokensPerSecond,
    errorRate,
    inFlight,
  }
}

/** A query may hold more than a version. */
function withoutQuery(address: string): string {
  const { origin, pathname } = new URL(address)
  return `${origin}${pathname}`
}
