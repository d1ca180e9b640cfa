/**
 * Delivers the log to one receiver: in order, each entry at least once, the next batch when the one before was taken. A
 * receiver that fails is tried again, later each time, and holds up nobody: neither the log nor other receivers.
 */
import { errorFields, type Clock, type Logger } from '../../base/index.ts'
import { backoffMs, describeFailure, keepStepping, now, type Wait } from '../keep-stepping.ts'
import type { Recorder } from '../types.ts'
import type { Batch, SinkPlan } from './batch.ts'
import type { NextStep, SinkProgress, SinkStore } from './sink-store.ts'

/** Resolves when the receiver has taken it. Rejects with an error of our table, or the signal’s reason. */
export type Send = (batch: Batch, signal: AbortSignal) => Promise<void>

export interface DeliveryOptions {
  readonly plan: SinkPlan
  readonly send: Send
  readonly store: SinkStore
  readonly audit: Recorder
  readonly clock: Clock
  readonly logger: Logger
  /** Of this process. */
  readonly holder: string
  readonly timing?: Partial<DeliveryTiming>
}

export interface DeliveryTiming {
  /** Between two looks at a log that has not grown, as far as this process knows. */
  readonly idleMs: number
  /** Between two looks whether another process still delivers. */
  readonly heldMs: number
  /** Before the second try; it doubles from there to `mostMs`. */
  readonly firstRetryMs: number
  readonly mostRetryMs: number
  /** How long a receiver may take. */
  readonly sendMs: number
}

const usual: DeliveryTiming = { idleMs: 2_000, heldMs: 5_000, firstRetryMs: 1_000, mostRetryMs: 60_000, sendMs: 20_000 }

export interface Delivery {
  readonly plan: SinkPlan
  /** As of its last step; null before the first. */
  progress(): SinkProgress | null
  /** Batches that were taken from this process, and tries that failed. */
  counts(): { readonly delivered: number; readonly failed: number }
  /** The log has grown. */
  wake(): void
  stop(): Promise<void>
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function startDelivery(options: DeliveryOptions): Delivery {
  const { plan, send, store, audit, clock, logger, holder } = options
  const timing = { ...usual, ...options.timing }
  const { id, kind } = plan
  let progress: SinkProgress | null = null
  let [delivered, failed, failures] = [0, 0, 0]

  const mine = () => ({ id, holder, at: clock.now() })
  const record = (type: Parameters<Recorder['record']>[0]['type'], fields: Record<string, string | number | boolean>) =>
    audit.record({ type, actor: 'server', requestId: null, outcome: 'ok', fields: { sink: id, ...fields } })

  /** Gives how long to wait before the next one. */
  async function step(stopping: AbortSignal): Promise<Wait> {
    const next = await store.next({ plan, ...mine() })
    progress = next.progress
    if (next.kind === 'held') return { ms: timing.heldMs }
    if (next.kind === 'idle') return { ms: timing.idleMs, untilWoken: true }
    if (next.kind === 'configure') {
      await record('sink.configured', { kind, format: plan.format, names: plan.names })
      await store.configure({ ...mine(), plan })
      return now
    }
    if (next.kind === 'skip') {
      logger.warn('entries were gone before a receiver of the audit log had them', {
        sink: id,
        from: next.from,
        to: next.to,
      })
      await record('sink.skipped', { from: next.from, to: next.to })
      await store.skip({ ...mine(), from: next.from, to: next.to })
      return now
    }
    return deliver(next, stopping)
  }

  async function deliver(next: Extract<NextStep, { kind: 'batch' }>, stopping: AbortSignal): Promise<Wait> {
    // One that has nothing for this version to tell is passed over.
    if (next.entries > 0) {
      const within = AbortSignal.any([stopping, AbortSignal.timeout(timing.sendMs)])
      try {
        await send(next, within)
      } catch (thrown) {
        if (stopping.aborted) throw stopping.reason
        return giveUpForNow(next, thrown)
      }
    }
    const { body, ...batch } = next
    const done = await store.done({ ...mine(), ...batch, bytes: body.length })
    if (done === null) return { ms: timing.heldMs }
    delivered++
    failures = 0
    if (done.recovered !== null) await tellRecovered(done.recovered, next.progress.size - next.to)
    return now
  }

  async function tellRecovered({ since, attempts }: { since: number; attempts: number }, lag: number): Promise<void> {
    const seconds = Math.max(0, Math.round((clock.now() - since) / 1_000))
    logger.info('a receiver of the audit log takes entries again', { sink: id, seconds, lag })
    await record('sink.recovered', { kind, attempts, seconds, lag })
  }

  async function giveUpForNow({ to, progress: { cursor, size } }: NextStep & Batch, thrown: unknown): Promise<Wait> {
    failed++
    failures++
    const { code, words } = describeFailure(thrown)
    const { isFirst } = await store.failed({ ...mine(), to, error: words })
    logger[isFirst ? 'warn' : 'debug']('a receiver of the audit log fails', { sink: id, ...errorFields(thrown) })
    if (isFirst) await record('sink.failed', { kind, code, cursor, lag: size - cursor })
    return { ms: backoffMs(failures, { firstMs: timing.firstRetryMs, mostMs: timing.mostRetryMs }) }
  }

  // The log itself may be what cannot be read or written now. It tells so by itself.
  const stepping = keepStepping({
    step,
    onFault: (thrown) => logger.debug('deliveries of the audit log wait', { sink: id, ...errorFields(thrown) }),
    faultMs: timing.heldMs,
  })
  return {
    plan,
    progress: () => progress,
    counts: () => ({ delivered, failed }),
    wake: () => stepping.wake(),
    async stop() {
      await stepping.stop()
      await store.release(mine()).catch(() => undefined)
    },
  }
}
