/** One thread for all who need it: started by the first of them, and again once it has ended. */
import { withDeadline } from '../base/index.ts'
import { startWorker, type WorkerHandle } from './worker.ts'

export interface OpenWorkerOptions {
  readonly program: URL
  readonly onProblem: Parameters<typeof startWorker>[1]
  /** Listens to its events, before it can emit one. */
  readonly listen?: (worker: WorkerHandle) => void
  /** What its method `open` is given. */
  readonly place: unknown
  readonly openMs: number
  /** For the log, when it does not open in time. */
  readonly late: string
}

/** Resolves when it is open; one that is not, with `storage.failed` after `openMs` milliseconds, is ended. */
export async function openWorker(options: OpenWorkerOptions): Promise<WorkerHandle> {
  const { program, onProblem, listen, place, openMs, late } = options
  const started = startWorker(program, onProblem)
  listen?.(started)
  try {
    await withDeadline(started.call('open', place), openMs, 'storage.failed', { internal: late })
    return started
  } catch (thrown) {
    started.terminate()
    throw thrown
  }
}

export interface KeptWorker {
  /** Rejects as `open` does; the next call tries again. */
  get(): Promise<WorkerHandle>
  /** Null while none has been opened, and once it has ended. */
  current(): WorkerHandle | null
  /** The same, once none is being opened. */
  settled(): Promise<WorkerHandle | null>
}

export function keepWorker(open: () => Promise<WorkerHandle>): KeptWorker {
  let worker: WorkerHandle | null = null
  let opening: Promise<WorkerHandle> | null = null
  const current = () => (worker?.hasEnded === false ? worker : null)

  async function openOne(): Promise<WorkerHandle> {
    try {
      return (worker = await open())
    } finally {
      opening = null
    }
  }

  return {
    async get() {
      return current() ?? (opening ??= openOne())
    },
    current,
    async settled() {
      await opening?.catch(() => undefined)
      return current()
    },
  }
}
