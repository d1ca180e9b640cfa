/**
 * The health of every deployment that this process has tried, from what its own attempts tell and from what other
 * processes tell of cooldowns and opened breakers. The rules are in `breaker.ts`, `latency.ts` and `failure-effects.ts`.
 */
import type { Clock, Logger } from '../../base/index.ts'
import {
  admit,
  createBreaker,
  errorRateOf,
  imposeTold,
  isCurrent,
  liftTold,
  noteAnswer,
  noteFailure,
  noteNothing,
  readStanding,
  type Admission,
  type Breaker,
  type BreakerContext,
  type BreakerSettings,
  type Failure,
} from './breaker.ts'
import { createLatency, enoughReplies, observeLatency, readLatency, type Latency } from './latency.ts'
import type { DeploymentHealth, HealthBoard, HealthNews, HealthShare, HealthTrial } from './types.ts'

export interface HealthBoardOptions {
  readonly clock: Clock
  readonly settings: BreakerSettings
  /** Null: what happens here is told to nobody. */
  readonly share: HealthShare | null
  readonly logger: Logger
  /** 0 up to 1; spreads the probes of several processes. `Math.random` when absent. */
  readonly random?: () => number
}

/** Deployments that nobody tried or told of for so long are forgotten. */
export const forgottenAfterMs = 6 * 3_600_000
/** More than that are only remembered in turn: a provider may list many models, and names come from outside. */
export const mostDeployments = 5_000

/** What one reply moves the speed, as a share. */
const speedWeight = 0.2
/** A reply that came in one piece says nothing about the speed of tokens. */
const shortestGenerationMs = 20
const mostTokensPerSecond = 1e6

interface Entry {
  readonly deployment: string
  readonly breaker: Breaker
  latency: Latency
  tokensPerSecond: number | null
  inFlight: number
  /** Those without a first token, in the order in which they began, and the sum of when they did. */
  readonly waiting: Set<Attempt>
  waitingSinceSum: number
  usedAtMs: number
}

interface Attempt {
  readonly admission: Admission
  readonly startedAtMs: number
  firstTokenAtMs: number | null
}

