/**
 * The deterministic words, vectors and JSON of the test upstream. Replies are valid but written as no serialiser
 * would: escapes, `1.0`, uneven spaces, a nested `model`. A gateway that re-serialises is caught by the first byte.
 */
import { createHash } from 'node:crypto'
import type { Faults } from './faults.ts'

export interface ChatBody {
  model: string
  stream?: boolean
  stream_options?: { include_usage?: boolean }
  messages: { role: string; content?: unknown }[]
  tools?: { function?: { name?: string } }[]
}

export interface Answer {
  words: string[]
  reasoning: string | null
  reasoningField: NonNullable<Faults['reasoning']>
  tool: { id: string; name: string; arguments: string } | null
  promptTokens: number
  id: string
  finish: string
  usage: Faults['usage']
}

const vocabulary =
  'stone trail river ridge note path moss fern lantern harbour signal anchor winter summer letter bridge copper willow meadow cairn'.split(
    ' ',
  )
/** Words with characters of two, three and four bytes in UTF-8. */
const wideVocabulary = 'Gipfelgrün crème 石山 頂上 тропа 🪨🧭 ναός'.split(' ')
const bigWord = 16_384

/** Text from the hash of the messages, or the last user message for the model `echo`. */
export function answer(body: ChatBody, faults: Faults = {}): Answer {
  const text = JSON.stringify(body.messages)
  const hash = createHash('sha256').update(text).digest()
  const last = lastUserText(body)
  const name = body.tools?.[0]?.function?.name
  const calls = name !== undefined && /tool|call|use/i.test(last)
  return {
    words: calls ? [] : body.model.startsWith('echo') ? last.split(/(?<= )/) : wordsOf(hash, faults),
    reasoning: faults.reasoning !== undefined || body.model.includes('reason') ? 'weighing the stones' : null,
    reasoningField: faults.reasoning ?? 'reasoning_content',
    tool: calls
      ? { id: `call_${hash.toString('hex').slice(0, 8)}`, name, arguments: JSON.stringify({ text: last.slice(0, 40) }) }
      : null,
    promptTokens: Math.ceil(text.length / 4),
    id: `chatcmpl-${hash.toString('hex').slice(0, 12)}`,
    finish: faults.finish ?? (calls ? 'tool_calls' : 'stop'),
    usage: faults.usage,
  }
}

function wordsOf(hash: Buffer, faults: Faults): string[] {
  const { contentBytes, chunks = 8, chunkChars = 0 } = faults
  if (contentBytes !== undefined)
    return Array.from({ length: Math.ceil(contentBytes / bigWord) }, (_, at) => `${at} `.padEnd(bigWord, 'stone '))
  const list = faults.splitCharacters || faults.halfAfter !== undefined ? wideVocabulary : vocabulary
  return Array.from({ length: chunks }, (_, i) =>
    `${list[((hash[i % 32] ?? 0) + i) % list.length]} `.padEnd(chunkChars, '.'),
  )
}

function lastUserText(body: ChatBody): string {
  const content = body.messages.findLast(({ role }) => role === 'user')?.content
  return typeof content === 'string' ? content : JSON.stringify(content ?? '')
}

/** A JSON string with an escape that no serialiser would write. */
export function oddString(text: string): string {
  return JSON.stringify(text).replaceAll('-', String.raw`\u002d`)
}

export interface Usage {
  input: number
  output: number
}

/** What usage says; null when it is left out or is no number. */
export function usageOf({ promptTokens, words, usage }: Answer): Usage | null {
  if (usage === 'none' || usage === 'text') return null
  const factor = usage === undefined ? 1 : { zero: 0, tenfold: 10, negative: -1 }[usage]
  return { input: promptTokens * factor, output: words.length * factor }
}

/** Null when it is left out. */
function usageJson(made: Answer): string | null {
  if (made.usage === 'none') return null
  const told = usageOf(made)
  const [input, output] = told ? [told.input, told.output] : ['"many"', '"some"']
  const total = told ? told.input + told.output : 'null'
  return `{"prompt_tokens": ${input},"completion_tokens":${output}, "total_tokens":${total},"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":1.0}}`
}

