/**
 * A server that speaks the OpenAI dialect: OpenAI, Ollama, LM Studio, vLLM, llama.cpp, Mistral, Groq, OpenRouter and
 * many more. Bytes pass through; `rewrite.ts` lists the only changes.
 */
import type { Label } from '@cairn/contract'
import { declareModel } from '../model-kind.ts'
import type {
  CallContext,
  ChatCall,
  ChatReply,
  EmbeddingsCall,
  JsonReply,
  ModelDeclaration,
  Provider,
} from '../types.ts'
import { defaultHoldLimits, openChatStream, type HoldLimits } from './chat-stream.ts'
import { malformed } from './errors.ts'
import { createExchange, type ExchangeOptions } from './exchange.ts'
import { isRecord, noUsage, readMessageText, readUsage } from './replies.ts'
import { rewriteModel, rewriteRequest } from './rewrite.ts'

export interface OpenAiProviderOptions extends ExchangeOptions {
  readonly clearance: Label
  readonly region: string | null
  readonly models: readonly ModelDeclaration[]
  readonly holdLimits?: HoldLimits
}

const listedModels = 1_000

export function createOpenAiProvider(options: OpenAiProviderOptions): Provider {
  const { clock } = options
  const limits = options.holdLimits ?? defaultHoldLimits
  const exchange = createExchange(options)
  const { source } = exchange

  function completeJson(
    call: EmbeddingsCall,
    { path, list }: { path: string; list: 'choices' | 'data' },
    context: CallContext,
  ): Promise<JsonReply & { text: string }> {
    return exchange.guarded(context, async (guard) => {
      const request = { path, body: rewriteRequest(call), streamed: false }
      const { bytes, reply } = await exchange.readReply(await exchange.request(request, context, guard), guard, list)
      const body = call.answerAs === null ? bytes : rewriteModel(bytes, call.answerAs)
      return { kind: 'json', body, usage: readUsage(reply) ?? noUsage, text: readMessageText(reply) }
    })
  }

  function completeStream(call: ChatCall, context: CallContext): Promise<ChatReply> {
    const open = async (guard: Parameters<typeof exchange.request>[2]): Promise<ChatReply> => {
      const request = { path: 'chat/completions', body: rewriteRequest(call), streamed: true }
      const { headers, body } = await exchange.request(request, context, guard)
      const type = headers.get('content-type') ?? ''
      if (!/^text\/event-stream\b/i.test(type) || !body)
        throw malformed(source, 'a stream was asked for and something else came')
      return { kind: 'stream', stream: await openChatStream({ call, body, guard, source, clock, limits }) }
    }
    return exchange.guarded(context, open, true)
  }

  async function listModels(context: CallContext): Promise<ModelDeclaration[]> {
    const { reply } = await exchange.guarded(context, async (guard) => {
      const request = { path: 'models', body: null, streamed: false }
      return exchange.readReply(await exchange.request(request, context, guard), guard, 'data')
    })
    const entries = Array.isArray(reply['data']) ? reply['data'].slice(0, listedModels).filter(isRecord) : []
    const ids = entries.map(({ id }) => id).filter((id) => typeof id === 'string')
    return ids.filter((id) => id !== '' && id.length <= 200).map(declareModel)
  }

  return {
    id: options.id,
    dialect: 'openai',
    egress: options.egress,
    clearance: options.clearance,
    region: options.region,
    url: options.baseUrl,
    models: options.models,
    chat: (call, context) =>
      call.stream
        ? completeStream(call, context)
        : completeJson(call, { path: 'chat/completions', list: 'choices' }, context),
    embeddings: (call, context) => completeJson(call, { path: 'embeddings', list: 'data' }, context),
    listModels,
  }
}
