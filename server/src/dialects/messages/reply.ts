/** A chat reply as a message of Anthropic’s dialect. */
import type { MessagesRequest } from '@cairn/contract'
import { fail, isRecord } from '../../base/index.ts'
import type { Block, CallBlock } from '../reply-blocks.ts'
import { readCompletion, type ReaderOptions, type Reply, type ReplyUsage } from '../reply-reader.ts'
import type { ReplyIdentity } from '../types.ts'
import { stopsOf, wantsThinking } from './request.ts'

export type ContentBlock =
  | { type: 'text'; text: string; citations: null }
  | { type: 'thinking'; thinking: string; signature: string }
  | { type: 'redacted_thinking'; data: string }
  | { type: 'tool_use'; id: string; name: string; input: Record<string, unknown>; caller: { type: 'direct' } }

export type StopReason = 'end_turn' | 'max_tokens' | 'stop_sequence' | 'tool_use' | 'refusal'

export type Stop = {
  stop_reason: StopReason
  stop_sequence: string | null
  stop_details: { type: 'refusal'; category: null; explanation: string | null } | null
}

type CountedUsage = {
  /** Without those read from the prompt cache or written to it. */
  input_tokens: number
  cache_creation_input_tokens: number | null
  cache_read_input_tokens: number | null
  output_tokens: number
  output_tokens_details: { thinking_tokens: number } | null
  server_tool_use: null
}

export type MessageUsage = CountedUsage & {
  cache_creation: null
  inference_geo: null
  service_tier: null
  speed: null
}

export type Message = {
  id: string
  type: 'message'
  role: 'assistant'
  model: string
  content: ContentBlock[]
  container: null
  diagnostics: null
  usage: MessageUsage
} & (Stop | { stop_reason: null; stop_sequence: null; stop_details: null })

export function fromChat(
  completion: Record<string, unknown>,
  request: MessagesRequest,
  identity: ReplyIdentity,
): Message {
  const reply = readCompletion(completion, readerOptions(request, identity))
  return {
    ...emptyMessage(identity),
    content: reply.blocks.map((block) => convertBlock(block, reply)),
    ...readStop(reply, request),
    usage: wholeUsage(reply.usage),
  }
}

export function readerOptions(request: MessagesRequest, { id }: ReplyIdentity): ReaderOptions {
  return { withThinking: wantsThinking(request), newCallId: (count) => `toolu_${id}_${count}` }
}

/** What a stream begins with: no content yet, and no counts. */
export function emptyMessage({ id, model }: ReplyIdentity): Message {
  return {
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage: wholeUsage(null),
  }
}

function convertBlock(block: Block, reply: Reply): ContentBlock {
  switch (block.kind) {
    case 'text':
    case 'refusal':
      return { type: 'text', text: block.text(), citations: null }
    case 'thinking':
      return { type: 'thinking', thinking: block.text(), signature: block.signature() }
    case 'redacted':
      return { type: 'redacted_thinking', data: block.text() }
    case 'call':
      return {
        type: 'tool_use',
        id: block.id,
        name: block.name,
        input: readInput(block, reply),
        caller: { type: 'direct' },
      }
  }
}

/**
 * The input of a call. A call without arguments has an empty one, and so has one that was cut off, which the reason to
 * stop tells. Anything else that is no object cannot be said in this dialect: `upstream.malformed`.
 */
export function readInput(call: CallBlock, { finish }: Pick<Reply, 'finish'>): Record<string, unknown> {
  const text = call.text().trim()
  if (text === '' || text === 'null') return {}
  const input = parseRecord(text)
  if (input !== null) return input
  return finish === 'stop'
    ? fail('upstream.malformed', { internal: 'arguments of a tool call are no JSON object' })
    : {}
}

function parseRecord(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : null
  } catch {
    return null
  }
}

export function readStop({ blocks, finish, matchedStop }: Reply, request: MessagesRequest): Stop {
  const refusal = blocks.find(({ kind }) => kind === 'refusal')
  const none = { stop_sequence: null, stop_details: null }
  if (finish === 'filter' || refusal !== undefined) {
    const explanation = refusal?.text() ?? null
    return { ...none, stop_reason: 'refusal', stop_details: { type: 'refusal', category: null, explanation } }
  }
  if (finish === 'length') return { ...none, stop_reason: 'max_tokens' }
  if (blocks.some(({ kind }) => kind === 'call')) return { ...none, stop_reason: 'tool_use' }
  // Most servers do not tell at which text they stopped; then it looks like an end by itself.
  if (matchedStop !== null && stopsOf(request).includes(matchedStop))
    return { ...none, stop_reason: 'stop_sequence', stop_sequence: matchedStop }
  return { ...none, stop_reason: 'end_turn' }
}

function wholeUsage(usage: ReplyUsage | null): MessageUsage {
  const nothing = { cache_creation: null, inference_geo: null, service_tier: null, speed: null }
  return { ...countUsage(usage), ...nothing }
}

export function countUsage(usage: ReplyUsage | null): CountedUsage {
  const { input = 0, cacheRead = null, cacheWrite = null, output = 0, reasoning = null } = usage ?? {}
  return {
    input_tokens: Math.max(0, input - (cacheRead ?? 0) - (cacheWrite ?? 0)),
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cacheRead,
    output_tokens: output,
    output_tokens_details: reasoning === null ? null : { thinking_tokens: reasoning },
    server_tool_use: null,
  }
}
