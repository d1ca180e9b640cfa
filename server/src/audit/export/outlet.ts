/**
 * What goes out of the log, asked from the thread that serves. The work is done on a thread that is started when it is
 * first needed, and again when it has ended by a fault; a verification has one of its own, which ends with it.
 */
import type { AuditExportQuery } from '@cairn/contract'
import { errorFields, fail, withDeadline, type Logger } from '../../base/index.ts'
import { keepWorker, openWorker, type WorkerHandle } from '../../platform/index.ts'
import type { SinkStore } from '../sinks/sink-store.ts'
import type { WitnessStore } from '../witness/witness-store.ts'
import type { VerifyReport } from '../verify/verify.ts'
import type { BegunFile } from './open-files.ts'
import type { OutletPlace } from './outlet-worker.ts'
import type { Proofs } from './proofs.ts'
import type { Piece } from './take-out.ts'

export interface AuditFile extends Pick<BegunFile, 'size' | 'root'> {
  /** Null at the end. A piece may be empty. Rejects with `storage.failed`. */
  next(): Promise<Piece | null>
  /** Lets go of it before its end. */
  end(): void
}

export interface Verification {
  /** Checkpoints that were seen before or elsewhere. */
  readonly against: readonly string[]
  readonly onProgress: (progress: { readonly done: number; readonly size: number }) => void
  /** Ends it. */
  readonly signal: AbortSignal
}

export interface AuditOutlet extends Proofs {
  /** Throws `server.busy` when too many are open. */
  take(query: AuditExportQuery): Promise<AuditFile>
  /** Throws `server.busy` while another is under way. */
  verify(verification: Verification): Promise<VerifyReport>
  /** Of receivers outside. */
  readonly sinks: SinkStore
  readonly witnesses: WitnessStore
  close(): Promise<void>
}

export interface OutletOptions extends OutletPlace {
  readonly logger: Logger
  /** The thread’s program; for tests that make it fail. */
  readonly program?: URL
}

const openMs = 30_000
/** A page of entries, or a proof. */
const answerMs = 30_000
const closeMs = 5_000

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createAuditOutlet({ logger, program, ...place }: OutletOptions): AuditOutlet {
  let verifying: WorkerHandle | null = null
  let isVerifying = false
  let isClosed = false

  const { location, origin, secrets, version } = place
  const startThread = () =>
    openWorker({
      program: program ?? new URL('./outlet-worker.ts', import.meta.url),
      place: { location, origin, secrets, version } satisfies OutletPlace,
      openMs,
      late: 'the log does not open',
      onProblem: (fields) => logger.error('a fault in the thread that takes entries out of the audit log', fields),
    })
  const thread = keepWorker(startThread)

  async function alive(): Promise<WorkerHandle> {
    if (isClosed) fail('server.stopping')
    return thread.get()
  }

  const call = async <T>(job: string, ...args: readonly unknown[]): Promise<T> => ask<T>(await alive(), job, args)

  return {
    checkpoint: () => call('checkpoint'),
    key: () => call('key'),
    proof: (seq) => call('proof', seq),
    tile: (path) => call('tile', path),
    sinks: {
      next: (of) => call('sink', 'next', of),
      configure: (of) => call('sink', 'configure', of),
      skip: (of) => call('sink', 'skip', of),
      done: (of) => call('sink', 'done', of),
      failed: (of) => call('sink', 'failed', of),
      release: (of) => call('sink', 'release', of),
      receipts: (of) => call('sink', 'receipts', of),
      progress: (id) => call('sink', 'progress', id),
    },
    witnesses: {
      next: (of) => call('witness', 'next', of),
      done: (of) => call('witness', 'done', of),
      failed: (of) => call('witness', 'failed', of),
      release: (of) => call('witness', 'release', of),
      progress: (id) => call('witness', 'progress', id),
    },
    async take(query) {
      const of = await alive()
      const { id, size, root } = await ask<BegunFile>(of, 'begin', [query])
      return {
        size,
        root,
        next: () => ask<Piece | null>(of, 'next', [id]),
        end: () => void of.call('end', id).catch(() => undefined),
      }
    },
    async verify({ against, onProgress, signal }) {
      if (isVerifying)
        fail('server.busy', {
          message: 'The audit log is being verified already. Try again later.',
          retryAfterMs: 10_000,
        })
      isVerifying = true
      try {
        verifying = await startThread()
        verifying.on('progress', (data) => onProgress(data as { done: number; size: number }))
        const stop = () => verifying?.terminate()
        signal.addEventListener('abort', stop, { once: true })
        if (signal.aborted || isClosed) stop()
        return await verifying.call<VerifyReport>('verify', against)
      } catch (thrown) {
        if (signal.aborted) throw signal.reason
        throw thrown
      } finally {
        verifying?.terminate()
        verifying = null
        isVerifying = false
      }
    },
    async close() {
      isClosed = true
      verifying?.terminate()
      const last = await thread.settled()
      if (last)
        await withDeadline(last.call('close'), closeMs, 'storage.failed').catch((thrown: unknown) =>
          logger.warn('the thread that takes entries out of the audit log did not end', errorFields(thrown)),
        )
      last?.terminate()
    },
  }
}

function ask<T>(thread: WorkerHandle, job: string, args: readonly unknown[]): Promise<T> {
  return withDeadline(thread.call<T>(job, ...args), answerMs, 'storage.failed', {
    message: 'The audit log could not be read in time. Try again.',
  })
}
