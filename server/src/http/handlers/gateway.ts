/** Handlers of the vendors’ dialects: the bytes go to the pipeline and its reply comes back. */
import type { ChatRequest, EmbeddingsRequest, MessagesRequest, ModelList, ResponsesRequest } from '@cairn/contract'
import type { Call } from '../dependencies.ts'
import { passHeaders, readAnthropicHeaders, readLabel } from '../headers.ts'
import { json, type HttpReply } from '../reply.ts'
import type { ProtectedInput } from '../route.ts'
import { watchCall } from '../watch-access.ts'

type Input<B> = ProtectedInput<string, B, undefined>

export async function chat({ call, exchange, services, body, bytes }: Input<ChatRequest>): Promise<HttpReply> {
  const reply = await services.pipeline.chat(callOf({ call, exchange, services }), { request: body, body: bytes })
  return { ...reply, headers: passHeaders(reply.headers) }
}

export async function embeddings({
  call,
  exchange,
  services,
  body,
  bytes,
}: Input<EmbeddingsRequest>): Promise<HttpReply> {
  const reply = await services.pipeline.embeddings(callOf({ call, exchange, services }), { request: body, body: bytes })
  return { ...reply, headers: passHeaders(reply.headers) }
}

export async function responses({
  call,
  exchange,
  services,
  body,
  bytes,
}: Input<ResponsesRequest>): Promise<HttpReply> {
  const input = { request: body, body: bytes, headers: {} }
  const reply = await services.pipeline.responses(callOf({ call, exchange, services }), input)
  return { ...reply, headers: passHeaders(reply.headers) }
}

export async function messages({ call, exchange, services, body, bytes }: Input<MessagesRequest>): Promise<HttpReply> {
  const input = { request: body, body: bytes, headers: readAnthropicHeaders(exchange.request.headers) }
  const reply = await services.pipeline.messages(callOf({ call, exchange, services }), input)
  return { ...reply, headers: passHeaders(reply.headers) }
}

function callOf(input: Pick<Input<unknown>, 'call' | 'exchange' | 'services'>): Call {
  const label = readLabel(input.exchange.request.headers)
  const call = watchCall(input)
  return label === undefined ? call : { ...call, label }
}

/** A model that several providers serve is listed once, with the first of them as owner. */
export function listModels({ call, exchange, services }: Input<undefined>): HttpReply {
  const byId = new Map<string, ModelList['data'][number]>()
  for (const { id, provider } of services.models.models(call.principal)) {
    if (!byId.has(id)) byId.set(id, { id, object: 'model', created: 0, owned_by: provider })
  }
  const data = [...byId.values()]
  if (exchange.request.headers.has('anthropic-version')) return json(listForAnthropic(data))
  return json({ object: 'list', data } satisfies ModelList)
}

/** The same list as Anthropic’s client reads it: one page with everything. When a model was made is not known. */
function listForAnthropic(models: ModelList['data']): object {
  const ids = models.map(({ id }) => id)
  return {
    data: ids.map((id) => ({ type: 'model', id, display_name: id, created_at: '1970-01-01T00:00:00Z' })),
    has_more: false,
    first_id: ids[0] ?? null,
    last_id: ids.at(-1) ?? null,
  }
}
