/**
 * Hands a provider's stream to the client, and its end to the meter. Pulled by the reader: nothing is read at the
 * provider until the client took what was there. A clean end gets the summary before `[DONE]`; a provider that breaks
 * off becomes an error frame, because to a client a bare end looks like a finished answer.
 */
import { CairnError, toCairnError } from '../base/index.ts'
import type { CacheOutcome } from '../cache/index.ts'
import type { ChatStream, Executed } from '../routing/index.ts'
import { costOf } from './gateway-reply.ts'

export interface TeeOptions {
  /** The client’s leaving. */
  readonly signal: AbortSignal
  readonly outcome: CacheOutcome<Executed<unknown>>
  /** Told how it ended; what comes after the first call is to be ignored. */
  readonly ended: (end: 'complete' | 'broken' | 'left') => void
}

const encoder = new TextEncoder()

export function teeStream(stream: ChatStream, { signal, outcome, ended }: TeeOptions): ReadableStream<Uint8Array> {
  let isCancelled = false
  const leave = () => end('left')
  signal.addEventListener('abort', leave, { once: true })

  function end(how: Parameters<typeof ended>[0]): void {
    signal.removeEventListener('abort', leave)
    ended(how)
  }

  const lastLine = (how: 'ok' | 'broken') => `: cairn ${JSON.stringify(summarize(stream, outcome, how))}\n\n`

  async function pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const piece = await stream.read()
      if (isCancelled) return
      if (piece) return controller.enqueue(piece.bytes)
      controller.enqueue(encoder.encode(lastLine('ok')))
      controller.enqueue(stream.ending())
      end('complete')
    } catch (thrown) {
      if (isCancelled) return
      const hasLeft = signal.aborted && !(signal.reason instanceof CairnError)
      end(hasLeft ? 'left' : 'broken')
      if (hasLeft) return controller.error(thrown)
      controller.enqueue(encoder.encode(`${errorFrame(toCairnError(thrown))}${lastLine('broken')}data: [DONE]\n\n`))
    }
    controller.close()
  }

  function cancel(): void {
    isCancelled = true
    stream.cancel()
    end('left')
  }

  return new ReadableStream({ pull, cancel }, { highWaterMark: 0 })
}

/** What was not known at the first byte. */
function summarize(
  stream: ChatStream,
  { value: { deployment, attempts }, status, tier }: CacheOutcome<Executed<unknown>>,
  how: 'ok' | 'broken',
) {
  const told = attempts.map((attempt, index) =>
    index === attempts.length - 1 ? { ...attempt, outcome: how === 'ok' ? attempt.outcome : 'broken-stream' } : attempt,
  )
  const tokens = stream.usage()
  const names = { model: deployment.model, provider: deployment.provider.id }
  return { ...names, attempts: told, tokens, costUsd: costOf(deployment, tokens), cache: { status, tier } }
}

/** Whatever the provider did after its first words, to the client the answer broke off. The message says more. */
function errorFrame(error: CairnError): string {
  const isUpstream = error.code.startsWith('upstream.')
  const code = isUpstream ? 'upstream.broken-stream' : error.code
  return `data: ${JSON.stringify({ error: { message: error.message, type: error.spec.type, param: null, code } })}\n\n`
}
