/**
 * Threads with named calls. The main thread `startWorker`s a file; that file calls `serveWorker` with its methods.
 * Calls answer in any order; events flow from the worker to whoever listens.
 */
import { CairnError, type Fields } from '../base/index.ts'

export interface WorkerHandle {
  call<T>(method: string, ...args: unknown[]): Promise<T>
  /** Listens to one kind of event that the worker emits. */
  on(event: string, listener: (data: unknown) => void): void
  terminate(): void
}

interface ErrorMessage {
  code: CairnError['code'] | null
  message: string
  internal: string | null
}

type ToWorker = { id: number; method: string; args: unknown[] }
type FromWorker = { id: number; ok: unknown } | { id: number; error: ErrorMessage } | { event: string; data: unknown }

/** Starts `file` as a thread. `onCrash` hears of an error that ends it; calls under way are then rejected. */
export function startWorker(file: URL, onCrash: (fields: Fields) => void): WorkerHandle {
  const worker = new Worker(file.href, { type: 'module' })
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (reason: Error) => void }>()
  const listeners = new Map<string, ((data: unknown) => void)[]>()
  let nextId = 1
  let ended: CairnError | null = null

  const end = (reason: string) => {
    ended ??= new CairnError('storage.failed', { internal: `worker ended: ${reason}` })
    for (const { reject } of waiting.values()) reject(ended)
    waiting.clear()
  }
  worker.onerror = (event) => {
    onCrash({ reason: event.message })
    end(event.message)
  }
  worker.addEventListener('close', () => end('closed'))
  worker.onmessage = (event: MessageEvent<FromWorker>) => {
    const message = event.data
    if ('event' in message) {
      for (const listener of listeners.get(message.event) ?? []) listener(message.data)
      return
    }
    const call = waiting.get(message.id)
    waiting.delete(message.id)
    if ('ok' in message) call?.resolve(message.ok as never)
    else call?.reject(reviveError(message.error))
  }
  return {
    call: (method, ...args) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(ended)
        const id = nextId++
        waiting.set(id, { resolve, reject })
        worker.postMessage({ id, method, args } satisfies ToWorker)
      }),
    on(event, listener) {
      listeners.set(event, [...(listeners.get(event) ?? []), listener])
    },
    terminate() {
      end('terminated')
      worker.terminate()
    },
  }
}

declare const self: {
  postMessage(message: unknown): void
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null
}

/** Called once in a worker's file. `emit` sends events to the thread that started it. */
export function serveWorker(methods: Record<string, (...args: never[]) => unknown>): {
  emit: (event: string, data: unknown) => void
} {
  self.onmessage = (event) => void answer(methods, event.data)
  return { emit: (event, data) => self.postMessage({ event, data } satisfies FromWorker) }
}

async function answer(
  methods: Record<string, (...args: never[]) => unknown>,
  { id, method, args }: ToWorker,
): Promise<void> {
  try {
    const run = methods[method]
    if (!run) throw new CairnError('internal.error', { internal: `worker has no method ${method}` })
    self.postMessage({ id, ok: await run(...(args as never[])) } satisfies FromWorker)
  } catch (thrown) {
    self.postMessage({ id, error: flattenError(thrown) } satisfies FromWorker)
  }
}

function flattenError(thrown: unknown): ErrorMessage {
  if (thrown instanceof CairnError) return { code: thrown.code, message: thrown.message, internal: thrown.internal }
  return {
    code: null,
    message: '',
    internal: thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown),
  }
}

function reviveError(error: ErrorMessage): CairnError {
  if (error.code === null) return new CairnError('internal.error', { internal: error.internal ?? 'worker failed' })
  return new CairnError(error.code, {
    message: error.message,
    ...(error.internal === null ? {} : { internal: error.internal }),
  })
}
