/**
 * Orders deployments by a strategy and by how each fares. Pure: health is what `view` says, and chance what `random`
 * draws, in an order that does not depend on the order of the input.
 *
 * Deployments of the same model form a group, except with `best`. The strategy orders groups; inside a group two are drawn and the one with
 * the lower load goes first (power of two choices; Mitzenmacher, "The Power of Two Choices in Randomized Load
 * Balancing", 2001), so that callers who look at the same moment do not all run to the same place. Load is peak EWMA ×
 * (requests in work + 1).
 *
 * Only those are drawn whose time to the first token is at most twice the best of the group. Peak EWMA × (in work + 1)
 * alone gives a deployment that is five times slower one request in fifty, enough to be the slowest hundredth of all.
 * When the fast ones are overrun their times rise, and the slow ones come into the draw by themselves. Two ways lead
 * back for one that has become faster: one that was never measured is drawn as if it were the best, with one request at
 * a time; and one that was not heard of for a minute is tried by one of 128 requests, where it would be the choice if
 * it were fast.
 *
 * What has just recovered takes part with the chance `share`; else it stands after all others that can be used. What is
 * left alone stands at the end, in the order in which it comes back.
 */
import type { RoutingStrategy } from '@cairn/contract'
import type { DeploymentHealth } from './health/types.ts'
import {
  balancedMs,
  createContender,
  createField,
  expectedMs,
  hopedMs,
  loadOf,
  strainOf,
  usualTtftMs,
  type Contender,
  type Field,
} from './rank-score.ts'
import { tellFare, tellUsd } from './rank-words.ts'
import type { Deployment, Needs } from './types.ts'

export interface RankRequest {
  readonly deployments: readonly Deployment[]
  readonly strategy: RoutingStrategy
  readonly needs: Needs
  readonly view: (deployment: string) => DeploymentHealth
  /** 0 up to 1. */
  readonly random: () => number
  /** Requests with the same text go to the same deployment while it fares well. Null: to any. */
  readonly affinity: string | null
  /** `clock.monotonic()` */
  readonly nowMs: number
}

export interface Ranked {
  readonly deployment: Deployment
  readonly why: string
  /** The lower the earlier: milliseconds (`balanced`, `fastest`), dollars (`cheapest`), or the `priority`; else null. */
  readonly score: number | null
  /** `not-now` asked to be left alone for longer than a caller should wait. */
  readonly state: 'usable' | 'last-resort' | 'not-now'
}

/** How much slower than the best one may be to be drawn, and to keep a conversation. */
export const nearFactor = 2
/** Not measured for so long, a deployment may be tried again to see. */
export const staleAfterMs = 60_000
const retryStaleShare = 1 / 128
const tryUnknownShare = 1 / 8
/** One that asked to be left alone for longer than this is no last resort. */
export const shortWaitMs = 3_000

interface Rule {
  /** Those with the same are balanced. */
  group(contender: Contender): string
  /** The lower the earlier; the second decides between equals. */
  keys(contender: Contender, field: Field): readonly [number, number]
  score(contender: Contender, field: Field): number | null
  /** Which score a better measurement could change. */
  readonly explores: 'time' | 'time and price' | null
}

const modelOf = ({ deployment }: Contender) => deployment.info.id
const inGivenOrder = ({ given }: Contender) => [given, 0] as const

