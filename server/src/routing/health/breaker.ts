/**
 * When a deployment is left alone, and how it comes back. One record per deployment, and functions over it that are
 * told the time.
 *
 * It is `open` after so many failures in a row, or when more than half of at least twenty attempts of the last minute
 * failed; `cooling` when it asked to be left alone, or refuses everything. While it is left alone it may still be tried
 * as a last resort, by one request at a time. When the time is over, one that was ill takes one request at a time until
 * one succeeds (`probing`); each that fails doubles the time. Then it starts slowly: a process that has just come up
 * with cold caches would be pushed over by its full share.
 */
import type { DeploymentState } from '@cairn/contract'
import type { FailureKind } from '../../providers/index.ts'
import { failureEffects } from './failure-effects.ts'
import { addOutcome, createOutcomes, forgetOld, type Outcomes } from './outcomes.ts'
import type { Trouble } from './types.ts'

export interface BreakerSettings {
  /** Failures in a row after which a deployment is left alone. */
  readonly openAfterFailures: number
  /** How long it is left alone at first. */
  readonly cooldownMs: number
  /** How long it takes until it has its full share again. */
  readonly slowStartMs: number
}

/** Attempts of the last minute from which on their share of failures counts. */
const enoughAttempts = 20
/** The longest that a provider may ask to be left alone. */
export const longestRetryAfterMs = 3_600_000
/** The same, when it does so with another failure than `rate-limited`: it was not asked about limits. */
const longestOtherRetryAfterMs = 60_000
/** A provider that says 0 means soon, not at once. */
const shortestRetryAfterMs = 250
/** How long one that refuses everything (a wrong key, an address that is not allowed) is left alone. */
export const wrongMs = 60_000
const longestCooldownMs = 60_000
/** Cooldowns are longer by up to this share, so that not all processes probe at once. */
const jitter = 0.25
/**
 * Share of the requests that may become the probe of a deployment that is due. Less than one, so that with few requests
 * not each one after a pause has to wait for a dead deployment first.
 */
export const probeShare = 0.2

interface Block {
  untilMs: number
  state: 'open' | 'cooling'
  reason: string
  needsProbe: boolean
  /** Whether failures seen here led to it, and not what another process told. */
  isOwn: boolean
  /** Until when the others have been told of it. */
  toldUntilMs: number
}

export interface Breaker {
  block: Block | null
  /** The one request that is let through while it is blocked. */
  probe: Admission | null
  failuresInRow: number
  /** How often it was left alone without a success in between. */
  strikes: number
  /** When the slow start began; null when it is over or there was none. */
  startedAtMs: number | null
  /** Counts recoveries: what was sent before one says nothing about the time after it. */
  epoch: number
  outcomes: Outcomes
}

/** How an attempt was let through. */
export interface Admission {
  epoch: number
  /** Whether it was tried because the time was over, and not as a last resort: only then its failure doubles the time. */
  readonly wasDue: boolean
}

export interface Standing {
  readonly state: DeploymentState
  readonly reason: string | null
  readonly untilMs: number | null
  readonly share: number
}

export interface BreakerContext {
  readonly settings: BreakerSettings
  readonly nowMs: number
  /** 0 up to 1. */
  readonly random: () => number
}

export function createBreaker(): Breaker {
  return {
    block: null,
    probe: null,
    failuresInRow: 0,
    strikes: 0,
    startedAtMs: null,
    epoch: 0,
    outcomes: createOutcomes(),
  }
}

const well: Standing = { state: 'ok', reason: null, untilMs: null, share: 1 }

export function readStanding(breaker: Breaker, nowMs: number, slowStartMs: number): Standing {
  const { block, probe, startedAtMs } = breaker
  if (block === null) return startedAtMs === null ? well : startingAt(startedAtMs, nowMs, slowStartMs)
  const { state, reason, untilMs, needsProbe } = block
  if (nowMs < untilMs) return { state, reason, untilMs, share: 0 }
  if (!needsProbe) return startingAt(untilMs, nowMs, slowStartMs)
  return { state: 'probing', reason, untilMs: null, share: probe === null ? probeShare : 0 }
}

