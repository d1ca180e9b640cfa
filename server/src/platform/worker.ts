/**
 * Threads with named calls. The main thread `startWorker`s a file; that file calls `serveWorker` with its methods.
 * Calls answer in any order; events flow from the worker to whoever listens.
 */
import { CairnError, errorFields, type Fields } from '../base/index.ts'

export interface WorkerHandle {
  call<T>(method: string, ...args: unknown[]): Promise<T>
  /** Listens to one kind of event that the worker emits. */
  on(event: string, listener: (data: unknown) => void): void
  /** True once the thread has ended, by itself or by `terminate`; calls are then rejected. */
  readonly hasEnded: boolean
  terminate(): void
}

interface ErrorMessage {
  code: CairnError['code'] | null
  message: string
  internal: string | null
  param: string | null
  retryAfterMs: number | null
}

type ToWorker = { id: number; method: string; args: unknown[] }
type FromWorker =
  | { id: number; ok: unknown }
  | { id: number; error: ErrorMessage }
  | { event: string; data: unknown }
  | { uncaught: Fields }

/**
 * Starts `file` as a thread. `onProblem` hears of what nobody caught there: a rejection, which the thread survives, or
 * an error or exit that ends it (`ended: true`); calls under way are then rejected with `storage.failed`.
 */
export function startWorker(file: URL, onProblem: (fields: Fields) => void): WorkerHandle {
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
  const crash = (reason: string) => {
    if (ended) return
    end(reason)
    onProblem({ ended: true, reason })
  }
  worker.onerror = (event) => crash(lastWords(event.message))
  worker.addEventListener('close', () => crash('it exited'))
  worker.onmessage = (event: MessageEvent<FromWorker>) => {
    const message = event.data
    if ('uncaught' in message) return onProblem({ ended: false, ...message.uncaught })
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
        worker.postMessage({ id, method, args } satisfies ToWorker)
        waiting.set(id, { resolve, reject })
      }),
    on(event, listener) {
      listeners.set(event, [...(listeners.get(event) ?? []), listener])
    },
    get hasEnded() {
      return ended !== null
    },
    terminate() {
      end('terminated')
      worker.terminate()
    },
  }
}

/** Bun’s message shows the source around the error; the error itself is one line of it. */
function lastWords(message: string): string {
  const line = message.split('\n').find((each) => /^(\w*error|\w+Message): /i.test(each))
  return (line ?? message).slice(0, 300)
}

declare const self: {
  postMessage(message: unknown): void
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null
}

/** Called once in a worker's file. `emit` sends events to the thread that started it. */
export function serveWorker(methods: Record<string, (...args: never[]) => unknown>): {
  emit: (event: string, data: unknown) => void
} {
  // Without a listener a lost rejection ends the thread.
  process.on('unhandledRejection', (thrown) => self.postMessage({ uncaught: errorFields(thrown) } satisfies FromWorker))
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
  if (thrown instanceof CairnError) {
    const { code, message, internal, param, retryAfterMs } = thrown
    return { code, message, internal, param, retryAfterMs }
  }
  const internal = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
  return { code: null, message: '', internal, param: null, retryAfterMs: null }
}

function reviveError({ code, message, internal, param, retryAfterMs }: ErrorMessage): CairnError {
  if (code === null) return new CairnError('internal.error', { internal: internal ?? 'worker failed' })
  return new CairnError(code, {
    message,
    ...(internal === null ? {} : { internal }),
    ...(param === null ? {} : { param }),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  })
}
