/** `POST /v1/ask` as a stream of checked events. */
import { askReplySchema, type AskEvent, type AskRequest } from '@cairn/contract'
import { eventsOf, parseAskEvent, readEvents } from '@cairn/ui/client'
import { brokenOff, malformed, type Failure } from './failure.ts'
import { send } from './request.ts'

/**
 * Sends the question and hands over each event as it comes, `done` last. Gives null when the answer is whole, else
 * what went wrong; an `error` event counts as handed over and is not given again.
 */
export async function streamAnswer(
  request: AskRequest,
  signal: AbortSignal,
  onEvent: (event: AskEvent) => void,
): Promise<Failure | null> {
  const reply = await send('/v1/ask', {
    method: 'POST',
    body: { ...request, stream: true },
    accept: 'text/event-stream',
    signal,
  })
  if (!reply.ok) return reply.failure
  const response = reply.value
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return readWhole(response, onEvent)
  if (!response.body) return brokenOff
  try {
    for await (const serverEvent of readEvents(response.body)) {
      const event = parseAskEvent(serverEvent)
      if (event === 'unknown') continue
      if (event === null) return malformed
      onEvent(event)
      if (event.event === 'done') return null
    }
  } catch {
    return brokenOff
  }
  return brokenOff
}

/** A proxy may have gathered the stream, or a server may not stream: the answer comes in one piece. */
async function readWhole(response: Response, onEvent: (event: AskEvent) => void): Promise<Failure | null> {
  const parsed = askReplySchema.safeParse(await response.json().catch(() => null))
  if (!parsed.success) return malformed
  for (const event of eventsOf(parsed.data)) onEvent(event)
  return null
}
