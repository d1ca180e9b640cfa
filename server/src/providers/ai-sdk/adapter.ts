/**
 * Chat through a vendor package of the AI SDK: a request of the OpenAI dialect becomes the package’s call options, its
 * reply or stream becomes one of the OpenAI dialect. Holding back, back-pressure, deadlines and the end of a stream are
 * those of every other provider: the frames made here go through the same `openChatStream`.
 */
import type { LanguageModelV4, LanguageModelV4CallOptions } from '@ai-sdk/provider'
import type { CallGuard } from '../openai/call-guard.ts'
import { takeFrames } from '../openai/chat-frames.ts'
import { doneFrame, openChatStream } from '../openai/chat-stream.ts'
import { parseObject } from '../openai/replies.ts'
import type { CallContext, ChatCall, ChatReply } from '../types.ts'
import { openChunkStream } from './chunks.ts'
import { convertPackageError } from './errors.ts'
import { refuse, refuseDeep } from './refuse.ts'
import { convertReply, type ReplyContext } from './reply.ts'
import { convertRequest } from './request.ts'
import type { PackageFetch, VendorHttp } from './vendor-http.ts'
import type { Vendor } from './vendor.ts'

export type Chat = (call: ChatCall, context: CallContext) => Promise<ChatReply>

export function createVendorChat(http: VendorHttp, vendor: Vendor): Chat {
  const { source, clock, limits, baseUrl } = http

  async function run<T>(
    call: ChatCall,
    options: LanguageModelV4CallOptions,
    { fetch, sent }: PackageFetch,
    ask: (model: LanguageModelV4) => PromiseLike<T>,
  ): Promise<T> {
    const { maxOutputTokens } = options
    try {
      return await ask(await vendor.openModel(call.model, { baseUrl, fetch, maxOutputTokens }))
    } catch (thrown) {
      throw convertPackageError(thrown, source, vendor, { sent: sent() > 0, hasContent: false })
    }
  }

  function contextOf(call: ChatCall): ReplyContext {
    return { call, vendor, source, collector: vendor.createCollector(), created: Math.floor(clock.now() / 1_000) }
  }

  async function completeJson(
    call: ChatCall,
    options: LanguageModelV4CallOptions,
    context: CallContext,
    guard: CallGuard,
  ): Promise<ChatReply> {
    const sender = http.openFetch(context, guard, false)
    const result = await run(call, options, sender, (model) => model.doGenerate(options))
    return convertReply(result, contextOf(call))
  }

  async function openStream(
    call: ChatCall,
    options: LanguageModelV4CallOptions,
    context: CallContext,
    guard: CallGuard,
  ): Promise<ChatReply> {
    const { firstTokenTimeoutMs: within } = http.timeouts
    const onContent = within === undefined ? () => {} : guard.expect('content', within)
    const sender = http.openFetch(context, guard, true)
    const { stream: parts } = await run(call, options, sender, (model) =>
      model.doStream({ ...options, includeRawChunks: true }),
    )
    const { body, usage } = openChunkStream(parts, contextOf(call))
    // The package already told the model as the client wants it, so that nothing is renamed.
    const own = { ...call, answerAs: null }
    const stream = await openChatStream({
      take: (frames, progress) => takeFrames(frames, progress, own, source),
      usualEnding: doneFrame,
      body,
      guard,
      source,
      clock,
      limits,
      onContent,
    })
    return { kind: 'stream', stream: { ...stream, usage } }
  }

  return async (call, context) => {
    const body = parseObject(call.body) ?? refuse('', 'The body must be a JSON object.')
    refuseDeep(body)
    const converted = convertRequest(body, { vendor, model: call.model })
    const options = await vendor.prepare(converted, body, call.model)
    return call.stream
      ? http.guarded(context, (guard) => openStream(call, options, context, guard), true)
      : http.guarded(context, (guard) => completeJson(call, options, context, guard))
  }
}