const rules = {
  balanced: {
    group: modelOf,
    keys: (contender, field) => [balancedMs(contender, field), 0],
    score: balancedMs,
    explores: 'time and price',
  },
  fastest: {
    group: modelOf,
    keys: (contender, field) => [expectedMs(contender, field), 0],
    score: expectedMs,
    explores: 'time',
  },
  cheapest: {
    group: (contender) => `${contender.usd} ${modelOf(contender)}`,
    keys: (contender, field) => [contender.usd ?? Number.POSITIVE_INFINITY, expectedMs(contender, field)],
    score: ({ usd }) => usd,
    explores: null,
  },
  // A list that somebody wrote: each stands where it was put.
  best: { group: ({ deployment }) => deployment.id, keys: inGivenOrder, score: () => null, explores: null },
  priority: {
    group: (contender) => `${contender.deployment.priority} ${modelOf(contender)}`,
    keys: ({ deployment, given }) => [deployment.priority, given],
    score: ({ deployment }) => deployment.priority,
    explores: null,
  },
  // All are one group; `draw` is by weight.
  weighted: { group: () => '', keys: () => [0, 0], score: () => null, explores: null },
} as const satisfies Record<RoutingStrategy, Rule>

interface Ranking extends RankRequest {
  readonly rule: Rule
  readonly field: Field
}

export function rankDeployments(request: RankRequest): { order: readonly Ranked[] } {
  const { deployments, needs, nowMs, strategy, view } = request
  const contenders = deployments
    .map((deployment, given) => createContender(deployment, given, needs, view(deployment.id)))
    .sort((one, other) => compareIds(one, other))
  const usable = contenders.filter(isUsable)
  const left = contenders.filter((contender) => !isUsable(contender)).sort(byReturn)
  const ranking: Ranking = { ...request, rule: rules[strategy], field: createField(usable, needs) }
  const { order, note } = orderUsable(usable, ranking)
  const ranked = order.map((contender, place) => tell(contender, 'usable', place === 0 ? note : null, ranking))
  // Twice over what is left alone, which is seldom anything.
  for (const state of ['last-resort', 'not-now'] as const)
    for (const contender of left)
      if (mustWait(contender.health, nowMs) === (state === 'not-now'))
        ranked.push(tell(contender, state, null, ranking))
  return { order: ranked }
}

function isUsable({ health: { state, share } }: Contender): boolean {
  return state === 'ok' || state === 'starting' || (state === 'probing' && share > 0)
}

function mustWait({ state, reason, untilMs }: DeploymentHealth, nowMs: number): boolean {
  return state === 'cooling' && reason === 'rate-limited' && untilMs !== null && untilMs - nowMs > shortWaitMs
}

function byReturn(one: Contender, other: Contender): number {
  return (one.health.untilMs ?? 0) - (other.health.untilMs ?? 0) || compareIds(one, other)
}

interface Ordered {
  readonly order: readonly Contender[]
  /** Why the first is first, where it is not by its score. */
  readonly note: string | null
}

function orderUsable(usable: readonly Contender[], ranking: Ranking): Ordered {
  const admitted: Contender[] = []
  const waiting: Contender[] = []
  for (const contender of usable) (isAdmitted(contender, ranking) ? admitted : waiting).push(contender)
  const [first, second] = admitted.length > 0 ? [admitted, waiting] : [waiting, []]
  const groups = groupBy(first, ranking)
  const top = groups[0]
  if (top === undefined) return { order: [], note: null }
  const order: Contender[] = []
  for (const group of groups) drawOrder(group, ranking, order)
  for (const group of groupBy(second, ranking)) drawOrder(group, ranking, order)
  const explored = chooseUnmeasured(first, top, ranking)
  if (explored) return { order: putFirst(order, explored), note: 'tried to see how fast it is' }
  const kept = ranking.affinity === null ? null : keepPlace(top, ranking.affinity, ranking)
  if (kept) return { order: putFirst(order, kept), note: 'keeps the conversation in one place' }
  return { order, note: null }
}

/** A conversation that is to come back does so once and for all, as the share grows. */
function isAdmitted(
  { deployment, health: { state, share } }: Contender,
  { affinity, random, strategy }: Ranking,
): boolean {
  if (share >= 1 || (strategy === 'weighted' && state !== 'probing')) return true
  return (affinity !== null && state === 'starting' ? chanceOf(affinity, deployment.id, 1) : random()) < share
}

