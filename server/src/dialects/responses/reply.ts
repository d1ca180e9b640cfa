/** A chat reply as a response of OpenAI’s Responses API. */
import type { ResponsesRequest } from '@cairn/contract'
import { isRecord } from '../../base/index.ts'
import type { Effort } from '../chat-request.ts'
import { member, rootField } from '../fields.ts'
import type { Block } from '../reply-blocks.ts'
import { readCompletion, type ReaderOptions, type Reply, type ReplyUsage } from '../reply-reader.ts'
import type { ReplyIdentity } from '../types.ts'

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete'

export type TextPart = { type: 'output_text'; text: string; annotations: never[]; logprobs: never[] }
export type RefusalPart = { type: 'refusal'; refusal: string }
export type ReasoningPart = { type: 'reasoning_text'; text: string }
export type SummaryPart = { type: 'summary_text'; text: string }

export type OutputItem =
  | { type: 'message'; id: string; role: 'assistant'; status: ItemStatus; content: (TextPart | RefusalPart)[] }
  | { type: 'function_call'; id: string; call_id: string; name: string; arguments: string; status: ItemStatus }
  | { type: 'reasoning'; id: string; status: ItemStatus; summary: SummaryPart[]; content?: ReasoningPart[] }

export type ResponseUsage = {
  input_tokens: number
  input_tokens_details: { cached_tokens: number; cache_write_tokens: number }
  output_tokens: number
  output_tokens_details: { reasoning_tokens: number }
  total_tokens: number
}

export type ResponseError = { code: 'server_error' | 'rate_limit_exceeded'; message: string }

/** What of a response changes while it is made. */
export type Progress = {
  status: 'in_progress' | 'completed' | 'incomplete' | 'failed'
  output: OutputItem[]
  incomplete_details: { reason: 'max_output_tokens' | 'content_filter' } | null
  error: ResponseError | null
  usage?: ResponseUsage
}

export type FunctionTool = {
  type: 'function'
  name: string
  parameters: Record<string, unknown> | null
  strict: boolean | null
  description?: string | null
}

export type TextFormat =
  | { type: 'text' }
  | { type: 'json_object' }
  | {
      type: 'json_schema'
      name: string
      schema: Record<string, unknown>
      description?: string
      strict?: boolean | null
    }

export type ToolChoice =
  | 'none'
  | 'auto'
  | 'required'
  | { type: 'function'; name: string }
  | { type: 'allowed_tools'; mode: 'auto' | 'required'; tools: Record<string, unknown>[] }

/** The fields that repeat the request or the settings that were used. */
type Settings = {
  id: string
  object: 'response'
  created_at: number
  model: string
  access_programs: null
  background: false
  instructions: string | null
  max_output_tokens: number | null
  metadata: Record<string, string>
  parallel_tool_calls: boolean
  previous_response_id: null
  reasoning: { effort: Effort | null; summary: 'auto' | 'concise' | 'detailed' | null }
  store: false
  temperature: number | null
  text: { format: TextFormat; verbosity?: 'low' | 'medium' | 'high' | null }
  tool_choice: ToolChoice
  tools: FunctionTool[]
  top_p: number | null
  truncation: 'disabled'
}

export type ResponseReply = Settings & Progress

export function fromChat(
  completion: Record<string, unknown>,
  request: ResponsesRequest,
  identity: ReplyIdentity,
): ResponseReply {
  const reply = readCompletion(completion, readerOptions(identity))
  return { ...repeatRequest(request, identity), ...finish(reply, createItems(request, identity)) }
}

export function readerOptions({ id }: ReplyIdentity): ReaderOptions {
  return { withThinking: true, newCallId: (count) => `call_${id}_${count}` }
}