/**
 * Grows with the power 1.5 of the time. One that comes back has nothing in work and so wins most of the choices between
 * two that it takes part in, up to twice its part: a straight line would give it more than a tenth in the first tenth.
 */
function startingAt(startedAtMs: number, nowMs: number, slowStartMs: number): Standing {
  const passed = (nowMs - startedAtMs) / slowStartMs
  // No time at all divides zero by zero, and what is over is over.
  return passed < 1 ? { state: 'starting', reason: null, untilMs: null, share: Math.max(0, passed) ** 1.5 } : well
}

/** Null: one request is finding out already. */
export function admit(breaker: Breaker, nowMs: number): Admission | null {
  comeBack(breaker, nowMs)
  if (breaker.block === null) return { epoch: breaker.epoch, wasDue: false }
  if (breaker.probe !== null) return null
  return (breaker.probe = { epoch: breaker.epoch, wasDue: nowMs >= breaker.block.untilMs })
}

/** One that only asked for time needs no proof; that its time is over is noticed when something is asked or told. */
function comeBack(breaker: Breaker, nowMs: number): void {
  const { block } = breaker
  if (block !== null && nowMs >= block.untilMs && !block.needsProbe) recover(breaker, block.untilMs)
}

/** Whether what becomes of it says something about the deployment as it is now. */
export function isCurrent(breaker: Breaker, admission: Admission): boolean {
  return breaker.probe === admission || (breaker.block === null && admission.epoch === breaker.epoch)
}

/** The reply has begun or has come. Returns whether the deployment has recovered by it. */
export function noteAnswer(breaker: Breaker, admission: Admission, isWhole: boolean, context: BreakerContext): boolean {
  comeBack(breaker, context.nowMs)
  if (!isCurrent(breaker, admission)) return false
  const isProbe = breaker.probe === admission
  if (isProbe) {
    recover(breaker, context.nowMs)
    admission.epoch = breaker.epoch
    // A beginning is half a proof: the next failure before a whole reply opens it again, for longer.
    breaker.failuresInRow = context.settings.openAfterFailures - 1
  }
  if (isWhole) {
    addOutcome(breaker.outcomes, false, context.nowMs)
    breaker.failuresInRow = 0
    breaker.strikes = 0
  }
  return isProbe
}

/** It ended without saying anything. */
export function noteNothing(breaker: Breaker, admission: Admission): void {
  if (breaker.probe === admission) breaker.probe = null
}

export interface Failure {
  readonly kind: FailureKind
  readonly retryAfterMs: number | null
}

/** Returns what the other processes must hear of, or null. */
export function noteFailure(
  breaker: Breaker,
  admission: Admission,
  failure: Failure,
  context: BreakerContext,
): Omit<Trouble, 'deployment'> | null {
  comeBack(breaker, context.nowMs)
  const effect = failureEffects[failure.kind]
  const isTooMany = effect !== 'nothing' && countFailure(breaker, admission, effect === 'counts', context)
  noteNothing(breaker, admission)
  if (effect === 'nothing') return null
  const { kind: reason } = failure
  if (effect === 'wrong') return leaveAlone(breaker, 'cooling', { reason, ms: wrongMs, needsProbe: true }, context)
  const askedMs = readRetryAfter(failure)
  const isStruck = isTooMany || (effect === 'waits' && askedMs === null && !isLeftAlone(breaker, context.nowMs))
  if (askedMs === null && !isStruck) return null
  const struckMs = isStruck ? nextCooldown(breaker, context) : 0
  const state = isTooMany && struckMs >= (askedMs ?? 0) ? 'open' : 'cooling'
  return leaveAlone(breaker, state, { reason, ms: Math.max(struckMs, askedMs ?? 0), needsProbe: isTooMany }, context)
}

function isLeftAlone({ block }: Breaker, nowMs: number): boolean {
  return block !== null && nowMs < block.untilMs
}

