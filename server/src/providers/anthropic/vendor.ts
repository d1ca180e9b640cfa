/** Anthropic behind the adapter of the AI SDK’s packages. */
import type { JSONObject, JSONSchema7, LanguageModelV4CallOptions } from '@ai-sdk/provider'
import { isRecord } from '../../base/index.ts'
import type { FailureKind } from '../failure.ts'
import { isAbsent, readRecord, readText, refuse, type Fields } from '../ai-sdk/refuse.ts'
import type { AssistantPart, Vendor, VendorError } from '../ai-sdk/vendor.ts'
import { createAnthropicCollector } from './collector.ts'

const fileTypes = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'application/pdf', 'text/plain'])

export const anthropic: Vendor = {
  key: 'anthropic',
  name: 'Anthropic',
  async openModel(id, { baseUrl, fetch, maxOutputTokens }) {
    const { AnthropicLanguageModel } = await loadPackage()
    return new AnthropicLanguageModel(id, {
      provider: 'anthropic.messages',
      baseURL: baseUrl,
      // The key is put in behind the package. Given headers also keep it from looking for one.
      headers: {},
      fetch: ((input: string, init: { headers?: Record<string, string>; body?: string }) =>
        fetch(input, init)) as never,
      transformRequestBody: (args) => boundOutput(args, maxOutputTokens),
    })
  },
  prepare,
  takesFile: (mediaType) => fileTypes.has(mediaType),
  typeOfUrl: (_url, guess) => guess,
  restoreParts,
  restoreOptions: () => undefined,
  kindOf,
  passesOver,
  isUnknownEvent,
  createCollector: createAnthropicCollector,
}

/**
 * Loaded with the first request, because reading it takes longer than the rest of the start. Its inner entry, because
 * the outer one makes a client of its own from ANTHROPIC_BASE_URL as soon as it is loaded.
 */
function loadPackage() {
  return import('@ai-sdk/anthropic/internal')
}

/**
 * A client’s bound is for the whole output. The package adds the budget of thinking to it, which would let an answer
 * cost more than was reserved for it.
 */
function boundOutput(args: Record<string, unknown>, limit: number | undefined): Record<string, unknown> {
  const thinking = args['thinking']
  if (limit === undefined || !isRecord(thinking) || typeof thinking['budget_tokens'] !== 'number') return args
  const budget = Math.min(thinking['budget_tokens'], Math.floor(limit * 0.8))
  // Anthropic takes no budget below this.
  if (budget >= 1_024) return { ...args, max_tokens: limit, thinking: { ...thinking, budget_tokens: budget } }
  const { thinking: _, ...rest } = args
  return { ...rest, max_tokens: limit }
}

async function prepare(
  options: LanguageModelV4CallOptions,
  body: Fields,
  model: string,
): Promise<LanguageModelV4CallOptions> {
  const { getModelCapabilities, supportsNativeStructuredOutputSchema } = await loadPackage()
  const { rejectsForcedToolUse, supportsStructuredOutput, supportsAdaptiveThinking } = getModelCapabilities(model)
  const isForced = options.toolChoice?.type === 'required' || options.toolChoice?.type === 'tool'
  if (isForced && rejectsForcedToolUse) refuse('tool_choice', `${model} takes no forced choice of a tool.`)
  const format = options.responseFormat
  const schema = format?.type === 'json' ? (format.schema ?? anyObject) : undefined
  const isNative = schema !== undefined && supportsStructuredOutput && supportsNativeStructuredOutputSchema(schema)
  if (schema && !isNative) {
    if (rejectsForcedToolUse) refuse('response_format', `${model} takes JSON only by a schema of closed objects.`)
    const taken = (options.tools ?? []).findIndex((tool) => tool.type === 'function' && tool.name === 'json')
    if (taken >= 0) refuse(`tools[${taken}].function.name`, 'The name “json” is taken by “response_format”.')
  }
  const thinking = readThinking(body['thinking'])
  // Thinking with a budget and a forced tool exclude each other; the tool is what the client can see.
  const mayThink = supportsAdaptiveThinking || (!isForced && (schema === undefined || isNative))
  const { reasoning, ...rest } = options
  return {
    ...rest,
    ...(format && schema ? { responseFormat: { ...format, type: 'json', schema } } : {}),
    ...(reasoning !== undefined && (mayThink || reasoning === 'none') ? { reasoning } : {}),
    providerOptions: {
      anthropic: {
        // Tools are told the same whether or not the reply is streamed, so that both share the prompt cache.
        toolStreaming: false,
        ...(body['parallel_tool_calls'] === false ? { disableParallelToolUse: true } : {}),
        ...readUser(body),
        ...(thinking && mayThink ? { thinking } : {}),
        ...(isAbsent(body['cache_control']) ? {} : { cacheControl: body['cache_control'] as never }),
      },
    },
  }
}

