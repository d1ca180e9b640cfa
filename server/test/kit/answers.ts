/**
 * The deterministic words, vectors and JSON of the test upstream. Replies are valid but written as no serialiser
 * would: escapes, `1.0`, uneven spaces, a nested `model`. A gateway that re-serialises is caught by the first byte.
 */
import { createHash } from 'node:crypto'

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
  tool: { id: string; name: string; arguments: string } | null
  promptTokens: number
  id: string
}

const vocabulary =
  'stone trail river ridge note path moss fern lantern harbour signal anchor winter summer letter bridge copper willow meadow cairn'.split(
    ' ',
  )

/** Text from the hash of the messages, or the last user message for the model `echo`. */
export function answer(body: ChatBody, chunks = 8): Answer {
  const hash = createHash('sha256').update(JSON.stringify(body.messages)).digest()
  const last = lastUserText(body)
  const name = body.tools?.[0]?.function?.name
  const calls = name !== undefined && /tool|call|use/i.test(last)
  const words = body.model.startsWith('echo')
    ? last.split(/(?<= )/)
    : Array.from({ length: chunks }, (_, i) => `${vocabulary[((hash[i % 32] ?? 0) + i) % vocabulary.length]} `)
  return {
    words: calls ? [] : words,
    reasoning: body.model.includes('reason') ? 'weighing the stones' : null,
    tool: calls
      ? { id: `call_${hash.toString('hex').slice(0, 8)}`, name, arguments: JSON.stringify({ text: last.slice(0, 40) }) }
      : null,
    promptTokens: Math.ceil(JSON.stringify(body.messages).length / 4),
    id: `chatcmpl-${hash.toString('hex').slice(0, 12)}`,
  }
}

function lastUserText(body: ChatBody): string {
  const content = body.messages.findLast(({ role }) => role === 'user')?.content
  return typeof content === 'string' ? content : JSON.stringify(content ?? '')
}

/** A JSON string with an escape that no serialiser would write. */
export function oddString(text: string): string {
  return JSON.stringify(text).replaceAll('-', String.raw`\u002d`)
}

export function usageJson({ promptTokens, words }: Answer): string {
  return `{"prompt_tokens": ${promptTokens},"completion_tokens":${words.length}, "total_tokens":${promptTokens + words.length},"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":1.0}}`
}

export function chatJson(body: ChatBody, made: Answer): string {
  const content = made.tool ? 'null' : JSON.stringify(made.words.join(''))
  const tool = made.tool
    ? `,"tool_calls":[{"id":"${made.tool.id}","type":"function","function":{"name":${JSON.stringify(made.tool.name)},"arguments":${JSON.stringify(made.tool.arguments)}}}]`
    : ''
  const reasoning = made.reasoning ? `,"reasoning_content":${JSON.stringify(made.reasoning)}` : ''
  return `{ "id":"${made.id}","object":"chat.completion",  "created":1.7e9,"choices":[{"index":0,"message":{"role":"assistant","content":${content}${reasoning}${tool},"x":{"model":"nested"}},"finish_reason":"${made.tool ? 'tool_calls' : 'stop'}", "logprobs":null}],\n"model" : ${oddString(body.model)} ,"usage":${usageJson(made)}, "system_fingerprint":"caf\\u00e9 \\/ 1.0"}\n`
}

/** The payloads of a stream, without framing: role, reasoning, content or tool call, finish, usage. */
export function chatChunks(
  body: ChatBody,
  made: Answer,
  usageEverywhere = false,
): { json: string; hasContent: boolean }[] {
  const withUsage = body.stream_options?.include_usage === true
  const tail = usageEverywhere ? `,"usage":${usageJson(made)}` : withUsage ? ',"usage":null' : ''
  const chunk = (delta: string, finish = 'null') =>
    `{"id":"${made.id}", "object":"chat.completion.chunk","created":1.7e9,"model":${oddString(body.model)},"choices":[{"index":0,"delta":${delta},"finish_reason":${finish}}]${tail}}`
  const list = [{ json: chunk('{"role":"assistant","content":""}'), hasContent: false }]
  if (made.reasoning)
    list.push({ json: chunk(`{"reasoning_content":${JSON.stringify(made.reasoning)}}`), hasContent: true })
  for (const word of made.words) list.push({ json: chunk(`{"content":${JSON.stringify(word)}}`), hasContent: true })
  if (made.tool) {
    list.push({
      json: chunk(
        `{"tool_calls":[{"index":0,"id":"${made.tool.id}","type":"function","function":{"name":${JSON.stringify(made.tool.name)},"arguments":""}}]}`,
      ),
      hasContent: true,
    })
    list.push({
      json: chunk(`{"tool_calls":[{"index":0,"function":{"arguments":${JSON.stringify(made.tool.arguments)}}}]}`),
      hasContent: true,
    })
  }
  list.push({ json: chunk('{}', made.tool ? '"tool_calls"' : '"stop"'), hasContent: false })
  if (withUsage)
    list.push({
      json: `{"id":"${made.id}","object":"chat.completion.chunk","created":1.7e9,"model":${oddString(body.model)},"choices":[ ],"usage":${usageJson(made)}}`,
      hasContent: false,
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

export function embeddingsJson(body: { model: string; input: unknown; encoding_format?: string }): string {
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
  return `{"object":"list","data":[${data.join(',')}],"model":${oddString(body.model)},"usage":{"prompt_tokens":${tokens},"total_tokens":${tokens}}}`
}
