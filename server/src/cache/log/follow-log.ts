/**
 * Follows the log: asks for its tail four times in a lease, at once when woken, and again at once when it has applied
 * something, so that the sequencer knows. A reply renews the lease from the moment it was asked for. What comes as a
 * gap is asked for again from the start of what is kept.
 */
import type { Clock } from '../../base/index.ts'
import type { NodeReport, Sequencer, Tail } from '../tiers.ts'
import type { LogView } from './log-view.ts'
import type { Timers } from './timers.ts'

export interface LogFollower {
  /**
   * Resolves when a reply that was asked for after this call has been applied; false when none came. Callers share
   * one request.
   */
  catchUp(): Promise<boolean>
  /** A tail that came with a reply of the shared tier, and when that was asked for. */
  take(tail: Tail, asked: { atMs: number; ticket: number }): void
  report(): NodeReport
  isLeased(): boolean
  /** The `maxStaleMs` that the sequencer knows of; whoever waits for all nodes waits no longer for this one. */
  readonly toldMaxStaleMs: number
  stop(): void
}

export interface LogFollowerOptions {
  readonly node: string
  readonly view: LogView
  readonly sequencer: Sequencer
  readonly clock: Clock
  readonly timers: Timers
  readonly leaseMs: number
  readonly maxStaleMs: () => number
  readonly onApplied: (change: 'marks' | 'epoch', tail: Tail) => void
}

const looksPerLease = 4

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createLogFollower({
  node,
  view,
  sequencer,
  clock,
  timers,
  leaseMs,
  maxStaleMs,
  onApplied,
}: LogFollowerOptions): LogFollower {
  let cancelNext: () => void = () => undefined
  let isStopped = false
  let running: Promise<boolean> | null = null
  let queued: Promise<boolean> | null = null
  let mustAskWhole = false
  /** Something came while a question was under way. */
  let isWoken = false
  let toldMaxStaleMs = 0
  let failedAt = Number.NEGATIVE_INFINITY

  const report = (): NodeReport => ({
    node,
    applied: mustAskWhole ? { epoch: '', seq: 0 } : view.position(),
    maxStaleMs: maxStaleMs(),
  })

  function take(tail: Tail, asked: { atMs: number; ticket: number }): void {
    const change = view.apply(tail, asked)
    if (change === 'gap') {
      mustAskWhole = true
      plan(0)
      return
    }
    if (tail.isWhole) mustAskWhole = false
    if (change !== 'nothing') onApplied(change, tail)
  }

  async function ask(): Promise<boolean> {
    cancelNext()
    const asked = { atMs: clock.monotonic(), ticket: view.ticket() }
    const before = view.position()
    isWoken = false
    const asking = report()
    try {
      const tail = await sequencer.tail(asking)
      toldMaxStaleMs = asking.maxStaleMs
      if (isStopped) return false
      take(tail, asked)
      // The sequencer learns that it was applied; those who wait for all nodes need not wait for the next turn.
      const isSame = view.applied === before.seq && view.epoch === before.epoch
      plan(isSame && !mustAskWhole && !isWoken ? leaseMs / looksPerLease : 0)
      return !mustAskWhole
    } catch {
      failedAt = clock.monotonic()
      plan(leaseMs / looksPerLease)
      return false
    }
  }

  function askOnce(): Promise<boolean> {
    return (running ??= ask().finally(() => (running = null)))
  }

  function plan(ms: number): void {
    cancelNext()
    if (!isStopped) cancelNext = timers.after(ms, () => void askOnce())
  }

  const stopWaking = sequencer.onWake(() => {
    isWoken = true
    plan(0)
  })
  return {
    catchUp() {
      // A log that is away is not waited for by every read; the regular look finds it again.
      const hasJustFailed = clock.monotonic() - failedAt < leaseMs / looksPerLease
      if (isStopped || (hasJustFailed && !running)) return Promise.resolve(false)
      if (!running) return askOnce()
      // The one under way may have been asked for before: one more, shared by all who come now.
      return (queued ??= running.then(
        () => ((queued = null), askOnce()),
        () => ((queued = null), askOnce()),
      ))
    },
    take,
    report,
    get toldMaxStaleMs() {
      return toldMaxStaleMs
    },
    isLeased: () => clock.monotonic() < view.now.leasedUntil,
    stop() {
      isStopped = true
      stopWaking()
      cancelNext()
    },
  }
}
