/**
 * A request of OpenAI’s Responses API as a chat request. Left out, because nobody sees it in the reply: `metadata` (the
 * reply repeats it), `truncation: auto` (the reply says `disabled`), hints about caching, price and style
 * (`prompt_cache_key`, `service_tier`, `text.verbosity`), `include: reasoning.encrypted_content`, `max_tool_calls`
 * (about OpenAI’s own tools), and any field that we do not know. Refused: what OpenAI’s servers would keep or run.
 */
import type { ResponsesRequest } from '@cairn/contract'
import { isRecord } from '../../base/index.ts'
import {
  createConversation,
  efforts,
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
  requireItems,
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
import { keepsNothing, writeInput } from './items.ts'

export function toChat(request: ResponsesRequest, { keepReasoning = false }: ToChatOptions = {}): ChatBody {
  const root = rootField(request)
  requireRecord(root)
  refuseHosted(root)
  checkRepeated(root)
  const conversation = createConversation()
  const instructions = optionalText(member(root, 'instructions')) ?? ''
  if (instructions !== '') conversation.system(instructions)
  writeInput(member(root, 'input'), conversation, { keepReasoning })
  const messages = conversation.messages()
  if (messages.length === 0) refuse(member(root, 'input'), 'expected at least one item')
  const tools = optionalItems(member(root, 'tools'), 1_000).map((tool) => readTool(tool))
  return omitUndefined<ChatBody>({
    model: requireText(member(root, 'model')),
    messages,
    max_tokens: optionalNumber(member(root, 'max_output_tokens'), 1, 1e9),
    temperature: optionalNumber(member(root, 'temperature'), 0, 2),
    top_p: optionalNumber(member(root, 'top_p'), 0, 1),
    reasoning_effort: readEffort(member(member(root, 'reasoning'), 'effort')),
    response_format: readFormat(member(member(root, 'text'), 'format')),
    user: optionalText(member(root, 'user')) ?? optionalText(member(root, 'safety_identifier')),
    ...readTools(root, tools),
    ...(optionalBoolean(member(root, 'stream')) === true ? streamFields : {}),
  })
}

function refuseHosted(root: Field): void {
  for (const name of ['previous_response_id', 'conversation']) refuseGiven(member(root, name), keepsNothing)
  refuseGiven(member(root, 'prompt'), 'Cairn keeps no prompts; send the text itself')
  refuseGiven(member(root, 'moderation'), 'Cairn has no moderation models')
  const store = member(root, 'store')
  if (optionalBoolean(store) === true) refuse(store, 'Cairn keeps no responses; send false or leave it out')
  const background = member(root, 'background')
  if (optionalBoolean(background) === true) refuse(background, 'Cairn answers at once; send false or leave it out')
  const logprobs = member(root, 'top_logprobs')
  if ((optionalNumber(logprobs, 0, 20) ?? 0) > 0) refuse(logprobs, 'probabilities are not converted')
  for (const item of optionalItems(member(root, 'include'), 100))
    if (requireText(item) === 'message.output_text.logprobs') refuse(item, 'probabilities are not converted')
}

/** What the reply repeats, and the chat request does not hold. */
function checkRepeated(root: Field): void {
  const truncation = member(root, 'truncation')
  if (isGiven(truncation)) requireWord(truncation, ['auto', 'disabled'])
  const summary = member(member(root, 'reasoning'), 'summary')
  if (isGiven(summary)) requireWord(summary, ['auto', 'concise', 'detailed'])
  const verbosity = member(member(root, 'text'), 'verbosity')
  if (isGiven(verbosity)) requireWord(verbosity, ['low', 'medium', 'high'])
  const metadata = member(root, 'metadata')
  if (!isGiven(metadata)) return
  const entries = Object.entries(requireRecord(metadata))
  if (entries.length > 16) refuse(metadata, `expected at most 16 entries, got ${entries.length}`)
  if (entries.some(([name, value]) => name.length > 64 || typeof value !== 'string' || value.length > 512))
    refuse(metadata, 'expected names of at most 64 characters and texts of at most 512')
}

function readEffort(field: Field): Effort | undefined {
  return isGiven(field) ? requireWord(field, efforts) : undefined
}

function readFormat(format: Field): ResponseFormat | undefined {
  if (!isGiven(format)) return undefined
  const type = requireWord(member(format, 'type'), ['text', 'json_schema', 'json_object'])
  if (type === 'text') return undefined
  if (type === 'json_object') return { type }
  const json_schema = omitUndefined<Extract<ResponseFormat, { type: 'json_schema' }>['json_schema']>({
    name: requireName(member(format, 'name')),
    description: optionalText(member(format, 'description')),
    schema: requireJson(member(format, 'schema')),
    strict: optionalBoolean(member(format, 'strict')),
  })
  return { type, json_schema }
}

// --- Tools ------------------------------------------------------------------------------------------------------------

const onlyFunctions = 'is a tool that OpenAI runs or a kind of its own; only tools of type function can be passed on'

function readTool(tool: Field): ChatTool {
  requireKind(member(tool, 'type'), { function: true }, onlyFunctions)
  const parameters = member(tool, 'parameters')
  return {
    type: 'function',
    function: omitUndefined<ChatTool['function']>({
      name: requireName(member(tool, 'name')),
      description: optionalText(member(tool, 'description')),
      parameters: isGiven(parameters) ? requireJson(parameters) : undefined,
      strict: optionalBoolean(member(tool, 'strict')),
    }),
  }
}

function readTools(root: Field, tools: ChatTool[]): Pick<ChatBody, 'tools' | 'tool_choice' | 'parallel_tool_calls'> {
  const field = member(root, 'tool_choice')
  const choice = isGiven(field) ? readChoice(field, tools) : undefined
  const parallel = optionalBoolean(member(root, 'parallel_tool_calls'))
  if (tools.length === 0) {
    if (choice !== undefined && choice.mode !== 'auto' && choice.mode !== 'none')
      refuse(field, 'there are no tools to choose from')
    return {}
  }
  return omitUndefined<Pick<ChatBody, 'tools' | 'tool_choice' | 'parallel_tool_calls'>>({
    tools: choice?.tools ?? tools,
    tool_choice: choice?.mode,
    parallel_tool_calls: parallel,
  })
}

interface Choice {
  readonly mode: ChatToolChoice
  readonly tools: ChatTool[]
}

function readChoice(field: Field, tools: ChatTool[]): Choice {
  if (!isRecord(field.value)) return { mode: requireWord(field, ['none', 'auto', 'required']), tools }
  const type = requireKind(
    member(field, 'type'),
    { function: 'function', allowed_tools: 'allowed_tools' },
    onlyFunctions,
  )
  if (type === 'function') return { mode: { type, function: { name: requireName(member(field, 'name')) } }, tools }
  // Only OpenAI knows a list of allowed tools; offering no others comes to the same.
  const allowed = new Set(
    requireItems(member(field, 'tools'), 1_000).map((tool) => {
      requireKind(member(tool, 'type'), { function: true }, onlyFunctions)
      return requireName(member(tool, 'name'))
    }),
  )
  const offered = tools.filter((tool) => allowed.has(tool.function.name))
  if (offered.length === 0) refuse(member(field, 'tools'), 'none of these tools is among the tools of the request')
  return { mode: requireWord(member(field, 'mode'), ['auto', 'required']), tools: offered }
}
