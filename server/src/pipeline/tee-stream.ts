/**
 * Hands a stream to the client, and its end to the meter. Pulled by the reader: nothing is read at the provider until
 * a client took what was there. A clean end gets the summary before `[DONE]`; a provider that breaks
 * off becomes an error frame, because to a client a bare end looks like a finished answer.
 */
import { CairnError, toCairnError } from '../base/index.ts'
import type { StreamHeard } from './chat-stream.ts'
import { settle } from './gateway-reply.ts'

export interface TeeOptions {
  /** The client’s leaving. */
  readonly signal: AbortSignal
  readonly ends: StreamEnds
  /** Told how it ended; what comes after the first call is to be ignored. */
  readonly ended: (end: 'complete' | 'broken' | 'left') => void
}

/** How the client’s dialect tells that a stream broke off. */
export interface StreamEnds {
  error(error: { readonly message: string; readonly type: string; readonly code: string }): Uint8Array
  /** What follows the error; null for nothing. */
  readonly closing: Uint8Array | null
}

const encoder = new TextEncoder()

/** Those of chat: to its clients a bare end looks like a finished answer, so that `[DONE]` follows the error. */
export const chatEnds: StreamEnds = {
  error: ({ message, type, code }) =>
    encoder.encode(`data: ${JSON.stringify({ error: { message, type, param: null, code } })}\n\n`),
  closing: encoder.encode('data: [DONE]\n\n'),
}

export function teeStream(stream: StreamHeard, { signal, ended, ends }: TeeOptions): ReadableStream<Uint8Array> {
  let isCancelled = false
  const leave = () => end('left')
  signal.addEventListener('abort', leave, { once: true })

  function end(how: Parameters<typeof ended>[0]): void {
    signal.removeEventListener('abort', leave)
    stream.frames.leave()
    ended(how)
  }

  const lastLine = (how: 'ok' | 'broken') => `: cairn ${JSON.stringify(summarize(stream, how))}\n\n`

  async function pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      // What is given again from the cache has nobody to abort.
      signal.throwIfAborted()
      const step = await stream.frames.next()
      if (isCancelled) return
      if (step.done !== true) return controller.enqueue(step.value)
      controller.enqueue(encoder.encode(lastLine('ok')))
      controller.enqueue(step.value)
      end('complete')
    } catch (thrown) {
      if (isCancelled) return
      const hasLeft = signal.aborted && !(signal.reason instanceof CairnError)
      end(hasLeft ? 'left' : 'broken')
      if (hasLeft) return controller.error(thrown)
      const summary = encoder.encode(lastLine('broken'))
      const error = ends.error(describeBreak(toCairnError(thrown)))
      // Where nothing closes a stream, the error is its last word.
      const frames = ends.closing === null ? [summary, error] : [error, summary, ends.closing]
      for (const frame of frames) controller.enqueue(frame)
    }
    controller.close()
  }

  function cancel(): void {
    isCancelled = true
    end('left')
  }

  return new ReadableStream({ pull, cancel }, { highWaterMark: 0 })
}

/** What was not known at the first byte. */
function summarize(stream: StreamHeard, how: 'ok' | 'broken') {
  const { by, attempts, cache } = stream
  const told = attempts.map((attempt, index) =>
    index === attempts.length - 1 ? { ...attempt, outcome: how === 'ok' ? attempt.outcome : 'broken-stream' } : attempt,
  )
  const names = { model: by.model, provider: by.provider }
  return { ...names, attempts: told, tokens: stream.usage(), ...settle(stream, stream.costUsd()), cache }
}

/** Whatever the provider did after its first words, to the client the answer broke off. The message says more. */
function describeBreak(error: CairnError): Parameters<StreamEnds['error']>[0] {
  const code = error.code.startsWith('upstream.') ? 'upstream.broken-stream' : error.code
  return { message: error.message, type: error.spec.type, code }
}
