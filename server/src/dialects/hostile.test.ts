/** Requests and replies of any shape: none of them may end in anything but a conversion or the one right error. */
import { describe, expect, test } from 'bun:test'
import type { MessagesRequest, ResponsesRequest } from '@cairn/contract'
import fc from 'fast-check'
import { CairnError } from '../base/index.ts'
import { messagesDialect, responsesDialect } from './index.ts'
import { cutters, saidReplies, streamChunks, wholeCompletion } from './testing/chat-replies.ts'

const secret = 'the-heron-key-is-under-the-third-stone'
const identity = { id: 'q1', created: 1_700_000_000, model: 'm' }
const image = { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' }

const messagesRequest = {
  model: 'm',
  max_tokens: 100,
  system: [{ type: 'text', text: secret }],
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: secret },
        { type: 'image', source: image },
        { type: 'document', title: secret, source: { type: 'text', media_type: 'text/plain', data: secret } },
        { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'AAAA' } },
        { type: 'document', source: { type: 'content', content: [{ type: 'image', source: image }] } },
        { type: 'search_result', title: secret, source: secret, content: [{ type: 'text', text: secret }] },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: secret, signature: 's' },
        { type: 'redacted_thinking', data: 'd' },
        { type: 'text', text: secret },
        { type: 'tool_use', id: 't1', name: 'sum', input: { a: secret } },
      ],
    },
    {
      role: 'user',
      content: [
        {
          type: 'tool_result',
          tool_use_id: 't1',
          is_error: false,
          content: [
            { type: 'text', text: secret },
            { type: 'image', source: image },
          ],
        },
      ],
    },
    { role: 'system', content: secret },
  ],
  tools: [{ name: 'sum', description: secret, input_schema: { type: 'object', properties: { a: {} } }, strict: true }],
  tool_choice: { type: 'tool', name: 'sum', disable_parallel_tool_use: true },
  thinking: { type: 'enabled', budget_tokens: 2_000 },
  output_config: { effort: 'high', format: { type: 'json_schema', schema: { type: 'object' } } },
  stop_sequences: ['END'],
  metadata: { user_id: 'u' },
  temperature: 0.5,
  top_p: 0.5,
  stream: true,
}

const responsesRequest = {
  model: 'm',
  instructions: secret,
  input: [
    { role: 'developer', content: secret },
    {
      type: 'message',
      role: 'user',
      content: [
        { type: 'input_text', text: secret },
        { type: 'input_image', image_url: 'https://example.org/a.png', detail: 'low' },
        { type: 'input_file', filename: 'a.pdf', file_data: 'AAAA' },
      ],
    },
    {
      type: 'reasoning',
      id: 'r',
      summary: [{ type: 'summary_text', text: secret }],
      content: [{ type: 'reasoning_text', text: secret }],
    },
    {
      type: 'message',
      role: 'assistant',
      content: [
        { type: 'output_text', text: secret },
        { type: 'refusal', refusal: secret },
      ],
    },
    { type: 'function_call', call_id: 'c1', name: 'sum', arguments: secret },
    { type: 'function_call_output', call_id: 'c1', output: [{ type: 'input_text', text: secret }] },
  ],
  tools: [{ type: 'function', name: 'sum', description: secret, parameters: { type: 'object' }, strict: null }],
  tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'sum' }] },
  text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object' } }, verbosity: 'low' },
  reasoning: { effort: 'low', summary: 'auto' },
  metadata: { a: secret },
  include: ['reasoning.encrypted_content'],
  max_output_tokens: 100,
  truncation: 'auto',
  store: false,
}

/** The value with any JSON in the place of one of its parts, or without that part. */
function spoilt(value: unknown): fc.Arbitrary<unknown> {
  const paths = listPaths(value)
  return fc
    .tuple(
      fc.constantFrom(...paths),
      fc.option(fc.oneof(fc.jsonValue(), fc.constantFrom(...oddities)), { nil: undefined }),
    )
    .map(([path, other]) => replaceAt(value, path, other))
}

const oddities = [
  {},
  [],
  [null],
  [{}],
  '',
  -1,
  1e308,
  { __proto__: null, type: '__proto__' },
  'constructor',
  { type: 'toString' },
]

function listPaths(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([name, part]) => listPaths(part, [...path, name]))]
}

function replaceAt(value: unknown, [name, ...rest]: string[], other: unknown): unknown {
  if (name === undefined) return other
  if (Array.isArray(value))
    return value.map((part, index) => (String(index) === name ? replaceAt(part, rest, other) : part))
  const entries = Object.entries(value as object)
  const next = entries.map(([key, part]) => [key, key === name ? replaceAt(part, rest, other) : part] as const)
  return Object.fromEntries(next.filter(([key, part]) => key !== name || part !== undefined))
}

