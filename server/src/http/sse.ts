/**
 * Server-sent events from an async iterable, pulled by the reader: the next event is asked for only when the client
 * took the last one. A comment keeps a silent connection open; an error becomes visible events, never a silent end.
 */
import { CairnError, toCairnError } from '../base/index.ts'

export interface ServerEvent {
  readonly event: string
  /** What the client sends as `Last-Event-ID` when it connects again. */
  readonly id?: string
  readonly data: unknown
}

export interface EventStreamOptions {
  /** Ends the stream. With a `CairnError` as reason the client is told, otherwise it has left. */
  readonly signal: AbortSignal
  readonly heartbeatMs: number
  /** What the client still gets when the source fails or the server stops. */
  readonly onError: (error: CairnError, thrown: unknown) => readonly ServerEvent[]
}

type Step =
  | { readonly kind: 'event'; readonly event: ServerEvent }
  | { readonly kind: 'failed'; readonly thrown: unknown }
  | { readonly kind: 'end' | 'heartbeat' | 'aborted' }

const encoder = new TextEncoder()

export function createEventStream(
  events: AsyncIterable<ServerEvent>,
  { signal, heartbeatMs, onError }: EventStreamOptions,
): ReadableStream<Uint8Array> {
  const iterator = events[Symbol.asyncIterator]()
  let arrived: Step | null = null
  let isAsking = false
  let wake: (() => void) | null = null

  const onAbort = () => wake?.()
  signal.addEventListener('abort', onAbort)

  function ask(): void {
    isAsking = true
    const settle = (step: Step) => {
      isAsking = false
      arrived = step
      wake?.()
    }
    iterator.next().then(
      ({ done, value }) => settle(done ? { kind: 'end' } : { kind: 'event', event: value }),
      (thrown: unknown) => settle({ kind: 'failed', thrown }),
    )
  }

  async function nextStep(): Promise<Step> {
    if (!arrived && !isAsking && !signal.aborted) ask()
    if (!arrived && !signal.aborted) await waitForWake()
    if (signal.aborted) return { kind: 'aborted' }
    const step = arrived ?? { kind: 'heartbeat' as const }
    arrived = null
    return step
  }

  function waitForWake(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, heartbeatMs)
      function done() {
        clearTimeout(timer)
        wake = null
        resolve()
      }
      wake = done
    })
  }

  /** Not awaited: a generator that waits inside gets to it once its own signal wakes it. */
  function release(): void {
    signal.removeEventListener('abort', onAbort)
    iterator.return?.().catch(() => undefined)
  }

  async function pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const step = await nextStep()
    if (step.kind === 'event') return controller.enqueue(encoder.encode(formatEvent(step.event)))
    if (step.kind === 'heartbeat') return controller.enqueue(encoder.encode(': keep-alive\n\n'))
    const thrown: unknown = step.kind === 'aborted' ? signal.reason : step.kind === 'failed' ? step.thrown : null
    const hasLeft = step.kind === 'aborted' && !(thrown instanceof CairnError)
    release()
    if (thrown !== null && !hasLeft) {
      for (const last of onError(toCairnError(thrown), thrown)) controller.enqueue(encoder.encode(formatEvent(last)))
    }
    controller.close()
  }

  return new ReadableStream({ pull, cancel: release }, { highWaterMark: 0 })
}

/** One frame of the WHATWG event stream format. Every kind of line end in the data begins a new `data:` line. */
export function formatEvent({ event, id, data }: ServerEvent): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data)
  const lines = text.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`)
  const named = id === undefined ? '' : `id: ${id.replace(/[\0\r\n]/g, ' ')}\n`
  return `event: ${event.replace(/[\r\n]/g, ' ')}\n${named}${lines.join('')}\n`
}

/** The public words of an error, as the data of an `error` event. */
export function describeError({ code, message }: CairnError): { error: { code: string; message: string } } {
  return { error: { code, message } }
}
