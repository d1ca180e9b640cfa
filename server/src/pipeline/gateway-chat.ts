/**
 * The life of a chat request, in whichever dialect it was asked: may they, which deployments, what does it need, in
 * which order, is it known, hold its cost, try, tell. `chat.ts` gives the reply as it is, `dialects.ts` turns it into
 * another dialect.
 *
 * A provider that speaks the client’s dialect itself is given the client’s own bytes, and the others of the same plan
 * answer in that dialect too; such a call is not cached. Everything else is a chat request all the way.
 */
import type { AuditEventType, ChatRequest } from '@cairn/contract'
import { createToken, invariant, type CairnError } from '../base/index.ts'
import { partitionOf } from '../cache/index.ts'
import { giveAgain, keepJson, needsOfChat } from '../routing/index.ts'
import type { Candidates, ChatReply, Deployment, Needs, OneReply, Usage } from '../routing/index.ts'
import type { MeteredCall } from '../metering/index.ts'
import { forCall, sharingFor } from './caches.ts'
import { isBounded, isCacheable, keyOfRequest } from './chat-key.ts'
import { findStream, type StreamHeard } from './chat-stream.ts'
import { answererOf, callersOwn, openRecord, type Answerer, type GatewayServices } from './gateway-reply.ts'
import { findJson, type JsonHeard } from './json-replies.ts'
import { openMetered, type MeteredReply } from './metered.ts'
import { affinityOf } from './affinity.ts'
import type { Call } from './types.ts'

/** `body` is the request as it came (or was made), and `request` the same parsed. */
export interface ChatInput {
  readonly body: Uint8Array
  readonly request: ChatRequest
}

export interface GatewayInput extends ChatInput {
  readonly kind: Extract<MeteredCall['kind'], 'chat' | 'messages' | 'responses'>
  readonly event: AuditEventType
  /** The request as the client sent it, where it came in another dialect. */
  readonly sent?: Uint8Array
  /** The request as this deployment wants it, where it was made from another dialect. */
  readonly bodyFor?: (deployment: Deployment) => Uint8Array
  /** How providers that speak the client’s dialect are asked, and the others of the same plan answer in it. */
  readonly native?: NativeDialect
}

export interface NativeDialect {
  isSpokenBy(deployment: Deployment): boolean
  /** Set when the request cannot be said as a chat request, so that only who speaks the dialect can answer. */
  readonly refusal: CairnError | null
  send(deployment: Deployment, answerAs: string | null, context: SendContext): Promise<ChatReply>
  /** A chat reply in the dialect. */
  convert(reply: ChatReply, deployment: Deployment): ChatReply
}

type SendContext = Parameters<Deployment['provider']['chat']>[1]

/** A reply as one client hears it. */
export interface GatewayHeard {
  /** True when it is in the client’s dialect already. */
  readonly isNative: boolean
  readonly heard:
    | { readonly kind: 'json'; readonly reply: JsonHeard }
    | { readonly kind: 'stream'; readonly reply: StreamHeard }
  /** Whether the answer is to be kept, and so has to be listened to. */
  readonly keepsAnswer: boolean
  /** Records the end of the call; once. `answer` is called where it is kept. */
  end(outcome: 'ok' | 'failed', usage?: Usage, answer?: () => string): Promise<unknown>
}

