/**
 * The serving thread's side of the writer thread: hands over writes, bounds how many wait and how long, and starts
 * another thread when one has ended by a fault, so that a fault costs the writes under way and no more.
 */
import { CairnError, withDeadline } from '../base/index.ts'
import type { SqliteOptions, WorkerHandle } from '../platform/index.ts'
import type { Statement, WriteResult } from './types.ts'

export interface Writer {
  write(statements: readonly Statement[]): Promise<WriteResult | null>
  /** Lets the writes that wait finish. */
  close(): Promise<void>
}

const mostWaiting = 20_000
const writeMs = 60_000
const closeMs = 15_000

export async function openWriter(options: SqliteOptions, start: () => WorkerHandle): Promise<Writer> {
  let thread: WorkerHandle | null = null
  let starting: Promise<WorkerHandle> | null = null
  let waiting = 0
  let closing: Promise<void> | null = null

  const alive = (): WorkerHandle | null => (thread?.hasEnded === false ? thread : null)

  function startOnce(): Promise<WorkerHandle> {
    return (starting ??= startThread().finally(() => (starting = null)))
  }

  async function startThread(): Promise<WorkerHandle> {
    const started = start()
    try {
      await inTime(started.call('open', options), writeMs)
      return (thread = started)
    } catch (thrown) {
      started.terminate()
      throw thrown
    }
  }

  async function closeThread(): Promise<void> {
    await starting?.catch(() => undefined)
    try {
      await inTime(alive()?.call('close') ?? Promise.resolve(), closeMs)
    } finally {
      thread?.terminate()
    }
  }

  await startOnce()
  return {
    async write(statements) {
      if (closing) throw new CairnError('storage.failed', { internal: 'the store is closed' })
      if (waiting >= mostWaiting) throw new CairnError('server.busy', { retryAfterMs: 1_000 })
      waiting++
      try {
        // Handed over in this very turn while the thread lives, so that writes keep their order and come before `close`.
        const to = alive() ?? (await startOnce())
        return await inTime(to.call<WriteResult | null>('write', statements), writeMs)
      } finally {
        waiting--
      }
    },
    close: () => (closing ??= closeThread()),
  }
}

function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  return withDeadline(work, ms, 'storage.failed', {
    message: 'The disk that holds the data did not answer in time. Check it and try again.',
    internal: 'writer deadline',
  })
}
