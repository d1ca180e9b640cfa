/** Handlers of the OpenAI dialect: the bytes go to the pipeline and its reply comes back. */
import type { ChatRequest, EmbeddingsRequest, ModelList } from '@cairn/contract'
import { passHeaders } from '../headers.ts'
import { json, type HttpReply } from '../reply.ts'
import type { ProtectedInput } from '../route.ts'

type Input<B> = ProtectedInput<string, B, undefined>

export async function chat({ call, services, body, bytes }: Input<ChatRequest>): Promise<HttpReply> {
  const reply = await services.pipeline.chat(call, { request: body, body: bytes })
  return { ...reply, headers: passHeaders(reply.headers) }
}

export async function embeddings({ call, services, body, bytes }: Input<EmbeddingsRequest>): Promise<HttpReply> {
  const reply = await services.pipeline.embeddings(call, { request: body, body: bytes })
  return { ...reply, headers: passHeaders(reply.headers) }
}

/** A model that several providers serve is listed once, with the first of them as owner. */
export function listModels({ call, services }: Input<undefined>): HttpReply {
  const byId = new Map<string, ModelList['data'][number]>()
  for (const { id, provider } of services.models.models(call.principal)) {
    if (!byId.has(id)) byId.set(id, { id, object: 'model', created: 0, owned_by: provider })
  }
  return json({ object: 'list', data: [...byId.values()] } satisfies ModelList)
}

export function describeModels({ call, services }: Input<undefined>): HttpReply {
  return json({ models: services.models.models(call.principal) })
}
