/**
 * What it would cost to send a request to a deployment: in time, in money, and both together. Every number that is not
 * known takes the middle of those that are, so that a deployment is neither preferred nor avoided for being new.
 */
import { estimateUsd } from './price.ts'
import type { DeploymentHealth } from './health/types.ts'
import type { Deployment, Needs } from './types.ts'

/** A deployment that takes part, with what is looked at more than once. */
export interface Contender {
  readonly deployment: Deployment
  readonly health: DeploymentHealth
  /** Its place in what was handed in. */
  readonly given: number
  readonly usd: number | null
}

/** What the contenders are measured by. */
export interface Field {
  /** Tokens of the reply that are reckoned with. */
  readonly outputTokens: number
  /** For those of whom nothing is known, and the best of those of whom something is. */
  readonly ttftMs: number
  readonly bestTtftMs: number
  readonly tokensPerSecond: number
  readonly bestTokensPerSecond: number
  readonly usd: number
}

/** Time to the first token while nothing is known of any; also the default of tower’s peak EWMA. */
export const usualTtftMs = 1_000
const usualTokensPerSecond = 50
/** Callers bound replies far above what comes; beyond it the speed of tokens would be all that counts. */
const mostOutputTokens = 1_000
/** So many requests side by side take one of them about twice as long. A guess: providers do not tell. */
const loadPerRequest = 0.1
/** With `balanced` a cent is worth a second. */
const msPerUsd = 100_000
/** However often it fails, a deployment counts as at most twenty times as slow. */
const leastSuccess = 0.05

export function createField(contenders: readonly Contender[], needs: Needs): Field {
  const ttfts = knownOf(contenders, ({ health }) => health.ttftMs)
  const speeds = knownOf(contenders, ({ health }) => health.tokensPerSecond)
  const ttftMs = middle(ttfts) ?? usualTtftMs
  const tokensPerSecond = middle(speeds) ?? usualTokensPerSecond
  return {
    outputTokens: needs.kind === 'embedding' ? 0 : Math.min(needs.outputTokens, mostOutputTokens),
    ttftMs,
    bestTtftMs: ttfts[0] ?? ttftMs,
    tokensPerSecond,
    bestTokensPerSecond: speeds.at(-1) ?? tokensPerSecond,
    usd: middle(knownOf(contenders, ({ usd }) => usd)) ?? 0,
  }
}

export function createContender(
  deployment: Deployment,
  given: number,
  needs: Needs,
  health: DeploymentHealth,
): Contender {
  return { deployment, health, given, usd: estimateUsd(deployment, needs) }
}

/** Milliseconds until the whole reply is there, longer by requests in work and by the attempts that fail. */
export function expectedMs({ health }: Contender, field: Field): number {
  return loaded(health, wholeMs(health.ttftMs ?? field.ttftMs, health.tokensPerSecond ?? field.tokensPerSecond, field))
}

/** The same in milliseconds with the price: a cent counts as a second. */
export function balancedMs(contender: Contender, field: Field): number {
  return expectedMs(contender, field) + (contender.usd ?? field.usd) * msPerUsd
}

/** What it would be if it turned out to be as fast as the best. */
export function hopedMs({ usd }: Contender, field: Field, isPriced: boolean): number {
  const ms = wholeMs(field.bestTtftMs, field.bestTokensPerSecond, field)
  return isPriced ? ms + (usd ?? field.usd) * msPerUsd : ms
}

/** Between deployments of one model: peak EWMA × (requests in work + 1), by the share of attempts that succeed. */
export function loadOf({ health }: Contender, unknownMs: number): number {
  return ((health.ttftMs ?? unknownMs) * (health.inFlight + 1)) / successOf(health)
}

/** The same for keeping a conversation where it was: there a few requests side by side are no reason to leave. */
export function strainOf({ health }: Contender, unknownMs: number): number {
  return loaded(health, health.ttftMs ?? unknownMs)
}

function loaded(health: DeploymentHealth, ms: number): number {
  return (ms * (1 + health.inFlight * loadPerRequest)) / successOf(health)
}

function successOf({ errorRate }: DeploymentHealth): number {
  return Math.max(leastSuccess, 1 - errorRate)
}

function wholeMs(ttftMs: number, tokensPerSecond: number, { outputTokens }: Field): number {
  return ttftMs + (outputTokens * 1_000) / tokensPerSecond
}

/** From the lowest to the highest. */
function knownOf(contenders: readonly Contender[], read: (contender: Contender) => number | null): number[] {
  const known: number[] = []
  for (const contender of contenders) {
    const value = read(contender)
    if (value !== null) known.push(value)
  }
  return known.sort((one, other) => one - other)
}

function middle(sorted: readonly number[]): number | undefined {
  return sorted[(sorted.length - 1) >> 1]
}
