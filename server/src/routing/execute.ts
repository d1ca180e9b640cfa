/**
 * Runs a plan: one deployment after the other until one succeeds, under one deadline. What another deployment would
 * only repeat (the caller’s own mistake, the caller’s leaving, a fault of ours) ends it at once.
 */
import type { AttemptReport } from '@cairn/contract'
import { CairnError, fail, type Clock } from '../base/index.ts'
import type { PermitOffice } from '../platform/index.ts'
import { UpstreamFailure } from '../providers/index.ts'
import type { Slots } from './slots.ts'
import type { Deployment, Executed, Execution, Plan } from './types.ts'

export interface ExecuteServices {
  readonly clock: Clock
  readonly permits: Pick<PermitOffice, 'issue'>
  readonly slotsOf: (provider: string) => Slots
  readonly totalTimeoutMs: number
}

export async function executePlan<T>(plan: Plan, run: Execution<T>, services: ExecuteServices): Promise<Executed<T>> {
  if (plan.attempts.length === 0) fail('model.not-cleared')
  const attempts: AttemptReport[] = []
  const deadline = createDeadline(run.signal, services.totalTimeoutMs)
  let last: unknown
  for (const deployment of plan.attempts) {
    const { report, ...tried } = await tryOne(deployment, run, deadline.signal, services)
    attempts.push(report)
    run.report?.(report, deployment)
    if ('settled' in tried) {
      deadline.stop()
      void tried.settled.finally(deadline.release)
      return { value: tried.value, deployment, attempts }
    }
    last = deadline.signal.aborted ? deadline.signal.reason : tried.thrown
    if (deadline.signal.aborted || !isRetryable(last)) break
  }
  deadline.release()
  throw last
}

type Tried<T> = { report: AttemptReport } & ({ value: T; settled: Promise<unknown> } | { thrown: unknown })

async function tryOne<T>(
  deployment: Deployment,
  run: Execution<T>,
  signal: AbortSignal,
  services: ExecuteServices,
): Promise<Tried<T>> {
  const { provider, model } = deployment
  const startedAt = services.clock.monotonic()
  const reportOf = (outcome: string) => ({
    provider: provider.id,
    model,
    outcome,
    ms: Math.round((services.clock.monotonic() - startedAt) * 100) / 100,
  })
  try {
    const sent = await sendInSlot(deployment, run, signal, services)
    return { report: reportOf('ok'), ...sent }
  } catch (thrown) {
    return { report: reportOf(outcomeOf(thrown, run.signal)), thrown }
  }
}

async function sendInSlot<T>(
  deployment: Deployment,
  run: Execution<T>,
  signal: AbortSignal,
  { permits, slotsOf }: ExecuteServices,
): Promise<{ value: T; settled: Promise<unknown> }> {
  const { provider } = deployment
  const leave = await slotsOf(provider.id).enter(signal)
  try {
    const permit = permits.issue({ provider: provider.id, egress: provider.egress, url: provider.url ?? nowhere })
    const value = await run.send(deployment, permit, signal)
    const settled = (run.settled?.(value) ?? Promise.resolve()).catch(() => undefined)
    void settled.finally(leave)
    return { value, settled }
  } catch (thrown) {
    leave()
    throw thrown
  }
}

function isRetryable(thrown: unknown): boolean {
  return thrown instanceof UpstreamFailure && thrown.retryable
}

/** The built-in model has no address; a permit for this one opens no door. */
const nowhere = 'cairn:built-in'

interface Deadline {
  readonly signal: AbortSignal
  /** Ends the deadline but still passes the caller’s leaving on. */
  stop(): void
  release(): void
}

function createDeadline(caller: AbortSignal, ms: number): Deadline {
  const controller = new AbortController()
  const leave = () => controller.abort(caller.reason)
  const timer = setTimeout(
    () => controller.abort(new UpstreamFailure('timeout', { internal: `all attempts took longer than ${ms} ms` })),
    ms,
  )
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
