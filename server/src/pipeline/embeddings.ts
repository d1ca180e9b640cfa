/** `POST /v1/embeddings`: the same life as a chat request, without streaming. */
import type { EmbeddingsRequest } from '@cairn/contract'
import { textOf } from './capture.ts'
import { partitionOf } from '../cache/index.ts'
import { needsOfEmbedding, type JsonReply } from '../routing/index.ts'
import { forCall } from './caches.ts'
import { keyOfRequest } from './chat-key.ts'
import {
  callersOwn,
  finish,
  openRecord,
  replyWithJson,
  type GatewayReply,
  type GatewayServices,
} from './gateway-reply.ts'
import { findJson } from './json-replies.ts'
import { openMetered } from './metered.ts'
import type { Call } from './types.ts'

export interface EmbeddingsInput {
  /** The body as it came, and the same parsed. */
  readonly body: Uint8Array
  readonly request: EmbeddingsRequest
}

export type Embeddings = (call: Call, input: EmbeddingsInput) => Promise<GatewayReply>

export function createEmbeddings(services: GatewayServices): Embeddings {
  const { caches, clock, routing } = services

  return async function embeddings(call, { body, request }) {
    const candidates = routing.candidates(request.model, 'embedding', call.principal)
    const needs = needsOfEmbedding(request, body.length)
    const metered = await openMetered(call, 'embedding', needs, services)
    const label = call.label ?? callersOwn
    const { refusedByBudget } = metered
    const plan = routing.plan(candidates, { needs, label, affinity: null, refusedByBudget })
    const record = openRecord('embeddings.created', call, services)
    const inputs = countInputs(request.input)
    const partition = partitionOf(call.principal, 'user')

    const execute = (signal: AbortSignal) =>
      routing.execute<JsonReply>(plan, {
        signal,
        caller: call.principal.id,
        report: record.attempted,
        send(deployment, permit, sent) {
          const { model, provider } = deployment
          const answerAs = candidates.exact ? null : deployment.id
          return metered.sendJson({ deployment, signal: sent }, async () => {
            await record.intend(deployment, 'embeddings', label)
            return provider.embeddings({ body, model, answerAs }, { permit, signal: sent })
          })
        },
      })

    try {
      const reply = await findJson({
        call,
        record,
        metered,
        partition,
        namespace: forCall(caches.embeddings, call),
        key: () => keyOfRequest('embedding', body, { partition, candidates, caches, allowed: plan.allowed }),
        first: plan.attempts[0]?.deployment,
        execute,
        // A list of vectors has neither id nor time: it is given again as it came.
        keep: (bytes) => [decoder.decode(bytes)],
        give: (parts) => parts.join(''),
      })
      const { usage } = reply
      const fields = { inputs, tokensIn: usage.input, tokensOut: usage.output }
      await finish(record.ended('ok', fields, { usage, said: { request: () => textOf(body) } }), services)
      return replyWithJson(call, reply, reply, clock)
    } catch (thrown) {
      void record.ended('failed', { inputs })
      throw thrown
    }
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Texts in a request: one text, one list of tokens, or a list of either. */
function countInputs(input: EmbeddingsRequest['input']): number {
  return typeof input === 'string' || typeof input[0] === 'number' ? 1 : input.length
}