export function chatJson(body: ChatBody, made: Answer): string {
  const content = made.tool ? 'null' : JSON.stringify(made.words.join(''))
  const tool = made.tool
    ? `,"tool_calls":[{"id":"${made.tool.id}","type":"function","function":{"name":${JSON.stringify(made.tool.name)},"arguments":${JSON.stringify(made.tool.arguments)}}}]`
    : ''
  const reasoning = made.reasoning ? `,"${made.reasoningField}":${JSON.stringify(made.reasoning)}` : ''
  const usage = usageJson(made)
  return `{ "id":"${made.id}","object":"chat.completion",  "created":1.7e9,"choices":[{"index":0,"message":{"role":"assistant","content":${content}${reasoning}${tool},"x":{"model":"nested"}},"finish_reason":"${made.finish}", "logprobs":null}],\n"model" : ${oddString(body.model)} ${usage === null ? '' : `,"usage":${usage}`}, "system_fingerprint":"caf\\u00e9 \\/ 1.0"}\n`
}

/** One event of a stream. */
export interface StreamEvent {
  /** Its name, in the dialects that have names. */
  readonly event?: string
  readonly json: string
  readonly hasContent: boolean
  readonly hasUsage: boolean
}

/** The payloads of a stream, without framing: role, reasoning, content or tool call, finish, usage. */
export function chatChunks(body: ChatBody, made: Answer, usageEverywhere = false): StreamEvent[] {
  const usage = usageJson(made)
  const withUsage = body.stream_options?.include_usage === true && usage !== null
  const isEverywhere = usageEverywhere && usage !== null
  const tail = isEverywhere ? `,"usage":${usage}` : withUsage ? ',"usage":null' : ''
  const list: StreamEvent[] = []
  const add = (delta: string, hasContent: boolean, finish = 'null') =>
    list.push({
      json: `{"id":"${made.id}", "object":"chat.completion.chunk","created":1.7e9,"model":${oddString(body.model)},"choices":[{"index":0,"delta":${delta},"finish_reason":${finish}}]${tail}}`,
      hasContent,
      hasUsage: isEverywhere,
    })
  add('{"role":"assistant","content":""}', false)
  if (made.reasoning) add(`{"${made.reasoningField}":${JSON.stringify(made.reasoning)}}`, true)
  for (const word of made.words) add(`{"content":${JSON.stringify(word)}}`, true)
  if (made.tool) {
    const { id, name, arguments: given } = made.tool
    add(
      `{"tool_calls":[{"index":0,"id":"${id}","type":"function","function":{"name":${JSON.stringify(name)},"arguments":""}}]}`,
      true,
    )
    add(`{"tool_calls":[{"index":0,"function":{"arguments":${JSON.stringify(given)}}}]}`, true)
  }
  add('{}', false, JSON.stringify(made.finish))
  if (withUsage)
    list.push({
      json: `{"id":"${made.id}","object":"chat.completion.chunk","created":1.7e9,"model":${oddString(body.model)},"choices":[ ],"usage":${usage}}`,
      hasContent: false,
      hasUsage: true,
    })
  return list
}

const dimensions = 16

/** A unit vector from the hash of a text. */
export function embed(text: string): Float32Array {
  const hash = createHash('sha256').update(text).digest()
  const raw = Array.from({ length: dimensions }, (_, i) => ((hash[i] ?? 0) - 127.5) / 127.5)
  const length = Math.hypot(...raw)
  return Float32Array.from(raw, (value) => value / length)
}

export function embeddingsJson(body: { model: string; input: unknown; encoding_format?: string }): {
  json: string
  tokens: number
} {
  const inputs = Array.isArray(body.input) && typeof body.input[0] !== 'number' ? body.input : [body.input]
  const data = inputs.map((input, index) => {
    const vector = embed(typeof input === 'string' ? input : JSON.stringify(input))
    const value =
      body.encoding_format === 'base64'
        ? JSON.stringify(Buffer.from(vector.buffer).toString('base64'))
        : `[${[...vector].join(', ')}]`
    return `{"object":"embedding","index":${index},"embedding":${value}}`
  })
  const tokens = Math.ceil(JSON.stringify(inputs).length / 4)
  const json = `{"object":"list","data":[${data.join(',')}],"model":${oddString(body.model)},"usage":{"prompt_tokens":${tokens},"total_tokens":${tokens}}}`
  return { json, tokens }
}
