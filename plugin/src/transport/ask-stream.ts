/** `POST /v1/ask` as a stream of checked events, with a deadline for the first one and between any two. */
import { askReplySchema, type AskEvent, type AskRequest } from '@cairn/contract'
import { eventsOf, parseAskEvent, readEvents, type Failure } from '@cairn/ui/client'
import { brokenOff, malformed } from '../core/connection/failures.ts'
import type { Transport } from './transport.ts'
import { watchSilence } from './watch-silence.ts'

export interface AskCall {
  readonly request: AskRequest
  readonly signal: AbortSignal
  readonly firstByteMs: number
  readonly onEvent: (event: AskEvent) => void
}

/**
 * Hands over each event as it comes, `done` last. Gives null when the answer is whole or was stopped, else what went
 * wrong; an `error` event counts as handed over and is not given again.
 */
export async function streamAnswer(
  transport: Transport,
  { request, signal, firstByteMs, onEvent }: AskCall,
): Promise<Failure | null> {
  const reply = await transport.openStream('/v1/ask', {
    method: 'POST',
    body: { ...request, stream: true },
    headers: { accept: 'text/event-stream' },
    signal,
    timeoutMs: firstByteMs,
  })
  if (signal.aborted) return null
  if (!reply.ok) return reply.failure
  const response = reply.value
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true)
    return readWhole(response, onEvent)
  if (response.body === null) return brokenOff
  try {
    return await readStream(response.body, signal, onEvent)
  } catch {
    return signal.aborted ? null : brokenOff
  }
}

async function readStream(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  onEvent: (event: AskEvent) => void,
): Promise<Failure | null> {
  for await (const serverEvent of readEvents(watchSilence(body))) {
    if (signal.aborted) return null
    const event = parseAskEvent(serverEvent)
    if (event === 'unknown') continue
    if (event === null) return malformed
    onEvent(event)
    if (event.event === 'done') return null
  }
  return signal.aborted ? null : brokenOff
}

/** A proxy may have gathered the stream: the answer comes in one piece. */
async function readWhole(response: Response, onEvent: (event: AskEvent) => void): Promise<Failure | null> {
  const parsed = askReplySchema.safeParse(await response.json().catch(() => null))
  if (!parsed.success) return malformed
  for (const event of eventsOf(parsed.data)) onEvent(event)
  return null
}
