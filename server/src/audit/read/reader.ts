/**
 * Reads the log from the thread that serves: hands questions to the thread that reads, bounds how many wait and for how
 * long, and starts another thread when one has ended by a fault.
 */
import { CairnError, errorFields, withDeadline, type Logger } from '../../base/index.ts'
import { keepWorker, openWorker } from '../../platform/index.ts'
import type { Answers } from '../query/answer.ts'
import type { LogReader } from './log-reader.ts'
import type { ReaderPlace } from './reader-worker.ts'

export interface AuditReader extends Answers, Pick<LogReader, 'compareSeen'> {
  /** Something was appended by this process. */
  wake(): void
  /** Calls back whenever more of the log can be asked for, with how much; returns what stops it. */
  subscribe(listener: (size: number) => void): () => void
  close(): Promise<void>
}

export interface ReaderOptions extends ReaderPlace {
  readonly logger: Logger
  /** The thread’s program; for tests that make it fail. */
  readonly program?: URL
  /** How long it waits before it begins to follow the log by itself; a question begins it at once. */
  readonly startAfterMs?: number
}

/** A question is bounded by what it may look through; only a store that hangs takes longer. */
const answerMs = 15_000
const openMs = 60_000
const closeMs = 10_000
const mostWaiting = 64
/** A server that has just started has better things to do. */
const usualStartMs = 3_000
const againMs = 5_000

/** Starts no thread before it is needed, or after a while. */
// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createAuditReader(options: ReaderOptions): AuditReader {
  const { location, indexLocation, secrets, logger, program, startAfterMs = usualStartMs } = options
  const listeners = new Set<(size: number) => void>()
  let isClosed = false
  let waiting = 0
  let timer: ReturnType<typeof setTimeout> | null = null

  const place: ReaderPlace = { location, indexLocation, secrets }
  const thread = keepWorker(() =>
    openWorker({
      program: program ?? new URL('./reader-worker.ts', import.meta.url),
      place,
      openMs,
      late: 'the reader of the log does not open',
      onProblem(fields) {
        logger.error('a fault in the thread that reads the audit log', fields)
        if (fields['ended'] === true) startLater(againMs)
      },
      listen(started) {
        started.on('reached', (size) => {
          for (const listener of listeners) listener(size as number)
        })
        started.on('problem', (data) =>
          logger.error('the index of the audit log has a problem', data as Record<string, string>),
        )
        started.on('reset', (why) => logger.warn('the index of the audit log is made anew', { why: String(why) }))
      },
    }),
  )

  function startLater(ms: number): void {
    if (isClosed) return
    timer ??= setTimeout(() => {
      timer = null
      thread.get().catch((thrown: unknown) => {
        logger.error('the audit log cannot be read', errorFields(thrown))
        startLater(againMs)
      })
    }, ms)
    timer.unref?.()
  }

  async function call<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    if (isClosed) throw new CairnError('server.stopping')
    if (waiting >= mostWaiting)
      throw new CairnError('server.busy', {
        retryAfterMs: 1_000,
        message: 'Too many questions to the audit log at once. Try again.',
      })
    waiting++
    try {
      return await withDeadline(
        thread.get().then((to) => to.call<T>(method, ...args)),
        answerMs,
        'server.busy',
        { message: 'The audit log did not answer in time. Ask for less, or try again.', retryAfterMs: 2_000 },
      )
    } finally {
      waiting--
    }
  }

  startLater(startAfterMs)
  return {
    query: (query) => call('query', query),
    summarize: (query) => call('summarize', query),
    find: (seq) => call('find', seq),
    textsOf: (seq) => call('textsOf', seq),
    compareSeen: (note) => call('compareSeen', note),
    wake() {
      thread
        .current()
        ?.call('wake')
        .catch(() => undefined)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      isClosed = true
      if (timer) clearTimeout(timer)
      const last = await thread.settled()
      try {
        if (last) await withDeadline(last.call('close'), closeMs, 'storage.failed')
      } finally {
        last?.terminate()
      }
    },
  }
}
