/**
 * Runs a plan: one deployment after the other until one succeeds, under one deadline. Which of those left can still
 * help depends on how the last one failed; the caller’s own mistake, the caller’s leaving and a fault of ours end it at
 * once. Each further attempt is paid from the caller’s retry budget, so that an outage does not multiply the load; the
 * failure that is told then says that it was tried again, so that the client does not repeat it too.
 */
import type { AttemptReport, ErrorCode, RejectionRule } from '@cairn/contract'
import { CairnError, fail, joinFindings, type Clock } from '../base/index.ts'
import type { PermitOffice } from '../platform/index.ts'
import { asRetried, UpstreamFailure } from '../providers/index.ts'
import type { HealthBoard, HealthTrial } from './health/types.ts'
import type { RetryBudget } from './retry-budget.ts'
import type { Slots } from './slots.ts'
import type { Deployment, Executed, Execution, Plan } from './types.ts'

export interface ExecuteServices {
  readonly clock: Clock
  readonly permits: Pick<PermitOffice, 'issue'>
  readonly slotsOf: (deployment: Deployment) => Slots
  readonly health: Pick<HealthBoard, 'begin' | 'view'>
  readonly retries: RetryBudget
  readonly totalTimeoutMs: number
}

export async function executePlan<T>(plan: Plan, run: Execution<T>, services: ExecuteServices): Promise<Executed<T>> {
  if (plan.attempts.length === 0) failUnplanned(plan)
  const attempts: AttemptReport[] = []
  const deadline = createDeadline(run.signal, services.totalTimeoutMs, services.clock)
  services.retries.deposit(run.caller)
  let last: CairnError | null = null
  let failed: Deployment | null = null
  try {
    for (const [place, { deployment }] of plan.attempts.entries()) {
      if (last && failed && !canHelp(deployment, failed, last)) continue
      const trial = services.health.begin(deployment.id)
      if (trial === null) continue
      if (last && !services.retries.take(run.caller)) {
        trial.abandoned()
        break
      }
      const patience = deadline.share(plan.attempts.length - place)
      const { report, ...tried } = await tryOne(deployment, { run, trial, signal: patience.signal }, services)
      patience.stop()
      attempts.push(report)
      run.report?.(report, deployment)
      if ('settled' in tried) {
        deadline.stop()
        void tried.settled.finally(() => {
          patience.release()
          deadline.release()
        })
        return { value: tried.value, deployment, attempts }
      }
      patience.release()
      if (deadline.signal.aborted) throw deadline.signal.reason
      if (!canGoOn(tried.thrown)) throw tried.thrown
      last = tried.thrown
      failed = deployment
    }
    if (last === null)
      fail('model.unavailable', {
        message: 'All deployments of the model are left alone for now, and one request each is finding out.',
        retryAfterMs: 1_000,
      })
    throw attempts.length > 1 && last instanceof UpstreamFailure ? asRetried(last) : last
  } catch (thrown) {
    deadline.release()
    throw thrown
  }
}

/** Refusals of ours that need not be those of the next: a cheaper one may fit, another dialect may have the field. */
const ownRefusals: ReadonlySet<string> = new Set([
  'budget.exceeded',
  'limit.tokens',
  'limit.requests',
  'request.invalid',
])

/** What another deployment would only repeat is told at once. */
function canGoOn(thrown: unknown): thrown is CairnError {
  if (thrown instanceof UpstreamFailure) return thrown.next !== 'none'
  return thrown instanceof CairnError && ownRefusals.has(thrown.code)
}

/** Whether another deployment may succeed after that failure of the last one. */
function canHelp(deployment: Deployment, failed: Deployment, failure: CairnError): boolean {
  const next = failure instanceof UpstreamFailure ? failure.next : 'any'
  if (next === 'other-provider') return deployment.provider !== failed.provider
  if (next === 'larger-context')
    return (
      deployment.info.builtIn ||
      deployment.info.contextWindow === null ||
      deployment.info.contextWindow > (failed.info.contextWindow ?? 0)
    )
  return next === 'any'
}

/** The code for a plan without attempts: that of the rule which the most hopeful deployment failed. */
const unplanned: readonly (readonly [RejectionRule, ErrorCode])[] = [
  // Only who asked for time is left out of a plan; others are a last resort.
  ['health', 'upstream.rate-limited'],
  ['budget', 'budget.exceeded'],
  ['region', 'model.region'],
  ['clearance', 'model.not-cleared'],
  ['permission', 'model.not-found'],
  ['context-window', 'upstream.context-length'],
  ['capability', 'model.capability'],
]

