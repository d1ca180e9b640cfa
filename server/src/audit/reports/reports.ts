/**
 * Reports, asked from the thread that serves. Each has a thread of its own, which ends with it, so that a long one keeps
 * nobody waiting who serves, reads or exports. Few are made at once.
 */
import type { AuditReport, AuditReportFormat } from '@cairn/contract'
import { fail, withDeadline, type Logger } from '../../base/index.ts'
import { openWorker, type WorkerHandle } from '../../platform/index.ts'
import type { LogPlace } from '../log/log-worker.ts'
import type { ReportAsked, ReportBasis, ReportDraft, ReportState } from './types.ts'

/** A report in the making. Its steps are in this order; `write` may be left out. */
export interface ReportJob {
  readonly basis: ReportBasis
  /** `seen`: names of places that the reader may know of, as `placeName` writes them; null for who knows of all. */
  finish(state: ReportState, seen: readonly string[] | null): Promise<ReportDraft>
  write(report: AuditReport, format: Exclude<AuditReportFormat, 'json'>): Promise<Uint8Array>
}

export interface AuditReports {
  /**
   * Throws `server.busy` when too many are made at once or one takes too long, `request.invalid` for a size that the log
   * does not have. What `work` throws ends the report.
   */
  make<T>(asked: ReportAsked, signal: AbortSignal, work: (job: ReportJob) => Promise<T>): Promise<T>
  close(): void
}

export interface ReportsOptions extends LogPlace {
  readonly logger: Logger
  /** Milliseconds for each step; for tests. */
  readonly stepMs?: number
}

const openMs = 30_000
/** About a million entries. */
const usualStepMs = 120_000
const mostAtOnce = 2

export function createAuditReports({ logger, stepMs = usualStepMs, ...place }: ReportsOptions): AuditReports {
  const working = new Set<WorkerHandle>()
  let pending = 0
  let isClosed = false

  const { location, origin, secrets } = place
  const startThread = () =>
    openWorker({
      program: new URL('./report-worker.ts', import.meta.url),
      place: { location, origin, secrets } satisfies LogPlace,
      openMs,
      late: 'the log does not open',
      onProblem: (fields) => logger.error('a fault in the thread of a report', fields),
    })

  return {
    async make(asked, signal, work) {
      if (isClosed) fail('server.stopping')
      if (pending >= mostAtOnce)
        fail('server.busy', {
          message: 'Too many reports are being made at once. Wait for one to end, then try again.',
          retryAfterMs: 5_000,
        })
      pending++
      let thread: WorkerHandle | null = null
      const stop = () => thread?.terminate()
      signal.addEventListener('abort', stop, { once: true })
      try {
        thread = await startThread()
        working.add(thread)
        if (signal.aborted || isClosed) stop()
        const to = thread
        const ask = <R>(job: string, ...args: readonly unknown[]): Promise<R> =>
          withDeadline(to.call<R>(job, ...args), stepMs, 'server.busy', {
            message: 'The report takes too long. Ask for a shorter time.',
            retryAfterMs: 10_000,
          })
        const basis = await ask<ReportBasis>('begin', asked)
        return await work({
          basis,
          finish: (state, seen) => ask('finish', state, seen),
          write: (report, format) => ask('write', report, format),
        })
      } catch (thrown) {
        if (signal.aborted) throw signal.reason
        throw thrown
      } finally {
        pending--
        signal.removeEventListener('abort', stop)
        if (thread !== null) {
          working.delete(thread)
          await end(thread)
        }
      }
    },
    close() {
      isClosed = true
      for (const thread of working) thread.terminate()
    },
  }
}

const closeMs = 2_000

/** Lets go of its connections; one that does not answer is ended all the same. */
async function end(thread: WorkerHandle): Promise<void> {
  if (!thread.hasEnded) await withDeadline(thread.call('close'), closeMs, 'storage.failed').catch(() => undefined)
  thread.terminate()
}