/** The result, or the one error that it may end in. */
function attempt<T>(code: string, work: () => T): T | null {
  try {
    return work()
  } catch (thrown) {
    if (!(thrown instanceof CairnError) || thrown.code !== code) throw thrown
    expect(thrown.message.length).toBeLessThan(400)
    expect(`${thrown.message} ${thrown.param} ${thrown.internal}`).not.toContain(secret.slice(0, 12))
    return null
  }
}

describe.each([
  ['messages', messagesRequest, messagesDialect.toChat],
  ['responses', responsesRequest, responsesDialect.toChat],
] as const)('a request of %s', (_, valid, convert) => {
  const toChat = (request: unknown, options = {}) => convert(request as MessagesRequest & ResponsesRequest, options)

  test('is converted when it is right', () => {
    expect(JSON.stringify(toChat(valid))).toContain(secret)
  })

  test('with anything wrong in it is converted or refused by a path, and its text is never told', () => {
    let refused = 0
    fc.assert(
      fc.property(spoilt(valid), fc.boolean(), (request, keepReasoning) => {
        const body = attempt('request.invalid', () => toChat(request, { keepReasoning }))
        if (body === null) refused += 1
        else expect(Array.isArray(body['messages'])).toBe(true)
      }),
      { numRuns: 4_000 },
    )
    expect(refused).toBeGreaterThan(500)
  })

  test('that is any JSON at all ends the same way', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (request) => {
        attempt('request.invalid', () => toChat(request))
      }),
      { numRuns: 500 },
    )
  })
})

describe.each([
  ['messages', messagesDialect, { ...messagesRequest } as unknown as MessagesRequest & ResponsesRequest],
  ['responses', responsesDialect, { ...responsesRequest } as unknown as MessagesRequest & ResponsesRequest],
] as const)('a model’s reply for %s', (_, dialect, request) => {
  test('of any shape is converted, or told to be malformed', () => {
    const replies = saidReplies.chain((reply) => spoilt(wholeCompletion(reply)))
    fc.assert(
      fc.property(replies, (completion) => {
        attempt('upstream.malformed', () => dialect.fromChat(completion as Record<string, unknown>, request, identity))
      }),
      { numRuns: 1_500 },
    )
  })

  test('in chunks of any shape too, and the stream can always be failed', () => {
    const streams = fc
      .tuple(saidReplies, cutters)
      .chain(([reply, cuts]) => spoilt(streamChunks(reply, { cuts, mix: true })))
      .filter((chunks) => Array.isArray(chunks))
    fc.assert(
      fc.property(streams, (chunks) => {
        const converter = dialect.openStream(request, identity)
        const isWhole = attempt('upstream.malformed', () => {
          for (const chunk of chunks) converter.push(chunk as Record<string, unknown>)
          return converter.end()
        })
        const failed = converter.fail({ message: 'lab broke off.', type: 'api_error', code: 'upstream.malformed' })
        expect(new TextDecoder().decode(failed)).toContain('event: error\n')
        expect(isWhole === null || isWhole.length > 0).toBe(true)
        expect(converter.push({ choices: [{ index: 0, delta: { content: 'late' } }] })).toHaveLength(0)
      }),
      { numRuns: 1_500 },
    )
  })
})

test('a call that goes on behind its end, or never gets a name, is malformed', () => {
  const call = (index: number, name: string, args: string) => ({
    choices: [{ index: 0, delta: { tool_calls: [{ index, id: `c${index}`, function: { name, arguments: args } }] } }],
  })
  const push = (...chunks: Record<string, unknown>[]) =>
    attempt('upstream.malformed', () => {
      const converter = responsesDialect.openStream({ model: 'm', input: 'x' }, identity)
      for (const chunk of chunks) converter.push(chunk)
      return converter.end()
    })
  expect(push(call(0, 'sum', '{}'), call(1, 'sum', '{}'))).not.toBeNull()
  expect(push(call(0, 'sum', '{}'), call(1, 'sum', '{}'), call(0, '', ' '))).not.toBeNull()
  expect(push(call(0, 'sum', '{}'), call(1, 'sum', '{}'), call(0, '', '{}'))).toBeNull()
  expect(push(call(0, '', '{}'))).toBeNull()
})

test('arguments that are no object are malformed in Anthropic’s dialect, unless the reply was cut off', () => {
  const completion = (finish_reason: string, args: string) => ({
    choices: [{ message: { tool_calls: [{ id: 'c', function: { name: 'sum', arguments: args } }] }, finish_reason }],
  })
  const request: MessagesRequest = { model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'x' }] }
  const convert = (finish: string, args: string) =>
    attempt('upstream.malformed', () => messagesDialect.fromChat(completion(finish, args), request, identity))
  for (const args of ['[1]', '"x"', '{"a":', 'nonsense']) {
    expect(convert('tool_calls', args)).toBeNull()
    expect(convert('length', args)).toMatchObject({ content: [{ input: {} }], stop_reason: 'max_tokens' })
  }
  for (const args of ['', ' ', 'null', '{}'])
    expect(convert('tool_calls', args)).toMatchObject({ content: [{ input: {} }] })
})