const unknown: DeploymentHealth = {
  state: 'ok',
  reason: null,
  untilMs: null,
  ttftMs: null,
  meanTtftMs: null,
  heardAtMs: null,
  tokensPerSecond: null,
  errorRate: 0,
  inFlight: 0,
  share: 1,
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createHealthBoard({ clock, settings, share, logger, ...more }: HealthBoardOptions): HealthBoard {
  const random = more.random ?? Math.random
  const entries = createEntries()
  const contextAt = (nowMs: number): BreakerContext => ({ settings, nowMs, random })

  share?.follow(hear)

  function hear(news: HealthNews): void {
    const nowMs = clock.monotonic()
    if (news.state !== 'ok') {
      imposeTold(entries.get(news.deployment, nowMs).breaker, news, contextAt(nowMs))
      return
    }
    const entry = entries.find(news.deployment)
    if (entry && liftTold(entry.breaker, nowMs)) beginAnew(entry)
  }

  /** The reply has begun. */
  function noteFirstToken(entry: Entry, attempt: Attempt, isWhole: boolean): void {
    if (attempt.firstTokenAtMs !== null) return
    const nowMs = clock.monotonic()
    attempt.firstTokenAtMs = nowMs
    noteAnswered(entry, attempt, isWhole, nowMs)
    stopWaiting(entry, attempt)
    if (isCurrent(entry.breaker, attempt.admission)) observeLatency(entry.latency, nowMs - attempt.startedAtMs, nowMs)
  }

  function noteAnswered(entry: Entry, { admission }: Attempt, isWhole: boolean, nowMs: number): void {
    if (!noteAnswer(entry.breaker, admission, isWhole, contextAt(nowMs))) return
    beginAnew(entry)
    logger.info('a deployment answers again', { deployment: entry.deployment })
    share?.tell({ deployment: entry.deployment, state: 'ok' })
  }

  function noteWhole(entry: Entry, attempt: Attempt, outputTokens: number | null): void {
    noteFirstToken(entry, attempt, false)
    const nowMs = clock.monotonic()
    noteAnswered(entry, attempt, true, nowMs)
    const generationMs = nowMs - (attempt.firstTokenAtMs ?? nowMs)
    if (outputTokens === null || !(outputTokens > 1) || generationMs < shortestGenerationMs) return
    const speed = Math.min(mostTokensPerSecond, ((outputTokens - 1) * 1_000) / generationMs)
    const before = entry.tokensPerSecond ?? speed
    entry.tokensPerSecond = before + (speed - before) * speedWeight
  }

  function noteFailed(entry: Entry, attempt: Attempt, failure: Failure): void {
    const nowMs = clock.monotonic()
    if (failure.kind === 'timeout') noteLate(entry, attempt, nowMs)
    const trouble = noteFailure(entry.breaker, attempt.admission, failure, contextAt(nowMs))
    if (trouble === null) return
    const { state, reason, forMs } = trouble
    logger.warn('a deployment is left alone', { deployment: entry.deployment, state, reason, ms: Math.round(forMs) })
    share?.tell({ deployment: entry.deployment, ...trouble })
  }

  /** It ended before its first token: that took at least so long. */
  function noteLate(entry: Entry, attempt: Attempt, nowMs: number): void {
    const waitedMs = nowMs - attempt.startedAtMs
    if (attempt.firstTokenAtMs !== null || !isCurrent(entry.breaker, attempt.admission)) return
    const usual = readLatency(entry.latency, nowMs)
    if (usual !== null && waitedMs > usual) observeLatency(entry.latency, waitedMs, nowMs)
  }

  function createTrial(entry: Entry, attempt: Attempt): HealthTrial {
    let isOver = false
    const end = (note: () => void) => {
      if (isOver) return
      isOver = true
      note()
      entry.inFlight--
      stopWaiting(entry, attempt)
    }
    return {
      firstToken: () => void (isOver || noteFirstToken(entry, attempt, false)),
      succeeded: (outputTokens) => end(() => noteWhole(entry, attempt, outputTokens)),
      failed: (kind, retryAfterMs) => end(() => noteFailed(entry, attempt, { kind, retryAfterMs })),
      abandoned: () =>
        end(() => {
          noteLate(entry, attempt, clock.monotonic())
          noteNothing(entry.breaker, attempt.admission)
        }),
    }
  }

  return {
    view(deployment) {
      const entry = entries.find(deployment)
      return entry ? look(entry, clock.monotonic(), settings.slowStartMs) : unknown
    },
    begin(deployment) {
      const nowMs = clock.monotonic()
      const entry = entries.get(deployment, nowMs)
      const admission = admit(entry.breaker, nowMs)
      if (admission === null) return null
      const attempt: Attempt = { admission, startedAtMs: nowMs, firstTokenAtMs: null }
      entry.inFlight++
      entry.waiting.add(attempt)
      entry.waitingSinceSum += nowMs
      return createTrial(entry, attempt)
    },
    close: async () => share?.close(),
  }
}

function look(entry: Entry, nowMs: number, slowStartMs: number): DeploymentHealth {
  const { breaker, latency, tokensPerSecond, inFlight } = entry
  const { state, reason, untilMs, share } = readStanding(breaker, nowMs, slowStartMs)
  const ttftMs = readLatency(latency, nowMs)
  return {
    state,
    reason,
    untilMs,
    ttftMs: ttftMs === null ? null : Math.max(ttftMs, longestWait(entry, nowMs)),
    meanTtftMs: latency.count < enoughReplies ? null : Math.max(latency.meanMs, meanWait(entry, nowMs)),
    heardAtMs: latency.heardAtMs,
    tokensPerSecond,
    errorRate: errorRateOf(breaker, nowMs),
    inFlight,
    share,
  }
}

function longestWait({ waiting }: Entry, nowMs: number): number {
  for (const { startedAtMs } of waiting) return nowMs - startedAtMs
  return 0
}

function meanWait({ waiting, waitingSinceSum }: Entry, nowMs: number): number {
  return waiting.size === 0 ? 0 : nowMs - waitingSinceSum / waiting.size
}

function stopWaiting(entry: Entry, attempt: Attempt): void {
  if (entry.waiting.delete(attempt)) entry.waitingSinceSum -= attempt.startedAtMs
  // Sums of fractions drift; an empty one is known.
  if (entry.waiting.size === 0) entry.waitingSinceSum = 0
}

/**
 * A deployment that comes back is another one than the one that was left alone: its times are learned anew, and what was
 * sent before is no evidence against it.
 */
function beginAnew(entry: Entry): void {
  entry.latency = createLatency()
  entry.waiting.clear()
  entry.waitingSinceSum = 0
}

function createEntries() {
  const entries = new Map<string, Entry>()
  let sweptAtMs = 0

  /** Only when one is added, since only that takes memory. */
  function makeRoom(nowMs: number): void {
    if (entries.size < mostDeployments && nowMs - sweptAtMs < forgottenAfterMs / 10) return
    sweptAtMs = nowMs
    for (const [deployment, { usedAtMs, inFlight }] of entries)
      if (inFlight === 0 && nowMs - usedAtMs > forgottenAfterMs) entries.delete(deployment)
    if (entries.size < mostDeployments) return
    // What is in work is bounded elsewhere, and must be counted down where it was counted up.
    const idle = [...entries.values()].filter(({ inFlight }) => inFlight === 0)
    idle.sort((one, other) => one.usedAtMs - other.usedAtMs)
    for (const { deployment } of idle.slice(0, mostDeployments / 10)) entries.delete(deployment)
  }

  return {
    find: (deployment: string) => entries.get(deployment),
    get(deployment: string, nowMs: number): Entry {
      let entry = entries.get(deployment)
      if (!entry) {
        makeRoom(nowMs)
        entry = {
          deployment,
          breaker: createBreaker(),
          latency: createLatency(),
          tokensPerSecond: null,
          inFlight: 0,
          waiting: new Set(),
          waitingSinceSum: 0,
          usedAtMs: nowMs,
        }
        entries.set(deployment, entry)
      }
      entry.usedAtMs = nowMs
      return entry
    },
  }
}
