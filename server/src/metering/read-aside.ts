/**
 * Reads that may take long. On SQLite they run in a thread of their own with a connection of its own, which ends when
 * nobody has asked for a while; PostgreSQL answers them beside the others anyway.
 */
import { errorFields, type Logger } from '../base/index.ts'
import { startWorker, type Row, type SqlValue, type WorkerHandle } from '../platform/index.ts'
import type { Store, StoreLocation } from '../storage/index.ts'

export interface ReadAside {
  read(text: string, params: readonly SqlValue[]): Promise<Row[]>
  close(): Promise<void>
}

const idleMs = 60_000

export function createReadAside(store: Store, location: StoreLocation, logger: Logger): ReadAside {
  if (location.kind === 'postgres') return { read: (text, params) => store.read(text, params), close: async () => {} }
  const { file } = location
  let thread: WorkerHandle | null = null
  let reading = 0
  let timer: ReturnType<typeof setTimeout> | null = null

  function open(): WorkerHandle {
    if (thread?.hasEnded === false) return thread
    return (thread = startWorker(new URL('./read-worker.ts', import.meta.url), (fields) =>
      logger.error('a fault in the thread that reads usage', fields),
    ))
  }

  async function end(): Promise<void> {
    const ending = thread
    thread = null
    if (timer !== null) clearTimeout(timer)
    if (ending === null) return
    await ending.call('close').catch((thrown: unknown) => logger.debug('usage reader', errorFields(thrown)))
    ending.terminate()
  }

  return {
    async read(text, params) {
      reading++
      if (timer !== null) clearTimeout(timer)
      try {
        return await open().call<Row[]>('read', file, text, params)
      } finally {
        if (--reading === 0) {
          timer = setTimeout(() => void end(), idleMs)
          timer.unref()
        }
      }
    },
    close: end,
  }
}
