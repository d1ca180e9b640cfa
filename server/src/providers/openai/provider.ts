/**
 * A server that speaks the OpenAI dialect: OpenAI, Ollama, LM Studio, vLLM, llama.cpp, Mistral, Groq, OpenRouter and
 * many more. Bytes pass through; `rewrite.ts` lists the only changes.
 */
import type { Label } from '@cairn/contract'
import { isRecord } from '../../base/index.ts'
import { declareModel } from '../model-kind.ts'
import type {
  CallContext,
  ChatCall,
  ChatReply,
  EmbeddingsCall,
  JsonReply,
  ModelDeclaration,
  NativeCall,
  Provider,
} from '../types.ts'
import type { CallGuard } from './call-guard.ts'
import { takeFrames } from './chat-frames.ts'
import { readChatReply, type ChatReplyFacts } from './chat-reply.ts'
import { defaultHoldLimits, doneFrame, openChatStream, type HoldLimits, type TakeFrames } from './chat-stream.ts'
import { malformed } from './errors.ts'
import { createExchange, type ExchangeOptions, type ReplyList } from './exchange.ts'
import { readResponseText, readResponseUsage, takeResponseFrames } from './response-frames.ts'
import { noUsage, readUsage } from './replies.ts'
import { rewriteModel, rewriteRequest } from './rewrite.ts'

export interface OpenAiProviderOptions extends ExchangeOptions {
  readonly clearance: Label
  readonly region: string | null
  readonly models: readonly ModelDeclaration[]
  readonly maxInFlight: number | null
  /** It has `POST /responses` of its own. */
  readonly hasResponses?: boolean
  readonly holdLimits?: HoldLimits
}

const listedModels = 1_000

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createOpenAiProvider(options: OpenAiProviderOptions): Provider {
  const { clock } = options
  const limits = options.holdLimits ?? defaultHoldLimits
  const exchange = createExchange(options)
  const { source } = exchange

  function completeJson(
    call: EmbeddingsCall,
    { path, list }: { path: string; list: ReplyList },
    context: CallContext,
  ): Promise<JsonReply & { text: string; chars?: number }> {
    return exchange.guarded(context, async (guard) => {
      const request = { path, body: rewriteRequest(call), streamed: false }
      const { bytes, reply } = await exchange.readReply(await exchange.request(request, context, guard), guard, list)
      const body = call.answerAs === null ? bytes : rewriteModel(bytes, call.answerAs)
      if (list === 'output')
        return { kind: 'json', body, usage: readResponseUsage(reply) ?? noUsage, text: readResponseText(reply) }
      const usage = readUsage(reply) ?? noUsage
      return { kind: 'json', body, usage, ...(list === 'choices' ? takeChatReply(reply) : { text: '' }) }
    })
  }

  function takeChatReply(reply: Record<string, unknown>): ChatReplyFacts {
    const read = readChatReply(reply)
    if ('fault' in read) throw malformed(source, `the reply has ${read.fault}`)
    return read
  }

  /** A stream of the kind that `take` reads. */
  function completeStream(
    request: { path: string; body: Uint8Array },
    { take, usualEnding }: { take: TakeFrames; usualEnding: Uint8Array },
    context: CallContext,
  ): Promise<ChatReply> {
    const open = async (guard: CallGuard): Promise<ChatReply> => {
      const { firstTokenTimeoutMs: within } = options.timeouts
      const onContent = within === undefined ? () => {} : guard.expect('content', within)
      const { headers, body } = await exchange.request({ ...request, streamed: true }, context, guard)
      const type = headers.get('content-type') ?? ''
      if (!/^text\/event-stream\b/i.test(type) || !body)
        throw malformed(source, 'a stream was asked for and something else came')
      const stream = await openChatStream({ take, usualEnding, body, guard, source, clock, limits, onContent })
      return { kind: 'stream', stream }
    }
    return exchange.guarded(context, open, true)
  }

  function chat(call: ChatCall, context: CallContext): Promise<ChatReply> {
    if (!call.stream) return completeJson(call, { path: 'chat/completions', list: 'choices' }, context)
    const take: TakeFrames = (frames, progress) => takeFrames(frames, progress, call, source)
    const request = { path: 'chat/completions', body: rewriteRequest(call) }
    return completeStream(request, { take, usualEnding: doneFrame }, context)
  }

  function responses(call: NativeCall, context: CallContext): Promise<ChatReply> {
    const { body, model, answerAs } = call
    if (!call.stream) return completeJson({ body, model, answerAs }, { path: 'responses', list: 'output' }, context)
    const take: TakeFrames = (frames, progress) => takeResponseFrames(frames, progress, call, source)
    const request = { path: 'responses', body: rewriteRequest({ body, model, answerAs }) }
    return completeStream(request, { take, usualEnding: new Uint8Array(0) }, context)
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
    maxInFlight: options.maxInFlight,
    chat,
    embeddings: (call, context) => completeJson(call, { path: 'embeddings', list: 'data' }, context),
    ...(options.hasResponses === true ? { responses } : {}),
    listModels,
  }
}
