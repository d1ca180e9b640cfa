/**
 * `POST /v1/chat/completions`: may they, which deployments, is it known, in which order, try, tell. The client’s bytes
 * go to the provider and the provider’s bytes come back; what little changes is in `providers/openai/rewrite.ts`.
 */
import type { ChatRequest } from '@cairn/contract'
import { createToken, invariant } from '../base/index.ts'
import { partitionOf } from '../cache/index.ts'
import { giveAgain, keepJson, type ChatReply, type OneReply, type Usage } from '../routing/index.ts'
import { forCall } from './caches.ts'
import { isBounded, isCacheable, keyOfRequest } from './chat-key.ts'
import { findStream } from './chat-stream.ts'
import {
  callersOwn,
  explain,
  openRecord,
  replyWithJson,
  type GatewayReply,
  type GatewayServices,
} from './gateway-reply.ts'
import { findJson } from './json-replies.ts'
import { teeStream } from './tee-stream.ts'
import type { Call } from './types.ts'

/** `body` is the request as it came, and `request` the same parsed. */
export type ChatInput = { readonly body: Uint8Array; readonly request: ChatRequest }

export type Chat = (call: Call, input: ChatInput) => Promise<GatewayReply>

export function createChat(services: GatewayServices): Chat {
  const { access, caches, clock, routing } = services

  return async function chat(call, { body, request }) {
    const streamed = request.stream === true
    const withUsage = request.stream_options?.include_usage === true
    access.require(call.principal, 'chat', request.model)
    const candidates = routing.candidates(request.model, 'chat', call.principal)
    const plan = routing.plan(candidates, callersOwn)
    const record = openRecord('chat.completed', call, services)
    const end = (outcome: 'ok' | 'failed', usage?: Usage) =>
      void record.ended(outcome, { tokensIn: usage?.input ?? null, tokensOut: usage?.output ?? null, streamed })

    const execute = <T>(signal: AbortSignal, take: (reply: ChatReply) => T, settled?: (value: T) => Promise<unknown>) =>
      routing.execute<T>(plan, {
        signal,
        report: record.attempted,
        ...(settled ? { settled } : {}),
        async send(deployment, permit, sent) {
          await record.intend(deployment, 'chat')
          const { model, provider } = deployment
          const answerAs = candidates.exact ? null : `${provider.id}/${model}`
          const asked = { body, model, answerAs, stream: streamed, includeUsage: withUsage }
          return take(await provider.chat(asked, { permit, signal: sent }))
        },
      })

    const partition = partitionOf(call.principal, caches.settings.chatSharing)
    const one = (): OneReply => ({
      id: `chatcmpl-${createToken(18)}`,
      created: Math.floor(clock.now() / 1_000),
      withUsage,
    })
    const asking = {
      call,
      record,
      partition,
      namespace: isCacheable(request, caches.settings) ? forCall(caches.chat, call) : null,
      key: () => keyOfRequest('chat', body, { partition, candidates, caches }),
      first: plan.attempts[0],
      isBounded: isBounded(request),
    }

    try {
      if (!streamed) {
        const reply = await findJson({
          ...asking,
          execute: (signal) => execute(signal, takeJson),
          keep: (bytes) => keepJson(bytes, asking),
          give: (parts) => giveAgain(parts, one()),
        })
        end('ok', reply.usage)
        return replyWithJson(call, reply, reply, clock)
      }
      const stream = await findStream({
        ...asking,
        one,
        withUsage,
        execute: (signal) => execute(signal, takeStream, ({ settled }) => settled),
      })
      const ended = (how: string) => end(how === 'complete' ? 'ok' : 'failed', stream.usage())
      const headers = { 'content-type': 'text/event-stream; charset=utf-8', ...explain(call, stream, null, clock) }
      return { status: 200, headers, body: teeStream(stream, { signal: call.signal, ended }) }
    } catch (thrown) {
      end('failed')
      throw thrown
    }
  }
}

function takeJson(reply: ChatReply) {
  invariant(reply.kind === 'json', 'a provider answers in JSON when no stream was asked for')
  return reply
}

function takeStream(reply: ChatReply) {
  invariant(reply.kind === 'stream', 'a provider streams when it was asked to')
  return reply.stream
}
