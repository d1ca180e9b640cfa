/**
 * The searching thread, started again when it ends by a fault. Until the new one has followed every vault it is not
 * asked: it would find nothing and say so.
 */
import { errorFields, fail, sleep, withDeadline, type Logger } from '../base/index.ts'
import { startWorker, type WorkerHandle } from '../platform/index.ts'
import type { StoreLocation } from '../storage/index.ts'
import type { LogPosition } from './types.ts'

export interface Followed {
  notes: number
  passages: number
  seq: number
  /** Up to which announcement the thread's copy has every change. */
  position: LogPosition
  problemCount: number
  problems: { path: string; reason: string }[]
}

export interface Searcher {
  /** Throws `index.not-ready` while the thread is started again. */
  call<T>(method: string, ...args: unknown[]): Promise<T>
  isUp(): boolean
  close(): Promise<void>
}

export interface SearcherOptions {
  readonly location: StoreLocation
  readonly logger: Logger
  /** The thread's program; for tests that make it fail. */
  readonly program?: URL | undefined
  /** Has the new thread follow every vault. */
  readonly onRestart: (follow: (vault: string) => Promise<Followed>) => Promise<void>
}

const closeMs = 3_000
const restartMs = 200
const longestRestartMs = 30_000

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export async function startSearcher({ location, logger, program, onRestart }: SearcherOptions): Promise<Searcher> {
  const closing = new AbortController()
  let thread: WorkerHandle = start()
  let isUp = true
  let failures = 0

  function start(): WorkerHandle {
    const started = startWorker(program ?? new URL('./index/search-worker.ts', import.meta.url), (fields) => {
      if (closing.signal.aborted) return
      logger.error('the searching thread failed', fields)
      if (fields['ended'] === true && started === thread) void restart()
    })
    return started
  }

  async function restart(): Promise<void> {
    isUp = false
    while (!closing.signal.aborted) {
      try {
        await sleep(Math.min(longestRestartMs, restartMs * 2 ** failures++), closing.signal)
        thread = start()
        const current = thread
        await current.call('open', location)
        await onRestart((vault) => current.call('follow', vault))
        failures = 0
        isUp = true
        return
      } catch (thrown) {
        if (closing.signal.aborted) return
        logger.warn('the searching thread could not be started again', errorFields(thrown))
        thread.terminate()
      }
    }
  }

  try {
    await thread.call('open', location)
  } catch (thrown) {
    thread.terminate()
    throw thrown
  }
  return {
    async call<T>(method: string, ...args: unknown[]): Promise<T> {
      if (!isUp) fail('index.not-ready', { retryAfterMs: 1_000 })
      return thread.call<T>(method, ...args)
    },
    isUp: () => isUp,
    async close() {
      closing.abort(new Error('closing'))
      await withDeadline(thread.call('close'), closeMs, 'storage.failed').catch(() => undefined)
      thread.terminate()
    },
  }
}
