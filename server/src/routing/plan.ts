/**
 * From candidates to attempts: first what may not or cannot answer is put aside, each with its rule and reason, then
 * the rest is ordered by the strategy and by how each deployment fares. No I/O: health is a look into memory, and
 * chance comes from a source that is handed in, so the same view and the same draws give the same plan.
 *
 * Ordered rules: capability, context window, clearance, region, budget, health, number of attempts. A model is only put
 * aside for a capability or a window that is known; what nothing is known of is tried.
 */
import { labelRank, type CapabilityName, type Label } from '@cairn/contract'
import type { Clock } from '../base/index.ts'
import { mayHave } from './catalogue.ts'
import type { HealthBoard } from './health/types.ts'
import { estimateUsd } from './price.ts'
import { rankDeployments, type Ranked } from './rank.ts'
import type { Candidates, Deployment, Needs, Plan, PlannedAttempt, PlanRequest, Rejection } from './types.ts'

export interface PlanServices {
  readonly health: Pick<HealthBoard, 'view'>
  readonly clock: Pick<Clock, 'monotonic'>
  /** 0 up to 1. */
  readonly random: () => number
  readonly maxAttempts: number
  /** Regions to which notes of a label may go; a label that is absent may go anywhere. */
  readonly regions: Readonly<Partial<Record<Label, readonly string[]>>>
}

/** Tokens are estimated, so a window must be clearly too small before a deployment is put aside. */
const windowSlack = 0.75

const capabilityWords: Record<CapabilityName, string> = {
  vision: 'does not take images',
  tools: 'does not call tools',
  'json-schema': 'does not keep to a JSON schema',
  streaming: 'does not stream',
  reasoning: 'does not reason on request',
}

export function planAttempts(candidates: Candidates, request: PlanRequest, services: PlanServices): Plan {
  const { label, needs } = request
  const rejected: Rejection[] = [...candidates.rejected]
  const allowed: Deployment[] = []
  const usable: Deployment[] = []
  for (const deployment of candidates.deployments) {
    const refusal = refuse(deployment, request, services)
    if (refusal) {
      rejected.push({ deployment, ...refusal })
      continue
    }
    allowed.push(deployment)
    const budget = request.refusedByBudget?.(deployment) ?? null
    if (budget === null) usable.push(deployment)
    else rejected.push({ deployment, rule: 'budget', reason: budget })
  }
  const attempts: PlannedAttempt[] = []
  for (const ranked of rank(usable, candidates, request, services)) {
    const { deployment, state } = ranked
    if (state === 'not-now') rejected.push(leftAlone(deployment, ranked.why, services))
    else if (attempts.length >= services.maxAttempts)
      rejected.push({ deployment, rule: 'limit', reason: `${services.maxAttempts} others are tried before` })
    else {
      const role = state === 'last-resort' ? state : attempts.length === 0 ? 'choice' : 'fallback'
      attempts.push(describe(ranked, role, needs))
    }
  }
  return { strategy: candidates.strategy, label, needs, attempts, allowed, rejected }
}

/** Words and sums are made when somebody reads them. */
function describe(
  ranked: Pick<PlannedAttempt, 'deployment' | 'why' | 'score'>,
  role: PlannedAttempt['role'],
  needs: Needs,
): PlannedAttempt {
  const { deployment } = ranked
  return {
    deployment,
    role,
    get why() {
      return ranked.why
    },
    get score() {
      return ranked.score
    },
    get estimatedUsd() {
      return estimateUsd(deployment, needs)
    },
  }
}

/** It asked for more time than a caller should wait. */
function leftAlone(deployment: Deployment, reason: string, { health, clock }: PlanServices): Rejection {
  const { untilMs } = health.view(deployment.id)
  const retryAfterMs = untilMs === null ? 0 : Math.max(0, untilMs - clock.monotonic())
  return { deployment, rule: 'health', reason, retryAfterMs }
}

function refuse(
  deployment: Deployment,
  { needs, label, refusedByNotes }: PlanRequest,
  { regions }: PlanServices,
): Pick<Rejection, 'rule' | 'reason'> | null {
  const { info, clearance, region, egress } = deployment
  const lacking = needs.capabilities.find((capability) => !mayHave(deployment, capability))
  if (lacking !== undefined) return { rule: 'capability', reason: capabilityWords[lacking] }
  if (info.contextWindow !== null && needs.inputTokens * windowSlack > info.contextWindow)
    return {
      rule: 'context-window',
      reason: `takes ${info.contextWindow} tokens, the request has about ${needs.inputTokens}`,
    }
  if (labelRank(clearance) < labelRank(label))
    return { rule: 'clearance', reason: `cleared for ${clearance}, the notes are ${label}` }
  const rule = refusedByNotes?.(deployment) ?? null
  if (rule !== null) return { rule: 'clearance', reason: rule }
  const allowed = regions[label]
  if (allowed !== undefined && egress === 'external' && (region === null || !allowed.includes(region)))
    return {
      rule: 'region',
      reason: `${region === null ? 'of no known region' : `in the region ${region}`}, ${label} notes may go to ${allowed.join(', ') || 'none'}`,
    }
  return null
}

/** The built-in extractive model is what is left when no language model answers, whatever the strategy. */
function rank(
  usable: readonly Deployment[],
  { strategy }: Candidates,
  { needs, affinity }: PlanRequest,
  { health, clock, random }: PlanServices,
): readonly Ranked[] {
  const models = usable.filter(({ info }) => !info.builtIn)
  const builtIn = usable.filter(({ info }) => info.builtIn)
  const nowMs = clock.monotonic()
  const rankAll = () =>
    rankDeployments({ deployments: models, strategy, needs, affinity, view: health.view, random, nowMs }).order
  const [only, another] = models
  const isAlone = only !== undefined && another === undefined && health.view(only.id).state === 'ok'
  const ranked = only === undefined ? [] : isAlone ? [alone(only, rankAll)] : rankAll()
  // A model that does not fare well is still better than none, but not better than the one that is always there.
  const [well, badly] = [
    ranked.filter(({ state }) => state === 'usable'),
    ranked.filter(({ state }) => state !== 'usable'),
  ]
  const always = builtIn.map((deployment) => ({
    deployment,
    why: 'built in: quotes the notes, always there',
    score: null,
    state: 'usable' as const,
  }))
  return [...well, ...always, ...badly]
}

/** There is nothing to order; what would be said of it is found out when somebody asks. */
function alone(deployment: Deployment, rankAll: () => readonly Ranked[]): Ranked {
  return {
    deployment,
    state: 'usable',
    get why() {
      return rankAll()[0]?.why ?? ''
    },
    get score() {
      return rankAll()[0]?.score ?? null
    },
  }
}