// oxlint-disable-next-line max-lines-per-function -- the one list of steps, each a call
export async function answerChat(call: Call, input: GatewayInput, services: GatewayServices): Promise<GatewayHeard> {
  const { access, caches, clock, routing } = services
  const { body, request, native } = input
  const streamed = request.stream === true
  // Another dialect tells usage at its end, whether or not its client knows the chat option.
  const includeUsage = request.stream_options?.include_usage === true
  const withUsage = includeUsage || input.kind !== 'chat'
  const candidates = speakersOnly(routing.candidates(request.model, 'chat', call.principal), native)
  const needs = needsOf(input)
  const metered = await openMetered(call, input.kind, needs, services)
  const label = call.label ?? callersOwn
  const affinity = affinityOf(request, call.principal, needs)
  const plan = routing.plan(candidates, { needs, label, affinity, refusedByBudget: metered.refusedByBudget })
  const isNative = native !== undefined && plan.allowed.some((deployment) => native.isSpokenBy(deployment))
  const record = openRecord(input.event, call, services)
  const end = (outcome: 'ok' | 'failed', usage?: Usage, answer?: () => string) =>
    record.ended(
      outcome,
      { tokensIn: usage?.input ?? null, tokensOut: usage?.output ?? null, streamed },
      {
        usage,
        said: { request: () => new TextDecoder().decode(input.sent ?? body), ...(answer ? { response: answer } : {}) },
      },
    )

  const onlyWith = (by: Answerer) => call.onlyWhile?.(() => routing.mayUse(call.principal, by))
  const execute = <T>(
    signal: AbortSignal,
    take: (reply: MeteredReply) => T,
    settled?: (value: T) => Promise<number | null>,
  ) =>
    routing.execute<T>(plan, {
      signal,
      caller: call.principal.id,
      report: record.attempted,
      ...(settled ? { settled } : {}),
      async send(deployment, permit, sent) {
        const { model, provider } = deployment
        const answerAs = candidates.exact ? null : deployment.id
        onlyWith(answererOf(deployment))
        const context = { permit, signal: sent }
        const reply = await metered.send({ deployment, signal: sent }, async () => {
          await record.intend(deployment, input.kind, label)
          if (isNative && native?.isSpokenBy(deployment)) return native.send(deployment, answerAs, context)
          const own = input.bodyFor?.(deployment) ?? body
          const asked = { body: own, model, answerAs, stream: streamed, includeUsage }
          const said = await provider.chat(asked, context)
          return isNative && native ? native.convert(said, deployment) : said
        })
        return take(reply)
      },
    })

  const namespace = !isNative && isCacheable(request, caches.settings) ? forCall(caches.chat, call) : null
  const partition = partitionOf(call.principal, sharingFor(call.principal, 'chat', caches.settings.chatSharing, access))
  const one = (): OneReply => ({
    id: `chatcmpl-${createToken(18)}`,
    created: Math.floor(clock.now() / 1_000),
    withUsage,
  })
  const asking = {
    call,
    record,
    metered,
    partition,
    namespace,
    key: () => keyOfRequest('chat', body, { partition, candidates, caches, allowed: plan.allowed }),
    first: plan.attempts[0]?.deployment,
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
      return { isNative, heard: { kind: 'json', reply }, keepsAnswer: record.keepsAnswer(), end }
    }
    const reply = await findStream({
      ...asking,
      one,
      withUsage,
      execute: (signal) => execute(signal, takeStream, ({ ended }) => ended),
    })
    onlyWith(reply.by)
    return { isNative, heard: { kind: 'stream', reply }, keepsAnswer: record.keepsAnswer(), end }
  } catch (thrown) {
    void end('failed')
    throw thrown
  }
}

/** In other dialects thinking is a wish, which clients send to whatever model; `bodyFor` leaves it out where it is none. */
function needsOf({ kind, request, body }: GatewayInput): Needs {
  const needs = needsOfChat(request, body.length)
  if (kind === 'chat') return needs
  return { ...needs, capabilities: needs.capabilities.filter((capability) => capability !== 'reasoning') }
}

/** Those that speak the dialect, where the request cannot be said in another. */
function speakersOnly(candidates: Candidates, native: NativeDialect | undefined): Candidates {
  const refusal = native?.refusal ?? null
  if (!native || refusal === null) return candidates
  const deployments = candidates.deployments.filter((deployment) => native.isSpokenBy(deployment))
  if (deployments.length === 0) throw refusal
  const others = candidates.deployments.filter((deployment) => !deployments.includes(deployment))
  const rejected = others.map((deployment) => ({ deployment, rule: 'capability' as const, reason: refusal.message }))
  return { ...candidates, deployments, rejected: [...candidates.rejected, ...rejected] }
}

function takeJson(reply: MeteredReply) {
  invariant(reply.kind === 'json', 'a provider answers in JSON when no stream was asked for')
  return reply
}

function takeStream(reply: MeteredReply) {
  invariant(reply.kind === 'stream', 'a provider streams when it was asked to')
  return reply.stream
}
