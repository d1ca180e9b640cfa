/**
 * A circuit breaker: when something fails again and again it is not asked for a while, so that callers need not wait for
 * what will fail. After that one call at a time tries it (half-open); the first that succeeds closes the breaker, one
 * that fails opens it for twice as long. (Nygard, Release It!, 2007.)
 */
import { CairnError, type Clock } from '../../base/index.ts'

export type BreakerState = 'closed' | 'open' | 'half-open'

export interface Breaker {
  /** Does the work and throws what it throws; throws `cache.shared-unreachable` at once while the breaker is open. */
  run<T>(work: () => Promise<T>): Promise<T>
  readonly state: BreakerState
  /** How often it has opened. */
  readonly opened: number
}

export interface BreakerOptions {
  readonly clock: Clock
  /** Between 0 and 1; spreads the moments at which several processes try again. */
  readonly random?: () => number
  /** So many failures in a row open it. */
  readonly mostInARow?: number
  /** So great a share of failures among the last `window` calls opens it. */
  readonly mostShare?: number
  readonly window?: number
  /** How long it is open the first time, and at most. Up to a quarter is taken off by chance. */
  readonly openMs?: number
  readonly longestOpenMs?: number
  /** What counts as a failure. An error that says the asking itself is wrong does not. */
  readonly isFailure?: (thrown: unknown) => boolean
  readonly onChange?: (state: BreakerState) => void
}

const isUnreachable = (thrown: unknown) => !(thrown instanceof CairnError) || thrown.code === 'cache.shared-unreachable'

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createBreaker({
  clock,
  random = Math.random,
  mostInARow = 3,
  mostShare = 0.5,
  window = 50,
  openMs = 500,
  longestOpenMs = 30_000,
  isFailure = isUnreachable,
  onChange = () => undefined,
}: BreakerOptions): Breaker {
  let isClosed = true
  let isProbing = false
  let openUntil = 0
  let nextOpenMs = openMs
  let opened = 0
  let inARow = 0
  /** 1 for a failure; the last calls since it closed. */
  const recent: number[] = []
  let failures = 0
  /** A call that began before the last change says nothing about now. */
  let turn = 0

  function open(): void {
    isClosed = false
    turn++
    opened++
    openUntil = clock.monotonic() + nextOpenMs * (1 - random() / 4)
    nextOpenMs = Math.min(longestOpenMs, nextOpenMs * 2)
    onChange('open')
  }

  function close(): void {
    isClosed = true
    turn++
    nextOpenMs = openMs
    inARow = 0
    recent.length = 0
    failures = 0
    onChange('closed')
  }

  function count(failure: 0 | 1): void {
    recent.push(failure)
    failures += failure
    if (recent.length > window) failures -= recent.shift() ?? 0
    inARow = failure === 1 ? inARow + 1 : 0
    const isMostly = recent.length >= window && failures >= mostShare * window
    if (inARow >= mostInARow || isMostly) open()
  }

  async function probe<T>(work: () => Promise<T>): Promise<T> {
    isProbing = true
    onChange('half-open')
    try {
      const result = await work()
      close()
      return result
    } catch (thrown) {
      if (isFailure(thrown)) open()
      else close()
      throw thrown
    } finally {
      isProbing = false
    }
  }

  return {
    get state() {
      if (isClosed) return 'closed'
      return clock.monotonic() < openUntil ? 'open' : 'half-open'
    },
    get opened() {
      return opened
    },
    async run(work) {
      if (!isClosed) {
        if (!isProbing && clock.monotonic() >= openUntil) return probe(work)
        throw new CairnError('cache.shared-unreachable', {
          internal: 'redis: not asked, it has failed again and again',
        })
      }
      const mine = turn
      try {
        const result = await work()
        if (mine === turn) count(0)
        return result
      } catch (thrown) {
        if (mine === turn) count(isFailure(thrown) ? 1 : 0)
        throw thrown
      }
    },
  }
}
