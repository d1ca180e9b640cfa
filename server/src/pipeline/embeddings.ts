/** `POST /v1/embeddings`: the same life as a chat request, without streaming. */
import type { EmbeddingsRequest } from '@cairn/contract'
import { sha256 } from '../base/index.ts'
import type { JsonReply } from '../routing/index.ts'
import { callersOwn, openRecord, replyWithJson, type GatewayReply, type GatewayServices } from './gateway-reply.ts'
import type { Call } from './types.ts'

export interface EmbeddingsInput {
  /** The body as it came, and the same parsed. */
  readonly body: Uint8Array
  readonly request: EmbeddingsRequest
}

export type Embeddings = (call: Call, input: EmbeddingsInput) => Promise<GatewayReply>

export function createEmbeddings(services: GatewayServices): Embeddings {
  const { access, cache, clock, routing } = services

  return async function embeddings(call, { body, request }) {
    access.require(call.principal, 'embed', request.model)
    const candidates = routing.candidates(request.model, 'embedding', call.principal)
    const record = openRecord('embeddings.created', call, services)
    const inputs = countInputs(request.input)

    const run = () =>
      routing.execute<JsonReply>(routing.plan(candidates, callersOwn), {
        signal: call.signal,
        report: record.attempted,
        async send(deployment, permit, signal) {
          const { model, provider } = deployment
          await record.intend(deployment, 'embeddings')
          return provider.embeddings(
            { body, model, answerAs: candidates.exact ? null : `${provider.id}/${model}` },
            { permit, signal },
          )
        },
      })

    try {
      const outcome = await cache.reuse(cache.scopeOf(call.principal), ['embeddings', sha256(body)], run)
      void record.ended('ok', { inputs })
      return replyWithJson(call, outcome, outcome.value.value, clock)
    } catch (thrown) {
      void record.ended('failed', { inputs })
      throw thrown
    }
  }
}

/** Texts in a request: one text, one list of tokens, or a list of either. */
function countInputs(input: EmbeddingsRequest['input']): number {
  return typeof input === 'string' || typeof input[0] === 'number' ? 1 : input.length
}
