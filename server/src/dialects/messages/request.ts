/**
 * A request of Anthropic’s Messages API as a chat request. Left out, because nobody sees it in the reply: hints for the
 * prompt cache (`cache_control`), `top_k` (no field of the chat dialect), `service_tier`, `speed`, `diagnostics`,
 * `context_management`, and any field that we do not know. Refused: whatever Anthropic’s own servers would do or keep.
 */
import type { MessagesRequest } from '@cairn/contract'
import {
  createConversation,
  omitUndefined,
  streamFields,
  type ChatBody,
  type ChatTool,
  type ChatToolChoice,
  type Effort,
  type ResponseFormat,
} from '../chat-request.ts'
import {
  isGiven,
  member,
  optionalBoolean,
  optionalItems,
  optionalNumber,
  optionalText,
  refuse,
  refuseGiven,
  requireJson,
  requireKind,
  requireName,
  requireRecord,
  requireText,
  requireWord,
  rootField,
  type Field,
} from '../fields.ts'
import type { ToChatOptions } from '../types.ts'
import { readSystem, writeMessages } from './content.ts'

export function toChat(request: MessagesRequest, { keepReasoning = false }: ToChatOptions = {}): ChatBody {
  const root = rootField(request)
  requireRecord(root)
  refuseHosted(root)
  const conversation = createConversation()
  const system = readSystem(member(root, 'system'))
  if (system !== null) conversation.system(system)
  writeMessages(member(root, 'messages'), conversation, { keepReasoning })
  const tools = optionalItems(member(root, 'tools'), 1_000).map((tool) => readTool(tool))
  return omitUndefined<ChatBody>({
    model: requireText(member(root, 'model')),
    messages: conversation.messages(),
    max_tokens: optionalNumber(member(root, 'max_tokens'), 1, 1e9),
    stop: readStops(member(root, 'stop_sequences')),
    temperature: optionalNumber(member(root, 'temperature'), 0, 2),
    top_p: optionalNumber(member(root, 'top_p'), 0, 1),
    reasoning_effort: readEffort(root),
    response_format: readFormat(root),
    user: readUser(member(member(root, 'metadata'), 'user_id')),
    ...readTools(member(root, 'tool_choice'), tools),
    ...(optionalBoolean(member(root, 'stream')) === true ? streamFields : {}),
  })
}

/** True when the reply shows the model’s thinking, as it does on request only. */
export function wantsThinking(request: MessagesRequest): boolean {
  const thinking = member(rootField(request), 'thinking')
  if (!isGiven(thinking)) return false
  return member(thinking, 'type').value !== 'disabled' && member(thinking, 'display').value !== 'omitted'
}

/** The texts at which the model stops, to tell which of them it was. */
export function stopsOf(request: MessagesRequest): readonly unknown[] {
  const { value } = member(rootField(request), 'stop_sequences')
  return Array.isArray(value) ? value : []
}

function refuseHosted(root: Field): void {
  refuseGiven(member(root, 'container'), 'Cairn runs no containers')
  const servers = member(root, 'mcp_servers')
  if (optionalItems(servers).length > 0) refuse(servers, 'Cairn calls no MCP servers for a model')
  const region = member(root, 'inference_geo')
  const wanted = optionalText(region)
  if (wanted !== undefined && wanted !== 'global')
    refuse(region, 'the region is a setting of each provider in Cairn, and of the notes')
}

/** OpenAI takes at most 64 characters, some clients send more, and a part of it would be somebody else. */
function readUser(field: Field): string | undefined {
  const user = optionalText(field)
  return user !== undefined && user !== '' && user.length <= 64 ? user : undefined
}

function readStops(field: Field): string[] | undefined {
  const stops = optionalItems(field, 100).map((stop) => requireName(stop))
  return stops.length === 0 ? undefined : stops
}

// --- Thinking and form of the reply -----------------------------------------------------------------------------------

const thinkingKinds = ['enabled', 'adaptive', 'between_tools', 'disabled'] as const

/**
 * `output_config.effort` says it in the same words. A budget of thinking tokens becomes the nearest of three words; the
 * limits are ours.
 */
function readEffort(root: Field): Effort | undefined {
  const effort = member(member(root, 'output_config'), 'effort')
  const thinking = member(root, 'thinking')
  if (isGiven(thinking)) requireWord(member(thinking, 'type'), thinkingKinds)
  if (isGiven(effort)) return requireWord(effort, ['low', 'medium', 'high', 'xhigh', 'max'])
  const budget = optionalNumber(member(thinking, 'budget_tokens'), 0, 1e9)
  if (budget === undefined || member(thinking, 'type').value !== 'enabled') return undefined
  return budget <= 4_096 ? 'low' : budget <= 16_384 ? 'medium' : 'high'
}

/** `output_config.format`, and its older place `output_format`. */
function readFormat(root: Field): ResponseFormat | undefined {
  const current = member(member(root, 'output_config'), 'format')
  const format = isGiven(current) ? current : member(root, 'output_format')
  if (!isGiven(format)) return undefined
  requireWord(member(format, 'type'), ['json_schema'])
  const schema = requireJson(member(format, 'schema'))
  return { type: 'json_schema', json_schema: { name: 'reply', schema, strict: true } }
}

// --- Tools ------------------------------------------------------------------------------------------------------------

function readTool(tool: Field): ChatTool {
  const type = member(tool, 'type')
  // Each of the others has a schema that only Anthropic’s models know, or runs at Anthropic.
  if (isGiven(type))
    requireKind(type, { custom: true }, 'is a tool of Anthropic’s own; only tools of type custom can be passed on')
  const parameters = requireJson(member(tool, 'input_schema'))
  return {
    type: 'function',
    function: omitUndefined<ChatTool['function']>({
      name: requireName(member(tool, 'name')),
      description: optionalText(member(tool, 'description')),
      parameters,
      strict: optionalBoolean(member(tool, 'strict')),
    }),
  }
}

function readTools(choice: Field, tools: ChatTool[]): Pick<ChatBody, 'tools' | 'tool_choice' | 'parallel_tool_calls'> {
  const kind = isGiven(choice) ? requireWord(member(choice, 'type'), ['auto', 'any', 'tool', 'none']) : undefined
  const single = optionalBoolean(member(choice, 'disable_parallel_tool_use')) === true
  if (tools.length === 0) {
    if (kind === 'any' || kind === 'tool') refuse(choice, 'there are no tools to choose from')
    return {}
  }
  return {
    tools,
    ...(kind === undefined ? {} : { tool_choice: readChoice(kind, choice) }),
    ...(single ? { parallel_tool_calls: false } : {}),
  }
}

function readChoice(kind: 'auto' | 'any' | 'tool' | 'none', choice: Field): ChatToolChoice {
  if (kind === 'tool') return { type: 'function', function: { name: requireName(member(choice, 'name')) } }
  return kind === 'any' ? 'required' : kind
}
