/** `POST /v1/ask` as a stream of checked events. */
import {
  askReplySchema,
  citationSchema,
  outcomeSchema,
  receiptSchema,
  type AskEvent,
  type AskReply,
  type AskRequest,
} from '@cairn/contract'
import { brokenOff, malformed, type Failure } from './failure.ts'
import { readEvents, type ServerEvent } from './event-stream.ts'
import { send } from './request.ts'
import { tryParseJson } from './try-parse-json.ts'

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

function* eventsOf(reply: AskReply): Generator<AskEvent> {
  yield { event: 'token', data: { text: reply.answer } }
  for (const data of reply.citations) yield { event: 'citation', data }
  for (const data of reply.related ?? []) yield { event: 'related', data }
  yield { event: 'receipt', data: reply.receipt }
  yield { event: 'done', data: { outcome: reply.outcome, confidence: reply.confidence } }
}

/** The event, null when its data are not as agreed, `unknown` for names of a later version. */
export function parseAskEvent({ event, data }: ServerEvent): AskEvent | null | 'unknown' {
  const value = tryParseJson(data)
  switch (event) {
    case 'token': {
      const text = field(value, 'text')
      return typeof text === 'string' ? { event, data: { text } } : null
    }
    case 'citation':
    case 'related': {
      const parsed = citationSchema.safeParse(value)
      return parsed.success ? { event, data: parsed.data } : null
    }
    case 'receipt': {
      const parsed = receiptSchema.safeParse(value)
      return parsed.success ? { event, data: parsed.data } : null
    }
    case 'error': {
      const error = field(value, 'error')
      return {
        event,
        data: {
          error: {
            code: textOr(field(error, 'code'), 'internal.error'),
            message: textOr(field(error, 'message'), ''),
          },
        },
      }
    }
    case 'done': {
      const confidence = field(value, 'confidence')
      const outcome = outcomeSchema.safeParse(field(value, 'outcome'))
      return {
        event,
        data: {
          outcome: outcome.success ? outcome.data : 'error',
          confidence: typeof confidence === 'number' ? confidence : null,
        },
      }
    }
    default:
      return 'unknown'
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise
}