const anyObject: JSONSchema7 = { type: 'object', additionalProperties: true }

function readUser(body: Fields): JSONObject {
  const name = isAbsent(body['safety_identifier']) ? 'user' : 'safety_identifier'
  return isAbsent(body[name]) ? {} : { metadata: { userId: readText(body[name], name).slice(0, 256) } }
}

/** Anthropic’s own setting, as clients send it besides the fields of the OpenAI dialect. */
function readThinking(value: unknown): JSONObject | undefined {
  if (isAbsent(value)) return undefined
  const { type, budget_tokens: budget, display } = readRecord(value, 'thinking')
  const known = type === 'enabled' || type === 'disabled' || type === 'adaptive'
  if (!known) refuse('thinking.type', 'Use enabled, disabled or adaptive.')
  return {
    type,
    ...(typeof budget === 'number' ? { budgetTokens: budget } : {}),
    ...(typeof display === 'string' ? { display } : {}),
  }
}

const maxRestored = 1_000

/** Thinking goes back with its signature, or not at all: Anthropic refuses it without. */
function restoreParts(extra: Fields): AssistantPart[] {
  const blocks = Array.isArray(extra['thinking_blocks']) ? extra['thinking_blocks'].slice(0, maxRestored) : []
  return blocks.filter(isRecord).flatMap((block): AssistantPart[] => {
    const { type, thinking, signature, data } = block
    if (type === 'redacted_thinking' && typeof data === 'string')
      return [{ type: 'reasoning', text: '', providerOptions: { anthropic: { redactedData: data } } }]
    if (type === 'thinking' && typeof signature === 'string')
      return [
        {
          type: 'reasoning',
          text: typeof thinking === 'string' ? thinking : '',
          providerOptions: { anthropic: { signature } },
        },
      ]
    return []
  })
}

/** By https://docs.anthropic.com/en/api/errors; a stream tells the type without a status. */
const kinds: Readonly<Record<string, FailureKind>> = {
  authentication_error: 'credentials',
  permission_error: 'credentials',
  billing_error: 'credentials',
  rate_limit_error: 'rate-limited',
  timeout_error: 'timeout',
  overloaded_error: 'failed',
  api_error: 'failed',
  not_found_error: 'rejected',
  request_too_large: 'rejected',
}

export function kindOf({ type, message }: VendorError): FailureKind | undefined {
  if (type === 'invalid_request_error') {
    if (/prompt is too long|exceed.{0,40}context (limit|window)|context window/i.test(message)) return 'context-length'
    if (/credit balance is too low/i.test(message)) return 'credentials'
    if (/content filter|usage polic/i.test(message)) return 'content-policy'
  }
  return kinds[type]
}

const events = new Set([
  'message_start',
  'message_delta',
  'message_stop',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'ping',
  'error',
])
const blockTypes = new Set(['text', 'thinking', 'redacted_thinking', 'tool_use'])
const deltaTypes = new Set(['text_delta', 'thinking_delta', 'signature_delta', 'input_json_delta', 'citations_delta'])

/** Anthropic adds events, blocks and deltas over time and asks clients to pass over those that they do not know. */
function passesOver(frame: Uint8Array): boolean {
  const [line = ''] = new TextDecoder().decode(frame.subarray(0, 80)).split(/\r?\n/, 1)
  return line.startsWith('event:') && !events.has(line.slice(6).trim())
}

function isUnknownEvent(event: unknown): boolean {
  if (!isRecord(event)) return false
  const block = event['content_block']
  if (event['type'] === 'content_block_start') return isRecord(block) && !blockTypes.has(String(block['type']))
  const delta = event['delta']
  return event['type'] === 'content_block_delta' && isRecord(delta) && !deltaTypes.has(String(delta['type']))
}