/** Whether the failure is one too many. `isIll`: of the kinds that count. */
function countFailure(breaker: Breaker, admission: Admission, isIll: boolean, context: BreakerContext): boolean {
  if (!isCurrent(breaker, admission)) return false
  if (breaker.probe === admission) return isIll && admission.wasDue && !isLeftAlone(breaker, context.nowMs)
  addOutcome(breaker.outcomes, true, context.nowMs)
  if (!isIll) return false
  breaker.failuresInRow++
  const { failed, succeeded } = breaker.outcomes
  return (
    breaker.failuresInRow >= context.settings.openAfterFailures ||
    (failed + succeeded >= enoughAttempts && failed > succeeded)
  )
}

/** Milliseconds within bounds; null when nothing was asked. */
function readRetryAfter({ kind, retryAfterMs }: Failure): number | null {
  if (retryAfterMs === null || !(retryAfterMs >= 0)) return null
  const longest = kind === 'rate-limited' ? longestRetryAfterMs : longestOtherRetryAfterMs
  return Math.min(longest, Math.max(shortestRetryAfterMs, retryAfterMs))
}

function nextCooldown(breaker: Breaker, { settings, random }: BreakerContext): number {
  const longest = Math.max(longestCooldownMs, settings.cooldownMs)
  const ms = Math.min(longest, settings.cooldownMs * 2 ** Math.min(breaker.strikes, 20))
  breaker.strikes++
  return ms * (1 + jitter * random())
}

interface Leave {
  readonly reason: string
  readonly ms: number
  readonly needsProbe: boolean
}

/** A time that is longer already stays (litellm#40130: a later, shorter one gave the deployment back too early). */
function leaveAlone(
  breaker: Breaker,
  state: Block['state'],
  { reason, ms, needsProbe }: Leave,
  { nowMs }: BreakerContext,
): Omit<Trouble, 'deployment'> | null {
  const block = impose(breaker, { state, reason, untilMs: nowMs + ms, needsProbe, isOwn: true })
  // Many requests in work are refused together, each a little later; one word to the others is enough.
  if (block.untilMs <= block.toldUntilMs + shortestRetryAfterMs) return null
  block.toldUntilMs = block.untilMs
  return { state: block.state, reason: block.reason, forMs: block.untilMs - nowMs, needsProbe: block.needsProbe }
}

function impose(breaker: Breaker, asked: Omit<Block, 'toldUntilMs'>): Block {
  const held = breaker.block
  if (held === null) {
    breaker.startedAtMs = null
    return (breaker.block = { ...asked, toldUntilMs: Number.NEGATIVE_INFINITY })
  }
  held.needsProbe ||= asked.needsProbe
  held.isOwn ||= asked.isOwn
  if (asked.untilMs > held.untilMs)
    Object.assign(held, { untilMs: asked.untilMs, state: asked.state, reason: asked.reason })
  return held
}

/** What another process saw. Probes of those who were told are spread over some time more. */
export function imposeTold(
  breaker: Breaker,
  trouble: Omit<Trouble, 'deployment'>,
  { nowMs, random }: BreakerContext,
): void {
  comeBack(breaker, nowMs)
  const { state, reason, needsProbe } = trouble
  const untilMs = nowMs + trouble.forMs * (needsProbe ? 1 + jitter * random() : 1)
  const block = impose(breaker, { state, reason, untilMs, needsProbe, isOwn: false })
  block.toldUntilMs = Math.max(block.toldUntilMs, untilMs)
}

/** Another process got an answer: true when that ends what was only told. What was seen here is not ended by it. */
export function liftTold(breaker: Breaker, nowMs: number): boolean {
  comeBack(breaker, nowMs)
  if (breaker.block === null || breaker.block.isOwn) return false
  recover(breaker, nowMs)
  return true
}

function recover(breaker: Breaker, atMs: number): void {
  breaker.block = null
  breaker.probe = null
  breaker.failuresInRow = 0
  breaker.startedAtMs = atMs
  breaker.epoch++
  breaker.outcomes = createOutcomes()
}

/** Moving share of failed attempts. One success is imagined, so that a first failure is no certainty and fades away. */
export function errorRateOf({ outcomes }: Breaker, nowMs: number): number {
  forgetOld(outcomes, nowMs)
  return outcomes.failed / (outcomes.failed + outcomes.succeeded + 1)
}