/** Groups in the order of the strategy, each with its members by id. */
function groupBy(contenders: readonly Contender[], { rule, field }: Ranking): Contender[][] {
  interface Group {
    readonly members: Contender[]
    best: readonly [number, number]
  }
  const groups = new Map<string, Group>()
  for (const contender of contenders) {
    const keys = rule.keys(contender, field)
    const name = rule.group(contender)
    const group = groups.get(name)
    if (!group) groups.set(name, { members: [contender], best: keys })
    else {
      group.members.push(contender)
      if (compareKeys(keys, group.best) < 0) group.best = keys
    }
  }
  // The map holds groups by the id of their first, and sorting keeps equals where they are.
  return [...groups.values()].sort((one, other) => compareKeys(one.best, other.best)).map(({ members }) => members)
}

/** Adds the group to `order`. */
function drawOrder(group: readonly Contender[], { strategy, random }: Ranking, order: Contender[]): void {
  if (group.length < 2) order.push(...group)
  else if (strategy === 'weighted') order.push(...sortBy(group, (contender) => waitOf(random(), contender)))
  else {
    const best = bestOf(group)
    const unknownMs = best?.ttftMs ?? usualTtftMs
    const near = group.filter((contender) => isNear(contender, best))
    const far = group.filter((contender) => !isNear(contender, best))
    const drawn = drawTwo(near.length > 0 ? near : far, random)
    const first = loadOf(drawn[1], unknownMs) < loadOf(drawn[0], unknownMs) ? drawn[1] : drawn[0]
    order.push(first)
    for (const part of [near, far]) {
      part.sort((one, other) => compareNumbers(loadOf(one, unknownMs), loadOf(other, unknownMs)))
      order.push(...part.filter((contender) => contender !== first))
    }
  }
}

interface Best {
  readonly ttftMs: number
  readonly meanMs: number
}

