/** What `POST /v1/ask` tells, as checked events: from its stream, or from a reply that came in one piece. */
import { citationSchema, outcomeSchema, receiptSchema, type AskEvent, type AskReply } from '@cairn/contract'
import type { ServerEvent } from './event-stream.ts'
import { tryParseJson } from './try-parse-json.ts'

/** The events that a stream would have told of this reply. */
export function* eventsOf(reply: AskReply): Generator<AskEvent> {
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
