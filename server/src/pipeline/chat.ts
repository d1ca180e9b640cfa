/**
 * `POST /v1/chat/completions`: may they, which deployments, is it known, in which order, try, tell. The client’s bytes
 * go to the provider and the provider’s bytes come back; what little changes is in `providers/openai/rewrite.ts`.
 */
import type { ChatRequest } from '@cairn/contract'
import { sha256 } from '../base/index.ts'
import type { ChatReply, Executed, Usage } from '../routing/index.ts'
import { callersOwn, explain, openRecord, replyWithJson } from './gateway-reply.ts'
import type { GatewayReply, GatewayServices } from './gateway-reply.ts'
import { teeStream } from './tee-stream.ts'
import type { Call } from './types.ts'

/** `body` is the request as it came, and `request` the same parsed. */
export type ChatInput = { readonly body: Uint8Array; readonly request: ChatRequest }

export type Chat = (call: Call, input: ChatInput) => Promise<GatewayReply>

export function createChat(services: GatewayServices): Chat {
  const { access, cache, clock, routing } = services

  return async function chat(call, { body, request }) {
    const streamed = request.stream === true
    const includeUsage = request.stream_options?.include_usage === true
    access.require(call.principal, 'chat', request.model)
    const candidates = routing.candidates(request.model, 'chat', call.principal)
    const record = openRecord('chat.completed', call, services)
    const end = (outcome: 'ok' | 'failed', usage?: Usage) =>
      void record.ended(outcome, { tokensIn: usage?.input ?? null, tokensOut: usage?.output ?? null, streamed })

    function execute(): Promise<Executed<ChatReply>> {
      return routing.execute(routing.plan(candidates, callersOwn), {
        signal: call.signal,
        report: record.attempted,
        settled: async (reply: ChatReply) => (reply.kind === 'stream' ? reply.stream.settled : undefined),
        async send(deployment, permit, signal) {
          await record.intend(deployment, 'chat')
          const { model, provider } = deployment
          const answerAs = candidates.exact ? null : `${provider.id}/${model}`
          return provider.chat({ body, model, answerAs, stream: streamed, includeUsage }, { permit, signal })
        },
      })
    }

    try {
      const key = ['chat', sha256(body)]
      const outcome = await cache.reuse(cache.scopeOf(call.principal), key, execute)
      const reply = outcome.value.value
      if (reply.kind === 'json') {
        end('ok', reply.usage)
        return replyWithJson(call, outcome, reply, clock)
      }
      const { stream } = reply
      const ended = (how: string) => end(how === 'complete' ? 'ok' : 'failed', stream.usage())
      const headers = { 'content-type': 'text/event-stream; charset=utf-8', ...explain(call, outcome, null, clock) }
      return { status: 200, headers, body: teeStream(stream, { signal: call.signal, outcome, ended }) }
    } catch (thrown) {
      end('failed')
      throw thrown
    }
  }
}
