/**
 * `POST /v1/messages` and `POST /v1/responses`: the same life as a chat request, asked and told in another dialect. A
 * provider that speaks the dialect gets the client’s bytes; for the others the request is turned into a chat request
 * and the reply, also one from the cache, is turned back.
 */
import { chatRequestSchema, type AuditEventType, type MessagesRequest, type ResponsesRequest } from '@cairn/contract'
import { CairnError, createToken, fail, type Clock } from '../base/index.ts'
import {
  messagesDialect,
  responsesDialect,
  type DialectConversion,
  type DialectErrors,
  type ReplyIdentity,
  type StreamConverter,
} from '../dialects/index.ts'
import { readChunks, type ChatStream, type Deployment } from '../routing/index.ts'
import { overhear, textOf } from './capture.ts'
import { answerChat, type ChatInput, type NativeDialect } from './gateway-chat.ts'
import type { StreamHeard } from './chat-stream.ts'
import { explain, finish, replyWithJson, type GatewayReply, type GatewayServices } from './gateway-reply.ts'
import { teeStream } from './tee-stream.ts'
import type { Call } from './types.ts'

export interface DialectInput<Request> {
  /** The body as it came, and the same parsed. */
  readonly body: Uint8Array
  readonly request: Request
  /** Request headers that belong to the dialect, names in small letters. */
  readonly headers: Readonly<Record<string, string>>
}

const encoder = new TextEncoder()

export type AnswerDialect<Request> = (call: Call, input: DialectInput<Request>) => Promise<GatewayReply>

interface Spec<Request> {
  readonly kind: 'messages' | 'responses'
  readonly event: AuditEventType
  readonly conversion: DialectConversion<Request> & DialectErrors
}

type AnyRequest = { readonly model: string; readonly stream?: boolean | null | undefined }

export function createMessages(services: GatewayServices): AnswerDialect<MessagesRequest> {
  return createAnswer({ kind: 'messages', event: 'messages.completed', conversion: messagesDialect }, services)
}

export function createResponses(services: GatewayServices): AnswerDialect<ResponsesRequest> {
  return createAnswer({ kind: 'responses', event: 'responses.completed', conversion: responsesDialect }, services)
}

function createAnswer<Request extends AnyRequest>(
  { kind, event, conversion }: Spec<Request>,
  services: GatewayServices,
): AnswerDialect<Request> {
  const { clock } = services

  return async function answer(call, input) {
    const { request } = input
    const chat = convertRequest(request, conversion)
    const native = speak(kind, input, { conversion, refusal: chat.refusal, clock })
    const bodyFor = chat.plain && createBodies(request, chat.plain, conversion)
    const asked = { ...chat.input, kind, event, native, sent: input.body, ...(bodyFor ? { bodyFor } : {}) }
    const { isNative, heard, keepsAnswer, end } = await answerChat(call, asked, services)
    if (heard.kind === 'json') {
      const { reply } = heard
      const body = isNative ? reply.body : convertJson(reply.body, { request, conversion, clock, model: null })
      await finish(
        end('ok', reply.usage, () => textOf(body)),
        services,
      )
      return replyWithJson(call, reply, { body, costUsd: reply.costUsd }, clock)
    }
    const { reply } = heard
    const converter = isNative ? null : conversion.openStream(request, identify(request.model, clock))
    const spoken = converter ? convertHeard(reply, converter) : reply
    const { stream, told } = overhear(spoken, keepsAnswer)
    const ended = (how: string) => void end(how === 'complete' ? 'ok' : 'failed', reply.usage(), told)
    const headers = { 'content-type': 'text/event-stream; charset=utf-8', ...explain(call, reply, null, clock) }
    const ends = { error: converter?.fail ?? conversion.frame, closing: null }
    return { status: 200, headers, body: teeStream(stream, { signal: call.signal, ended, ends }) }
  }
}

interface Converted {
  readonly input: ChatInput
  /** The chat request without the thinking of earlier turns; null when it cannot be one. */
  readonly plain: Record<string, unknown> | null
  readonly refusal: CairnError | null
}

/** The request as a chat request; where it cannot be one, the least that planning needs and why. */
function convertRequest<Request extends AnyRequest>(
  request: Request,
  { toChat }: DialectConversion<Request>,
): Converted {
  try {
    const plain = toChat(request)
    return { input: toInput(plain), plain, refusal: null }
  } catch (thrown) {
    if (!(thrown instanceof CairnError) || thrown.code !== 'request.invalid') throw thrown
    const { model, stream } = request
    const least = { model, stream: stream === true, messages: [{ role: 'user', content: '' }] }
    return { input: toInput(least), plain: null, refusal: thrown }
  }
}

/**
 * What some deployments want otherwise: OpenAI’s newer models take `max_completion_tokens` only, Anthropic’s want the
 * thinking of earlier turns back, and models that cannot reason refuse to be asked to.
 */
