/**
 * Stands between a stream and the socket: tells when it ended and how, cuts a client that stops reading, and gives a
 * source that was told to stop a moment to say its last words.
 */

export type StreamEnd = 'complete' | 'left' | 'stalled' | 'failed'

export interface GuardOptions {
  /** Aborted when the client leaves or the server stops. */
  readonly signal: AbortSignal
  /** How long the client may leave a chunk unread. */
  readonly stallMs: number
  /** Called once. */
  readonly ended: (end: StreamEnd, thrown?: unknown) => void
}

/** How long a source may take to end by itself after the signal. */
const lastWordsMs = 1_000

export function guardStream(
  source: ReadableStream<Uint8Array>,
  { signal, stallMs, ended }: GuardOptions,
): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  let isOpen = true
  let timer: ReturnType<typeof setTimeout> | undefined
  let outer: ReadableStreamDefaultController<Uint8Array> | undefined

  function end(how: StreamEnd, thrown?: unknown): void {
    if (!isOpen) return
    isOpen = false
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    ended(how, thrown)
  }

  function cut(how: StreamEnd, reason: unknown): void {
    if (!isOpen) return
    end(how, reason)
    reader.cancel(reason).catch(() => undefined)
    outer?.error(reason)
  }

  function onAbort(): void {
    clearTimeout(timer)
    timer = setTimeout(() => cut('failed', signal.reason), lastWordsMs)
  }

  async function pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    if (!signal.aborted) clearTimeout(timer)
    try {
      const { done, value } = await reader.read()
      if (!isOpen) return
      if (done) {
        end('complete')
        return controller.close()
      }
      controller.enqueue(value)
      if (!signal.aborted) timer = setTimeout(() => cut('stalled', new Error('the client stopped reading')), stallMs)
    } catch (thrown) {
      cut('failed', thrown)
    }
  }

  function cancel(reason: unknown): Promise<void> {
    end('left')
    return reader.cancel(reason)
  }

  signal.addEventListener('abort', onAbort, { once: true })
  return new ReadableStream(
    {
      start: (controller) => {
        outer = controller
      },
      pull,
      cancel,
    },
    { highWaterMark: 0 },
  )
}
