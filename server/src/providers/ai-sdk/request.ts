/**
 * A chat request of the OpenAI dialect as the call options of a vendor package. What no vendor here can honour and the
 * client would miss in the reply is refused by name; what only tunes or bills OpenAI’s own service is left out.
 */
import type { JSONSchema7, LanguageModelV4CallOptions, LanguageModelV4FunctionTool } from '@ai-sdk/provider'
import { readPrompt } from './messages.ts'
import { cacheOptions, type PartContext } from './parts.ts'
import { findNumber, isAbsent, readList, readRecord, readText, refuse, type Fields } from './refuse.ts'

/** Fields that change what the client gets, with the values that ask for nothing. */
const refused: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value === 1,
  logprobs: (value) => value === false,
  top_logprobs: (value) => value === 0,
  logit_bias: (value) => typeof value === 'object' && value !== null && Object.keys(value).length === 0,
  audio: () => false,
  modalities: (value) => Array.isArray(value) && value.length === 1 && value[0] === 'text',
  functions: (value) => Array.isArray(value) && value.length === 0,
  function_call: (value) => value === 'none' || value === 'auto',
  web_search_options: () => false,
}

/** Throws `request.invalid` with the path of the field. */
export function convertRequest(body: Fields, context: PartContext): LanguageModelV4CallOptions {
  const { vendor } = context
  for (const [name, asksNothing] of Object.entries(refused)) {
    const value = body[name]
    if (!isAbsent(value) && !asksNothing(value))
      refuse(name, `${vendor.name} cannot honour “${name}”. Leave it out, or choose a model of another provider.`)
  }
  const tools = readTools(body['tools'], context)
  const maxOutputTokens =
    findNumber(body['max_completion_tokens'], 'max_completion_tokens') ?? findNumber(body['max_tokens'], 'max_tokens')
  const stopSequences = readStop(body['stop'])
  const options = {
    maxOutputTokens,
    temperature: findNumber(body['temperature'], 'temperature'),
    topP: findNumber(body['top_p'], 'top_p'),
    topK: findNumber(body['top_k'], 'top_k'),
    frequencyPenalty: findNumber(body['frequency_penalty'], 'frequency_penalty') || undefined,
    presencePenalty: findNumber(body['presence_penalty'], 'presence_penalty') || undefined,
    seed: findNumber(body['seed'], 'seed'),
    stopSequences: stopSequences.length > 0 ? stopSequences : undefined,
    tools: tools.length > 0 ? tools : undefined,
    toolChoice: readToolChoice(body['tool_choice'], tools),
    responseFormat: readFormat(body['response_format']),
    reasoning: readEffort(body['reasoning_effort']),
  }
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  return { prompt: readPrompt(body['messages'], context), ...given }
}

function readStop(value: unknown): string[] {
  if (isAbsent(value)) return []
  if (typeof value === 'string') return [value]
  return readList(value, 'stop').map((each, index) => readText(each, `stop[${index}]`))
}

function readTools(value: unknown, { vendor }: PartContext): LanguageModelV4FunctionTool[] {
  if (isAbsent(value)) return []
  return readList(value, 'tools').map((each, index) => {
    const path = `tools[${index}]`
    const tool = readRecord(each, path)
    if (tool['type'] !== 'function') refuse(`${path}.type`, `${vendor.name} gets tools of the type “function” only.`)
    const { name, description, parameters, strict } = readRecord(tool['function'], `${path}.function`)
    return {
      type: 'function',
      name: readText(name, `${path}.function.name`),
      ...(isAbsent(description) ? {} : { description: readText(description, `${path}.function.description`) }),
      inputSchema: (isAbsent(parameters)
        ? { type: 'object', properties: {} }
        : readRecord(parameters, `${path}.function.parameters`)) as JSONSchema7,
      ...(typeof strict === 'boolean' ? { strict } : {}),
      ...cacheOptions(tool, vendor),
    }
  })
}

function readToolChoice(
  value: unknown,
  tools: readonly LanguageModelV4FunctionTool[],
): LanguageModelV4CallOptions['toolChoice'] {
  if (isAbsent(value)) return undefined
  if (value === 'auto' || value === 'none') return tools.length > 0 ? { type: value } : undefined
  if (tools.length === 0) refuse('tool_choice', '“tool_choice” asks for a tool, and “tools” has none.')
  if (value === 'required') return { type: value }
  const choice = readRecord(value, 'tool_choice')
  if (choice['type'] !== 'function') refuse('tool_choice.type', 'Only a function can be chosen.')
  const toolName = readText(readRecord(choice['function'], 'tool_choice.function')['name'], 'tool_choice.function.name')
  if (!tools.some(({ name }) => name === toolName)) refuse('tool_choice.function.name', '“tools” has no such function.')
  return { type: 'tool', toolName }
}

function readFormat(value: unknown): LanguageModelV4CallOptions['responseFormat'] {
  if (isAbsent(value)) return undefined
  const format = readRecord(value, 'response_format')
  if (format['type'] === 'text') return undefined
  if (format['type'] === 'json_object') return { type: 'json' }
  if (format['type'] !== 'json_schema') refuse('response_format.type', 'Use text, json_object or json_schema.')
  const { name, description, schema } = readRecord(format['json_schema'], 'response_format.json_schema')
  return {
    type: 'json',
    ...(isAbsent(schema) ? {} : { schema: readRecord(schema, 'response_format.json_schema.schema') as JSONSchema7 }),
    ...(isAbsent(name) ? {} : { name: readText(name, 'response_format.json_schema.name') }),
    ...(isAbsent(description) ? {} : { description: readText(description, 'response_format.json_schema.description') }),
  }
}

const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const

function readEffort(value: unknown): LanguageModelV4CallOptions['reasoning'] {
  if (isAbsent(value)) return undefined
  return efforts.find((effort) => effort === value) ?? refuse('reasoning_effort', `Use one of ${efforts.join(', ')}.`)
}
