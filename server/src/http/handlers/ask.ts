/** Handlers of `/v1/ask` and `/v1/search`. */
import type { AskRequest, SearchRequest } from '@cairn/contract'
import { errorFields, type CairnError } from '../../base/index.ts'
import { passHeaders } from '../headers.ts'
import { eventStream, json, type HttpReply } from '../reply.ts'
import type { ProtectedInput } from '../route.ts'
import { watchCall } from '../watch-access.ts'
import { createEventStream, describeError, type ServerEvent } from '../sse.ts'

type Input<B> = ProtectedInput<string, B, undefined>

export async function ask({ call: unwatched, exchange, services, body }: Input<AskRequest>): Promise<HttpReply> {
  const call = watchCall({ call: unwatched, exchange, services })
  const outcome = await services.pipeline.ask(call, body)
  if (outcome.kind === 'dry-run') return json(outcome.reply)
  if (outcome.kind === 'reply') return json(outcome.reply, 200, passHeaders(outcome.headers ?? {}))
  const lastEvents = (error: CairnError, thrown: unknown): ServerEvent[] => {
    services.logger.warn('an answer broke off', { requestId: call.requestId, ...errorFields(thrown) })
    return [
      { event: 'error', data: describeError(error) },
      { event: 'done', data: { outcome: 'error' } },
    ]
  }
  const stream = createEventStream(outcome.events, {
    signal: call.signal,
    heartbeatMs: services.heartbeatMs,
    onError: lastEvents,
  })
  return eventStream(stream, passHeaders(outcome.headers))
}

export async function search({ call, services, body }: Input<SearchRequest>): Promise<HttpReply> {
  return json(await services.pipeline.search(call, body))
}
