/**
 * Anthropic. Chat requests of the OpenAI dialect go through the vendor’s package; requests in Anthropic’s own dialect
 * pass through byte for byte.
 */
import type { Label } from '@cairn/contract'
import { fail, isRecord } from '../../base/index.ts'
import { createVendorChat } from '../ai-sdk/adapter.ts'
import { createVendorHttp, type VendorHttpOptions } from '../ai-sdk/vendor-http.ts'
import { declareModel } from '../model-kind.ts'
import type { CallGuard } from '../openai/call-guard.ts'
import { openChatStream } from '../openai/chat-stream.ts'
import { malformed } from '../openai/errors.ts'
import { noUsage, readCount } from '../openai/replies.ts'
import { rewriteModel } from '../openai/rewrite.ts'
import type { CallContext, ChatReply, ModelDeclaration, NativeCall, Provider } from '../types.ts'
import { readMessageUsage } from './collector.ts'
import { createMessageFrames } from './message-frames.ts'
import { anthropic } from './vendor.ts'

export interface AnthropicProviderOptions extends VendorHttpOptions {
  readonly clearance: Label
  readonly region: string | null
  readonly models: readonly ModelDeclaration[]
  readonly maxInFlight: number | null
}

const version = '2023-06-01'
const pages = 10
const pageSize = 1_000
const listedModels = 1_000
const messageStop = new TextEncoder().encode('event: message_stop\ndata: {"type":"message_stop"}\n\n')

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createAnthropicProvider(options: AnthropicProviderOptions): Provider {
  const http = createVendorHttp(options, anthropic, {
    version: '/v1',
    keyHeader: 'x-api-key',
    headers: { 'anthropic-version': version },
  })
  const { source, clock, limits } = http

  function requestOf(call: NativeCall) {
    const headers: Record<string, string> = {}
    for (const name of ['anthropic-version', 'anthropic-beta']) {
      const value = call.headers[name]
      if (value !== undefined) headers[name] = value
    }
    return { path: 'messages', body: rewriteModel(call.body, call.model), streamed: call.stream, headers }
  }

  async function completeMessage(call: NativeCall, context: CallContext, guard: CallGuard): Promise<ChatReply> {
    const { bytes, reply } = await http.readReply(await http.request(requestOf(call), context, guard), guard)
    if (!Array.isArray(reply['content'])) throw malformed(source, 'the reply has no list “content”')
    const text = reply['content'].filter(isRecord).map((block) => (block['type'] === 'text' ? block['text'] : ''))
    return {
      kind: 'json',
      body: call.answerAs === null ? bytes : rewriteModel(bytes, call.answerAs),
      usage: isRecord(reply['usage']) ? readMessageUsage(reply['usage'], 'end') : noUsage,
      text: text.filter((part) => typeof part === 'string').join(''),
    }
  }

  async function streamMessage(call: NativeCall, context: CallContext, guard: CallGuard): Promise<ChatReply> {
    const { firstTokenTimeoutMs: within } = options.timeouts
    const onContent = within === undefined ? () => {} : guard.expect('content', within)
    const { body } = await http.request(requestOf(call), context, guard)
    if (!body) throw malformed(source, 'the reply has no body')
    const { take } = createMessageFrames(call, source)
    const stream = await openChatStream({
      take,
      usualEnding: messageStop,
      body: body as ReadableStream<Uint8Array>,
      guard,
      source,
      clock,
      limits,
      onContent,
    })
    return { kind: 'stream', stream }
  }

  async function listModels(context: CallContext): Promise<ModelDeclaration[]> {
    const found: ModelDeclaration[] = []
    let after = ''
    for (let page = 0; page < pages && found.length < listedModels; page += 1) {
      const request = { path: `models?limit=${pageSize}${after}`, body: null, streamed: false }
      const { reply } = await http.guarded(context, async (guard) =>
        http.readReply(await http.request(request, context, guard), guard),
      )
      if (!Array.isArray(reply['data'])) throw malformed(source, 'the reply has no list “data”')
      found.push(...reply['data'].filter(isRecord).flatMap(readModel))
      if (reply['has_more'] !== true || typeof reply['last_id'] !== 'string') break
      after = `&after_id=${encodeURIComponent(reply['last_id'])}`
    }
    return found.slice(0, listedModels)
  }

  return {
    id: options.id,
    dialect: 'anthropic',
    egress: options.egress,
    clearance: options.clearance,
    region: options.region,
    url: options.baseUrl,
    models: options.models,
    maxInFlight: options.maxInFlight,
    chat: createVendorChat(http, anthropic),
    messages: (call, context) =>
      call.stream
        ? http.guarded(context, (guard) => streamMessage(call, context, guard), true)
        : http.guarded(context, (guard) => completeMessage(call, context, guard)),
    embeddings: async () =>
      fail('model.capability', {
        message: 'Anthropic has no embeddings. Name an embedding model of another provider.',
        param: 'model',
      }),
    listModels,
  }
}

/** Newer servers tell limits and capabilities with each model. */
function readModel(entry: Record<string, unknown>): ModelDeclaration[] {
  const { id, capabilities } = entry
  if (typeof id !== 'string' || id === '' || id.length > 200) return []
  const can = (name: string): boolean | undefined => {
    const said = isRecord(capabilities) ? capabilities[name] : undefined
    return isRecord(said) && typeof said['supported'] === 'boolean' ? said['supported'] : undefined
  }
  const told = {
    vision: can('image_input'),
    'json-schema': can('structured_outputs'),
    reasoning: can('thinking'),
    tools: true,
    streaming: true,
  }
  return [
    {
      ...declareModel(id),
      kind: 'chat',
      contextWindow: readCount(entry['max_input_tokens']),
      maxOutputTokens: readCount(entry['max_tokens']),
      capabilities: Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)),
    },
  ]
}
