/** A whole reply of a vendor package as a chat completion of the OpenAI dialect, and what streams share with it. */
import type {
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
} from '@ai-sdk/provider'
import { isRecord } from '../../base/index.ts'
import { UpstreamFailure } from '../failure.ts'
import { malformed, messageFor, type ErrorSource } from '../openai/errors.ts'
import { countChars } from '../openai/replies.ts'
import type { ChatCall, ChatReply } from '../types.ts'
import { convertUsage, tellUsage } from './usage.ts'
import type { Collector, Vendor } from './vendor.ts'

export interface ReplyContext {
  readonly call: ChatCall
  readonly vendor: Vendor
  readonly source: ErrorSource
  readonly collector: Collector
  /** Seconds since 1970. */
  readonly created: number
}

/** Throws `UpstreamFailure` for a reply that is no answer. */
export function convertReply(
  result: LanguageModelV4GenerateResult,
  context: ReplyContext,
): Extract<ChatReply, { kind: 'json' }> {
  const { call, vendor, collector, source } = context
  const raw = result.response?.body
  if (isRecord(raw)) collector.takeReply(raw)
  const said = readContent(result.content, vendor.key)
  const hasContent = said.text !== '' || said.reasoning !== '' || said.calls.length > 0 || said.images.length > 0
  const extra = extraContent(said.sources, context)
  const message = {
    role: 'assistant',
    content: said.text === '' && said.calls.length > 0 ? null : said.text,
    refusal: null,
    ...(said.reasoning === '' ? {} : { reasoning_content: said.reasoning }),
    ...(said.calls.length > 0 ? { tool_calls: said.calls } : {}),
    ...(said.images.length > 0 ? { images: said.images } : {}),
    ...(extra ? { extra_content: extra } : {}),
  }
  const finish = finishOf(result.finishReason, hasContent, source)
  const usage = convertUsage(result.usage)
  const told = tellUsage(usage)
  const reply = {
    id: result.response?.id ?? newId(),
    object: 'chat.completion',
    created: context.created,
    model: call.answerAs ?? collector.model() ?? call.model,
    choices: [
      {
        index: 0,
        message,
        logprobs: null,
        finish_reason: finish,
        native_finish_reason: result.finishReason.raw ?? null,
      },
    ],
    ...(told ? { usage: told } : {}),
  }
  const body = new TextEncoder().encode(JSON.stringify(reply))
  const chars = countChars(said.text) + countChars(said.reasoning) + countChars(said.calls)
  return { kind: 'json', body, usage, text: said.text, chars }
}

interface Said {
  text: string
  reasoning: string
  readonly calls: object[]
  readonly images: object[]
  readonly sources: object[]
}

function readContent(content: readonly LanguageModelV4Content[], key: Vendor['key']): Said {
  const said: Said = { text: '', reasoning: '', calls: [], images: [], sources: [] }
  for (const part of content) {
    if (part.type === 'text') said.text += part.text
    else if (part.type === 'reasoning') said.reasoning += part.text
    else if (part.type === 'source') said.sources.push(tellSource(part))
    else if (part.type === 'file') said.images.push(tellFile(part))
    else if (part.type === 'tool-call' && part.providerExecuted !== true)
      said.calls.push({
        id: part.toolCallId,
        type: 'function',
        function: { name: part.toolName, arguments: part.input },
        ...tellSignature(part.providerMetadata, key),
      })
  }
  return said
}

/** What the vendor said beside the answer; undefined when it is nothing. */
export function extraContent(
  sources: readonly object[],
  { vendor, collector }: Pick<ReplyContext, 'vendor' | 'collector'>,
): Record<string, unknown> | undefined {
  const extras = collector.extras()
  const told = {
    ...(sources.length > 0 ? { sources } : {}),
    ...(Object.keys(extras).length > 0 ? { [vendor.key]: extras } : {}),
  }
  return Object.keys(told).length > 0 ? told : undefined
}

/** The proof of thinking that Google wants back with a tool call, where its own OpenAI dialect puts it. */
export function tellSignature(metadata: unknown, key: Vendor['key']): object {
  const own = isRecord(metadata) ? metadata[key] : undefined
  const signature = isRecord(own) ? own['thoughtSignature'] : undefined
  return typeof signature === 'string' ? { extra_content: { [key]: { thought_signature: signature } } } : {}
}

export function tellSource(part: Extract<LanguageModelV4Content, { type: 'source' }>): object {
  // The id is the package's own and means nothing to anyone else.
  const { type: _, id: __, providerMetadata, sourceType, ...rest } = part
  return { type: sourceType, ...rest, ...(providerMetadata ? { details: providerMetadata } : {}) }
}

/** A file of the answer, as clients know images that a model made. */
export function tellFile({ data, mediaType }: Extract<LanguageModelV4Content, { type: 'file' }>): object {
  const url =
    data.type === 'url'
      ? data.url.href
      : `data:${mediaType};base64,${typeof data.data === 'string' ? data.data : Buffer.from(data.data).toString('base64')}`
  return { type: 'image_url', image_url: { url } }
}

/** Throws when the answer is none: blocked before its first word, made unreadable, or without an end. */
export function finishOf(
  { unified, raw }: LanguageModelV4FinishReason,
  hasContent: boolean,
  source: ErrorSource,
): 'stop' | 'length' | 'tool_calls' | 'content_filter' {
  if (unified === 'content-filter' && !hasContent)
    throw new UpstreamFailure('content-policy', {
      message: messageFor('content-policy', source.provider),
      internal: `finished with ${(raw ?? 'no reason').slice(0, 40)}`,
    })
  if (unified === 'error' || raw === undefined || (unified === 'other' && !hasContent))
    throw malformed(source, `finished with ${(raw ?? 'no reason').slice(0, 40)}`)
  if (unified === 'content-filter') return 'content_filter'
  if (unified === 'tool-calls') return 'tool_calls'
  // An end for another reason, such as a call that the vendor could not read, is not told as a whole answer.
  return unified === 'stop' ? 'stop' : 'length'
}

export function newId(): string {
  return `chatcmpl-${crypto.randomUUID().replaceAll('-', '')}`
}