function createBodies<Request extends AnyRequest>(
  request: Request,
  plain: Readonly<Record<string, unknown>>,
  { toChat }: DialectConversion<Request>,
): (deployment: Deployment) => Uint8Array {
  const made = new Map<string, Uint8Array>()
  return ({ provider, info }) => {
    const keepReasoning = provider.dialect === 'anthropic'
    const isOpenAi = provider.url !== null && /(^|\.)openai\.(com|azure\.com)$/.test(new URL(provider.url).hostname)
    const mayReason = info.capabilities.reasoning !== false
    const variant = `${keepReasoning} ${isOpenAi} ${mayReason}`
    const known = made.get(variant)
    if (known) return known
    const {
      max_tokens: most,
      reasoning_effort: effort,
      ...chat
    } = keepReasoning ? toChat(request, { keepReasoning }) : plain
    const bound = most === undefined ? {} : { [isOpenAi ? 'max_completion_tokens' : 'max_tokens']: most }
    const wish = effort === undefined || !mayReason ? {} : { reasoning_effort: effort }
    const body = encoder.encode(JSON.stringify({ ...chat, ...bound, ...wish }))
    made.set(variant, body)
    return body
  }
}

function toInput(chat: Record<string, unknown>): ChatInput {
  const parsed = chatRequestSchema.safeParse(chat)
  if (!parsed.success) fail('request.invalid', { message: 'The request cannot be said as a chat request.' })
  return { body: encoder.encode(JSON.stringify(chat)), request: parsed.data }
}

interface NativeParts<Request> {
  readonly conversion: DialectConversion<Request>
  readonly refusal: CairnError | null
  readonly clock: Clock
}

function speak<Request extends AnyRequest>(
  kind: 'messages' | 'responses',
  { body, request, headers }: DialectInput<Request>,
  { conversion, refusal, clock }: NativeParts<Request>,
): NativeDialect {
  const stream = request.stream === true
  return {
    refusal,
    isSpokenBy: ({ provider }) => provider[kind] !== undefined,
    send({ provider, model }, answerAs, context) {
      const ask = provider[kind]
      if (!ask) fail('internal.error', { internal: 'a provider that does not speak the dialect was asked in it' })
      return ask({ body, model, answerAs, stream, headers }, context)
    },
    convert(reply, deployment) {
      const model = deployment.id
      if (reply.kind === 'json')
        return { ...reply, body: convertJson(reply.body, { request, conversion, clock, model }) }
      const converter = conversion.openStream(request, identify(model, clock))
      return { kind: 'stream', stream: convertStream(reply.stream, converter) }
    },
  }
}

function identify(model: string, clock: Clock): ReplyIdentity {
  return { id: createToken(18), created: Math.floor(clock.now() / 1_000), model }
}

interface JsonParts<Request> {
  readonly request: Request
  readonly conversion: DialectConversion<Request>
  readonly clock: Clock
  /** What the reply calls the model; as the chat reply does when null. */
  readonly model: string | null
}

function convertJson<Request extends AnyRequest>(
  body: Uint8Array | string,
  { request, conversion, clock, model }: JsonParts<Request>,
): Uint8Array {
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body)
  const completion = JSON.parse(text) as Record<string, unknown>
  const told = completion['model']
  const name = model ?? (typeof told === 'string' ? told : request.model)
  return encoder.encode(JSON.stringify(conversion.fromChat(completion, request, identify(name, clock))))
}

function convertFrames(frames: Uint8Array, converter: StreamConverter): Uint8Array {
  return joined(readChunks(frames).map((chunk) => converter.push(chunk)))
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? (parts[0] as Uint8Array) : Uint8Array.from(Buffer.concat(parts))
}

/** The frames that one client hears, in the dialect. */
function convertHeard(heard: StreamHeard, converter: StreamConverter): StreamHeard {
  const { frames } = heard
  return {
    ...heard,
    frames: {
      leave: frames.leave,
      async next() {
        for (;;) {
          const step = await frames.next()
          if (step.done === true) return { done: true, value: converter.end() }
          const value = convertFrames(step.value, converter)
          if (value.length > 0) return { done: false, value }
        }
      },
    },
  }
}

/** A provider’s chat stream in the dialect, for a plan in which others speak it. */
function convertStream(stream: ChatStream, converter: StreamConverter): ChatStream {
  let ending: Uint8Array | null = null
  return {
    ...stream,
    ending: () => (ending ??= converter.end()),
    async read() {
      for (;;) {
        const piece = await stream.read()
        if (piece === null) return null
        const bytes = convertFrames(piece.bytes, converter)
        if (bytes.length > 0) return { ...piece, bytes, withoutUsage: bytes }
      }
    },
  }
}
