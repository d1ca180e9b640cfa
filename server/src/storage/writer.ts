/**
 * The serving thread's side of the writer thread: hands over writes, those of one turn of the event loop in one message,
 * bounds how many wait and how long, and starts another thread when one has ended by a fault, so that a fault costs the
 * writes under way and no more.
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
  let collected: Waiting[] = []

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

  /** A message costs some microseconds on both sides, and under load there are many writes in a turn. */
  function handOver(): void {
    if (collected.length === 0) return
    const batch = collected
    collected = []
    send(batch).catch((thrown: unknown) => {
      for (const { reject } of batch) reject(thrown as Error)
    })
  }

  async function send(batch: readonly Waiting[]): Promise<void> {
    // Without a wait while the thread lives, so that writes keep their order and come before `close`.
    const to = alive() ?? (await startOnce())
    const statements = batch.map((each) => each.statements)
    const ends = await to.call<WriteEnd[]>('write', statements)
    batch.forEach(({ resolve, reject }, at) => {
      const end = ends[at] ?? { failed: noEnd }
      if ('failed' in end) reject(new CairnError(end.failed.code, end.failed))
      else resolve(end.result)
    })
  }

  await startOnce()
  return {
    async write(statements) {
      if (closing) throw new CairnError('storage.failed', { internal: 'the store is closed' })
      if (waiting >= mostWaiting) throw new CairnError('server.busy', { retryAfterMs: 1_000 })
      waiting++
      try {
        const written = new Promise<WriteResult | null>((resolve, reject) => {
          if (collected.push({ statements, resolve, reject }) === 1) setImmediate(handOver)
        })
        return await inTime(written, writeMs)
      } finally {
        waiting--
      }
    },
    close() {
      handOver()
      return (closing ??= closeThread())
    },
  }
}

/** How a write ended in the thread. */
export type WriteEnd =
  | { readonly result: WriteResult | null }
  | { readonly failed: { readonly code: CairnError['code']; readonly message: string; readonly internal: string } }

const noEnd = {
  code: 'storage.failed',
  message: 'The store did not answer.',
  internal: 'a write without an end',
} as const

interface Waiting {
  readonly statements: readonly Statement[]
  resolve(result: WriteResult | null): void
  reject(reason: Error): void
}

function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  return withDeadline(work, ms, 'storage.failed', {
    message: 'The disk that holds the data did not answer in time. Check it and try again.',
    internal: 'writer deadline',
  })
}
