/**
 * Who counts the limits: Redis where there is one, else the supervisor of several processes, else this process. When the
 * first is out of reach the next one counts, until it is back; none of that is ever an error of a request.
 */
import { errorFields, type Clock, type Logger } from '../../base/index.ts'
import type { Redis } from '../../platform/index.ts'
import { createGcra, withAmounts } from './gcra.ts'
import { createSupervisorLimits } from './host-limits.ts'
import { createRedisLimits } from './redis-limits.ts'
import type { LimitOwner, Refusal, RemoteLimits, Take, TakeOutcome } from './types.ts'

export interface LimitOwnerOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly deploymentId: string
  readonly redis: Redis | null
  /** Asks the supervisor of this process; null without one. */
  readonly askOwner: ((topic: string, question: unknown) => Promise<unknown>) | null
  /** Processes of this host. */
  readonly workers: number
}

export function createLimitOwner({
  clock,
  logger,
  deploymentId,
  redis,
  askOwner,
  workers,
}: LimitOwnerOptions): LimitOwner {
  const own = askOwner === null ? createGcra({ clock }) : createShare(clock, workers)
  const host =
    askOwner === null ? own : preferRemote(createSupervisorLimits(askOwner), own, { clock, logger, name: 'supervisor' })
  if (redis === null) return host
  return preferRemote(createRedisLimits({ redis, deploymentId }), host, { clock, logger, name: 'Redis' })
}

/** This process’s part of each limit, for when nobody can be asked. */
function createShare(clock: Clock, workers: number): LimitOwner {
  const gcra = createGcra({ clock, admitsLarge: true })
  const share = (takes: readonly Take[]) => takes.map((take) => ({ ...take, limit: Math.max(1, take.limit / workers) }))
  return { take: (takes) => gcra.take(share(takes)), peek: (takes) => gcra.peek(share(takes)) }
}

interface RemoteOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly name: string
}

/** After a failure the other one is asked at once for so long. */
const pauseMs = 1_000
const mostRemembered = 4_096

interface Known {
  readonly amount: number
  readonly until: number
}

function preferRemote(remote: RemoteLimits, other: LimitOwner, { clock, logger, name }: RemoteOptions): LimitOwner {
  /** Refusals that still hold, for `peek`. */
  const refusals = new Map<string, Known>()
  let downUntil = Number.NEGATIVE_INFINITY
  let isDown = false

  function noteFailure(thrown: unknown): void {
    if (!isDown) logger.warn(`limits are counted without the ${name}, which does not answer`, errorFields(thrown))
    isDown = true
    downUntil = clock.monotonic() + pauseMs
  }

  function noteRefusal({ index, retryAfterMs }: Refusal, takes: readonly Take[]): void {
    const refused = takes[index]
    if (refused === undefined || retryAfterMs === null) return
    if (refusals.size >= mostRemembered) refusals.clear()
    refusals.set(refused.key, { amount: refused.amount, until: clock.monotonic() + retryAfterMs })
  }

  async function take(takes: readonly Take[]): Promise<TakeOutcome> {
    if (clock.monotonic() < downUntil) return other.take(takes)
    try {
      const refused = await remote.take(takes)
      if (isDown) logger.info(`limits are counted by the ${name} again`)
      isDown = false
      if (refused !== null) noteRefusal(refused, takes)
      if (refused !== null) return { refused }
      const adjust = (amounts: readonly number[]) =>
        void remote.adjust(withAmounts(takes, amounts)).catch((thrown: unknown) => noteFailure(thrown))
      return { refused: null, taken: { adjust } }
    } catch (thrown) {
      noteFailure(thrown)
      return other.take(takes)
    }
  }

  function peek(takes: readonly Take[]): Refusal | null {
    const now = clock.monotonic()
    if (now < downUntil) return other.peek(takes)
    for (const [index, { key, limit, amount }] of takes.entries()) {
      if (amount > limit) return { index, retryAfterMs: null }
      const known = refusals.get(key)
      if (known === undefined) continue
      if (known.until <= now) refusals.delete(key)
      else if (amount >= known.amount) return { index, retryAfterMs: Math.ceil(known.until - now) }
    }
    return null
  }

  return { take, peek }
}