/** Everything that is known before the model has said a word. `toChat` has checked the shapes that are repeated here. */
export function repeatRequest(request: ResponsesRequest, { id, created, model }: ReplyIdentity): Settings {
  const reasoning = isRecord(request['reasoning']) ? request['reasoning'] : {}
  const text = isRecord(request['text']) ? request['text'] : {}
  return {
    id: `resp_${id}`,
    object: 'response',
    created_at: created,
    model,
    access_programs: null,
    background: false,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    metadata: isRecord(request['metadata']) ? (request['metadata'] as Settings['metadata']) : {},
    parallel_tool_calls: request['parallel_tool_calls'] !== false,
    previous_response_id: null,
    reasoning: {
      effort: (reasoning['effort'] ?? null) as Settings['reasoning']['effort'],
      summary: (reasoning['summary'] ?? null) as Settings['reasoning']['summary'],
    },
    store: false,
    temperature: numberOf(request['temperature']),
    text: { ...text, format: (text['format'] ?? { type: 'text' }) as TextFormat },
    tool_choice: (request['tool_choice'] ?? 'auto') as ToolChoice,
    tools: (request.tools ?? []).map((tool) => repeatTool(tool)),
    top_p: numberOf(request['top_p']),
    truncation: 'disabled',
  }
}

function repeatTool(tool: Record<string, unknown>): FunctionTool {
  return { ...tool, parameters: tool['parameters'] ?? null, strict: tool['strict'] ?? false } as FunctionTool
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

// --- Output -----------------------------------------------------------------------------------------------------------

export interface Items {
  /** True when thinking is told as a summary, because the client asked for one. */
  readonly asSummary: boolean
  idOf(block: Block, index: number): string
  /** The item as it stands; `isEmpty` leaves out what it says. */
  convert(block: Block, index: number, options: { readonly status: ItemStatus; readonly isEmpty: boolean }): OutputItem
}

export function createItems(request: ResponsesRequest, identity: ReplyIdentity): Items {
  const summary = member(member(rootField(request), 'reasoning'), 'summary').value
  const asSummary = typeof summary === 'string'
  const idOf = (block: Block, index: number) => `${prefixes[block.kind]}_${identity.id}_${index}`
  return {
    asSummary,
    idOf,
    convert(block, index, { status, isEmpty }) {
      const id = idOf(block, index)
      const text = isEmpty ? '' : block.text()
      if (block.kind === 'call')
        return { type: 'function_call', id, call_id: block.id, name: block.name, arguments: text, status }
      if (block.kind === 'thinking' || block.kind === 'redacted')
        return { type: 'reasoning', id, status, ...reasoningParts(block, isEmpty, asSummary) }
      return { type: 'message', id, role: 'assistant', status, content: isEmpty ? [] : [partOf(block, text)] }
    },
  }
}

const prefixes: Readonly<Record<Block['kind'], string>> = {
  text: 'msg',
  refusal: 'msg',
  thinking: 'rs',
  redacted: 'rs',
  call: 'fc',
}

/** What only its maker can read says nothing here: its item is empty. */
function reasoningParts(
  block: Block,
  isEmpty: boolean,
  asSummary: boolean,
): { summary: SummaryPart[]; content?: ReasoningPart[] } {
  const says = !isEmpty && block.kind === 'thinking'
  if (asSummary) return { summary: says ? [{ type: 'summary_text', text: block.text() }] : [] }
  return { summary: [], content: says ? [{ type: 'reasoning_text', text: block.text() }] : [] }
}

export function partOf(block: Block, text: string): TextPart | RefusalPart {
  if (block.kind === 'refusal') return { type: 'refusal', refusal: text }
  return { type: 'output_text', text, annotations: [], logprobs: [] }
}

/** The last item of a reply that was cut off is cut off itself. */
export function statusOf(reply: Reply, index: number): ItemStatus {
  return reply.finish !== 'stop' && index === reply.blocks.length - 1 ? 'incomplete' : 'completed'
}

export function finish(reply: Reply, items: Items): Progress {
  const reason = reply.finish === 'length' ? 'max_output_tokens' : reply.finish === 'filter' ? 'content_filter' : null
  return {
    status: reason === null ? 'completed' : 'incomplete',
    output: reply.blocks.map((block, index) =>
      items.convert(block, index, { status: statusOf(reply, index), isEmpty: false }),
    ),
    incomplete_details: reason === null ? null : { reason },
    error: null,
    ...(reply.usage === null ? {} : { usage: countUsage(reply.usage) }),
  }
}

export function countUsage({ input, cacheRead, cacheWrite, output, reasoning }: ReplyUsage): ResponseUsage {
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cacheRead ?? 0, cache_write_tokens: cacheWrite ?? 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning ?? 0 },
    total_tokens: input + output,
  }
}