/** The best known times; null when none is. */
function bestOf(group: readonly Contender[]): Best | null {
  let [ttftMs, meanMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (const { health } of group) {
    if (health.ttftMs !== null && health.ttftMs < ttftMs) ttftMs = health.ttftMs
    if (health.meanTtftMs !== null && health.meanTtftMs < meanMs) meanMs = health.meanTtftMs
  }
  return ttftMs === Number.POSITIVE_INFINITY ? null : { ttftMs, meanMs }
}

/** What has not been measured well yet gets one request at a time. */
function isNear({ health: { ttftMs, meanTtftMs, inFlight } }: Contender, best: Best | null): boolean {
  if (ttftMs !== null && best !== null && ttftMs > best.ttftMs * nearFactor) return false
  return meanTtftMs === null ? inFlight === 0 : best === null || meanTtftMs <= best.meanMs * nearFactor
}

function drawTwo(contenders: readonly Contender[], random: () => number): readonly [Contender, Contender] {
  const count = contenders.length
  const one = Math.floor(random() * count)
  const other = count < 2 ? one : (one + 1 + Math.floor(random() * (count - 1))) % count
  return [contenders[one] as Contender, contenders[other] as Contender]
}

/**
 * One that was not heard of for long and would be the choice if it were as fast as the best, and whether now is the
 * time. The one that was not heard of longest comes first.
 */
function chooseUnmeasured(
  admitted: readonly Contender[],
  top: readonly Contender[],
  ranking: Ranking,
): Contender | null {
  const { field, nowMs, random, rule, strategy } = ranking
  if (admitted.length < 2 || strategy === 'weighted') return null
  const chance = random()
  if (chance >= tryUnknownShare) return null
  const goal = Math.min(...top.map((contender) => rule.keys(contender, field)[0]))
  let found: Contender | null = null
  for (const contender of admitted) {
    const { heardAtMs, inFlight, state } = contender.health
    const isDue = heardAtMs === null || (chance < retryStaleShare && nowMs - heardAtMs >= staleAfterMs)
    if (!isDue || inFlight > 0 || state !== 'ok') continue
    const mayWin =
      top.includes(contender) ||
      (rule.explores !== null && hopedMs(contender, field, rule.explores === 'time and price') < goal)
    if (mayWin && (found === null || (heardAtMs ?? -1) < (found.health.heardAtMs ?? -1))) found = contender
  }
  return found
}

/**
 * Rendezvous hashing (Thaler and Ravishankar, 1998): each conversation has an order of its own of all deployments and
 * takes the first that fares well, so one that goes takes only its own conversations with it.
 */
function keepPlace(group: readonly Contender[], affinity: string, { strategy }: Ranking): Contender | null {
  const unknownMs = bestOf(group)?.ttftMs ?? usualTtftMs
  const strains = group.map((contender) => strainOf(contender, unknownMs))
  const most = Math.min(...strains) * nearFactor
  const isWeighted = strategy === 'weighted'
  let kept: Contender | null = null
  let least = Number.POSITIVE_INFINITY
  for (const [index, contender] of group.entries()) {
    if (contender.health.state === 'probing' || (strains[index] ?? 0) > most) continue
    const chance = chanceOf(affinity, contender.deployment.id, 0)
    const wait = isWeighted ? waitOf(chance, contender) : chance
    if (wait < least) [kept, least] = [contender, wait]
  }
  return kept
}

/**
 * A draw by weight without replacement is a race of exponential waits with the weights as rates (Efraimidis and
 * Spirakis, 2006).
 */
function waitOf(chance: number, { deployment, health }: Contender): number {
  const weight = deployment.weight * health.share
  return weight > 0 ? -Math.log(1 - chance) / weight : Number.POSITIVE_INFINITY
}

/** 0 up to 1, always the same for the same words: FNV-1a over UTF-16 units, mixed at the end as in MurmurHash3. */
function chanceOf(affinity: string, deployment: string, salt: number): number {
  let hash = 0x811c9dc5 ^ salt
  for (const text of [affinity, '\u0000', deployment])
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 4_294_967_296
}

function tell(contender: Contender, state: Ranked['state'], note: string | null, ranking: Ranking): Ranked {
  const { rule, field } = ranking
  return {
    deployment: contender.deployment,
    state,
    // Found out when somebody reads it: of a hundred plans one is looked at.
    get why() {
      return tellWhy(contender, note, ranking)
    },
    get score() {
      return rule.score(contender, field)
    },
  }
}

function tellWhy(contender: Contender, note: string | null, { nowMs, strategy }: Ranking): string {
  const { deployment, usd } = contender
  let why = tellFare(contender, nowMs)
  if (strategy === 'balanced' || strategy === 'cheapest') why = `${tellUsd(usd)}, ${why}`
  if (strategy === 'weighted') why = `weight ${deployment.weight}, ${why}`
  if (strategy === 'priority') why = `priority ${deployment.priority}, ${why}`
  return note === null ? why : `${note}, ${why}`
}

function putFirst(order: readonly Contender[], first: Contender): readonly Contender[] {
  return [first, ...order.filter((contender) => contender !== first)]
}

function sortBy(contenders: readonly Contender[], read: (contender: Contender) => number): Contender[] {
  return contenders
    .map((contender) => ({ contender, value: read(contender) }))
    .sort((one, other) => compareNumbers(one.value, other.value))
    .map(({ contender }) => contender)
}

function compareKeys(one: readonly [number, number], other: readonly [number, number]): number {
  return compareNumbers(one[0], other[0]) || compareNumbers(one[1], other[1])
}

/** Infinity minus infinity is no number. */
function compareNumbers(one: number, other: number): number {
  return one < other ? -1 : one > other ? 1 : 0
}

function compareIds(one: Contender, other: Contender): number {
  const [a, b] = [one.deployment.id, other.deployment.id]
  return a < b ? -1 : a > b ? 1 : one.given - other.given
}