function failUnplanned({ rejected }: Plan): never {
  for (const [rule, code] of unplanned) {
    const reasons = rejected.filter((each) => each.rule === rule)
    if (reasons.length === 0) continue
    const told = reasons.slice(0, 5).map(({ deployment, reason }) => `${deployment.id}: ${reason}`)
    fail(code, {
      message: `No deployment of the model can be used. ${joinFindings(told)}`,
      param: 'model',
      ...(rule === 'health' ? { retryAfterMs: Math.min(...reasons.map((each) => each.retryAfterMs ?? 0)) } : {}),
    })
  }
  fail('model.unavailable')
}

type Tried<T> = { report: AttemptReport } & ({ value: T; settled: Promise<unknown> } | { thrown: unknown })

interface Trying<T> {
  readonly run: Execution<T>
  readonly trial: HealthTrial
  readonly signal: AbortSignal
}

async function tryOne<T>(deployment: Deployment, trying: Trying<T>, services: ExecuteServices): Promise<Tried<T>> {
  const { provider, model } = deployment
  const startedAt = services.clock.monotonic()
  const reportOf = (outcome: string) => ({
    provider: provider.id,
    model,
    outcome,
    ms: Math.round((services.clock.monotonic() - startedAt) * 100) / 100,
  })
  try {
    const sent = await sendInSlot(deployment, trying, services)
    return { report: reportOf('ok'), ...sent }
  } catch (thrown) {
    tellFailure(trying.trial, thrown)
    return { report: reportOf(outcomeOf(thrown, trying.run.signal)), thrown }
  }
}

/** What says nothing about the deployment (the caller left, a fault of ours) leaves its record as it is. */
function tellFailure(trial: HealthTrial, thrown: unknown): void {
  if (thrown instanceof UpstreamFailure) trial.failed(thrown.kind, thrown.retryAfterMs)
  else trial.abandoned()
}

async function sendInSlot<T>(
  deployment: Deployment,
  { run, trial, signal }: Trying<T>,
  { permits, slotsOf }: ExecuteServices,
): Promise<{ value: T; settled: Promise<unknown> }> {
  const { provider } = deployment
  const leave = await slotsOf(deployment).enter(signal)
  try {
    const permit = permits.issue({ provider: provider.id, egress: provider.egress, url: provider.url ?? nowhere })
    const value = await run.send(deployment, permit, signal)
    trial.firstToken()
    const ending = run.settled?.(value) ?? Promise.resolve(null)
    const settled = ending
      .then(
        (outputTokens) => trial.succeeded(outputTokens),
        (thrown: unknown) => tellFailure(trial, thrown),
      )
      .finally(leave)
    return { value, settled }
  } catch (thrown) {
    leave()
    throw thrown
  }
}

/** The built-in model has no address; a permit for this one opens no door. */
const nowhere = 'cairn:built-in'

interface Limit {
  readonly signal: AbortSignal
  /** Ends the limit but still passes the caller’s leaving on. */
  stop(): void
  release(): void
}

interface Deadline extends Limit {
  /**
   * What an attempt may take when so many are left, itself included: a provider that never answers a request in JSON
   * would otherwise take the time of those after it.
   */
  share(attempts: number): Limit
}

function createDeadline(caller: AbortSignal, ms: number, clock: Clock): Deadline {
  const startedAt = clock.monotonic()
  const whole = limit(caller, ms, `all attempts took longer than ${ms} ms`)
  return {
    ...whole,
    share(attempts) {
      if (attempts <= 1) return { signal: whole.signal, stop() {}, release() {} }
      const own = Math.max(1, Math.round((startedAt + ms - clock.monotonic()) / attempts))
      return limit(whole.signal, own, `one of ${attempts} attempts took longer than its share of ${own} ms`)
    },
  }
}

function limit(caller: AbortSignal, ms: number, internal: string): Limit {
  const controller = new AbortController()
  const leave = () => controller.abort(caller.reason)
  const message = 'The model provider did not answer in time.'
  const timer = setTimeout(() => controller.abort(new UpstreamFailure('timeout', { message, internal })), ms)
  if (caller.aborted) leave()
  else caller.addEventListener('abort', leave, { once: true })
  const stop = () => clearTimeout(timer)
  return {
    signal: controller.signal,
    stop,
    release: () => {
      stop()
      caller.removeEventListener('abort', leave)
    },
  }
}

/** One word for a report: the kind of the failure, or that the caller left. */
function outcomeOf(thrown: unknown, caller: AbortSignal): string {
  if (caller.aborted) return 'cancelled'
  if (thrown instanceof UpstreamFailure) return thrown.kind
  return thrown instanceof CairnError ? thrown.code : 'internal.error'
}
