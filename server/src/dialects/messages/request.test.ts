import { describe, expect, test } from 'bun:test'
import type Anthropic from '@anthropic-ai/sdk'
import type { MessagesRequest } from '@cairn/contract'
import type OpenAI from 'openai'
import { CairnError } from '../../base/index.ts'
import { anthropicErrorType } from './errors.ts'
import { toChat } from './request.ts'

const question = { role: 'user' as const, content: 'How high is it?' }

function convert(
  part: Partial<Anthropic.MessageCreateParams> | Record<string, unknown>,
): OpenAI.ChatCompletionCreateParams {
  const request = { model: 'claude', max_tokens: 50, messages: [question], ...part }
  return toChat(request as MessagesRequest)
}

function refusalOf(part: Record<string, unknown>): { path: string | null; message: string } {
  try {
    convert(part)
  } catch (thrown) {
    if (thrown instanceof CairnError && thrown.code === 'request.invalid')
      return { path: thrown.param, message: thrown.message }
    throw thrown
  }
  throw new Error('it was not refused')
}

const user = (...content: Anthropic.ContentBlockParam[]) => ({ messages: [{ role: 'user' as const, content }] })
const png = 'iVBORw0KGgo='

describe('a request in Anthropic’s dialect becomes a chat request', () => {
  test('with its settings under the names of the other dialect', () => {
    expect(
      convert({
        system: [
          { type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } },
          { type: 'text', text: 'Be kind.' },
        ],
        stop_sequences: ['END'],
        temperature: 0.3,
        top_p: 0.9,
        top_k: 40,
        metadata: { user_id: 'u-1' },
        service_tier: 'auto',
        stream: true,
      }),
    ).toEqual({
      model: 'claude',
      max_tokens: 50,
      messages: [{ role: 'system', content: 'Be brief.\n\nBe kind.' }, question],
      stop: ['END'],
      temperature: 0.3,
      top_p: 0.9,
      user: 'u-1',
      stream: true,
      stream_options: { include_usage: true },
    })
  })

  test('with nothing that was not asked for', () => {
    const user_id = 'x'.repeat(65)
    expect(convert({ stop_sequences: [], tools: [], stream: false, system: '', metadata: { user_id } })).toEqual({
      model: 'claude',
      max_tokens: 50,
      messages: [question],
    })
  })

  test.each([
    [{ thinking: { type: 'enabled', budget_tokens: 1_024 } }, 'low'],
    [{ thinking: { type: 'enabled', budget_tokens: 10_000 } }, 'medium'],
    [{ thinking: { type: 'enabled', budget_tokens: 32_000 } }, 'high'],
    [{ thinking: { type: 'adaptive' } }, undefined],
    [{ thinking: { type: 'disabled' } }, undefined],
    [{ thinking: { type: 'adaptive' }, output_config: { effort: 'xhigh' } }, 'xhigh'],
  ])('with the effort of %j', (part, effort) => {
    expect(convert(part).reasoning_effort as string | undefined).toBe(effort)
  })

  test.each(['output_config', 'output_format'])('with the schema of its answer from %s', (place) => {
    const format = { type: 'json_schema', schema: { type: 'object', properties: { height: { type: 'number' } } } }
    expect(
      convert(place === 'output_format' ? { output_format: format } : { output_config: { format } }),
    ).toMatchObject({
      response_format: { type: 'json_schema', json_schema: { name: 'reply', schema: format.schema, strict: true } },
    })
  })

  const tool: Anthropic.Tool = { name: 'sum', description: 'Adds.', input_schema: { type: 'object' }, strict: true }
  const chatTool = {
    type: 'function',
    function: { name: 'sum', description: 'Adds.', parameters: { type: 'object' }, strict: true },
  }

  test.each([
    [undefined, {}],
    [{ type: 'auto' }, { tool_choice: 'auto' }],
    [
      { type: 'any', disable_parallel_tool_use: true },
      { tool_choice: 'required', parallel_tool_calls: false },
    ],
    [{ type: 'tool', name: 'sum' }, { tool_choice: { type: 'function', function: { name: 'sum' } } }],
    [{ type: 'none' }, { tool_choice: 'none' }],
  ])('with its tools and the choice %j', (tool_choice, expected) => {
    const {
      tools,
      tool_choice: choice,
      parallel_tool_calls,
    } = convert({ tools: [tool], ...(tool_choice && { tool_choice }) })
    expect(JSON.parse(JSON.stringify({ tools, tool_choice: choice, parallel_tool_calls }))).toEqual({
      tools: [chatTool],
      ...expected,
    })
  })

  test('with images and documents', () => {
    const { messages } = convert(
      user(
        { type: 'text', text: 'Look:' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
        { type: 'image', source: { type: 'url', url: 'https://example.org/a.png' } },
        {
          type: 'document',
          title: 'Log',
          context: 'From May.',
          source: { type: 'text', media_type: 'text/plain', data: 'Rain.' },
        },
        { type: 'document', title: 'a.pdf', source: { type: 'base64', media_type: 'application/pdf', data: png } },
        { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'Part.' }] } },
        { type: 'search_result', title: 'T', source: 'S', content: [{ type: 'text', text: 'Found.' }] },
      ),
    )
    expect(messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Look:' },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
          { type: 'image_url', image_url: { url: 'https://example.org/a.png' } },
          { type: 'text', text: 'Log\nFrom May.\nRain.' },
          { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${png}` } },
          { type: 'text', text: 'Part.' },
          { type: 'text', text: 'T\nS\nFound.' },
        ],
      },
    ])
  })

  test('text alone stays text', () => {
    expect(convert(user({ type: 'text', text: 'a' }, { type: 'text', text: 'b' })).messages).toEqual([
      { role: 'user', content: 'a\n\nb' },
    ])
  })

  test('with calls, and their results right behind them', () => {
    const { messages } = convert({
      messages: [
        question,
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Hm.', signature: 's' },
            { type: 'text', text: 'Let me ' },
            { type: 'text', text: 'look.' },
            { type: 'tool_use', id: 't1', name: 'sum', input: { a: [1] } },
            { type: 'tool_use', id: 't2', name: 'shot', input: {} },
            { type: 'text', text: 'There.' },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Go on.' },
            { type: 'tool_result', tool_use_id: 't1', content: 'no such file', is_error: true },
            {
              type: 'tool_result',
              tool_use_id: 't2',
              content: [
                { type: 'text', text: 'Taken.' },
                { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
              ],
            },
          ],
        },
        { role: 'system', content: 'Be brief.' },
      ],
    })
    expect(messages).toEqual([
      question,
      {
        role: 'assistant',
        content: 'Let me look.\n\nThere.',
        tool_calls: [
          { id: 't1', type: 'function', function: { name: 'sum', arguments: '{"a":[1]}' } },
          { id: 't2', type: 'function', function: { name: 'shot', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 't1', content: 'Error: no such file' },
      { role: 'tool', tool_call_id: 't2', content: 'Taken. (1 attached in the next message)' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Attached to the result of t2:' },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
          { type: 'text', text: 'Go on.' },
        ],
      },
      { role: 'system', content: 'Be brief.' },
    ])
  })

  test('an empty result, and one without content', () => {
    const { messages } = convert({
      messages: [
        question,
        { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'sum', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1' }] },
      ],
    })
    expect(messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 't1', type: 'function', function: { name: 'sum', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 't1', content: '' },
    ])
  })
})

describe('what a chat request cannot carry is refused by its path', () => {
  test.each([
    ['messages[0].role', { messages: [{ role: 'tool', content: 'x' }] }],
    ['messages[0].content', { messages: [{ role: 'user', content: [] }] }],
    ['messages[0].content[1].type', user({ type: 'text', text: 'x' }, { type: 'container_upload', file_id: 'f' })],
    ['messages[0].content[0].source.type', user({ type: 'image', source: { type: 'file', file_id: 'f' } })],
    ['messages[0].content[0].source.url', user({ type: 'image', source: { type: 'url', url: 'file:///etc/passwd' } })],
    ['messages[0].content[0].source.type', user({ type: 'document', source: { type: 'url', url: 'https://x.org/a' } })],
    [
      'messages[0].content[0].source.data',
      user({ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'not base64' } }),
    ],
    [
      'messages[0].content[0].citations.enabled',
      user({
        type: 'document',
        citations: { enabled: true },
        source: { type: 'text', media_type: 'text/plain', data: 'x' },
      }),
    ],
    [
      'messages[0].content[0].content[0].type',
      user({ type: 'tool_result', tool_use_id: 't', content: [{ type: 'tool_reference', tool_name: 'x' }] }),
    ],
    [
      'messages[0].content[0].input',
      { messages: [{ role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'sum', input: 'x' }] }] },
    ],
    ['tools[0].type', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
    ['tools[0].input_schema', { tools: [{ name: 'sum' }] }],
    ['tool_choice', { tool_choice: { type: 'any' } }],
    ['container', { container: 'c1' }],
    ['mcp_servers', { mcp_servers: [{ type: 'url', url: 'https://x.org' }] }],
    ['inference_geo', { inference_geo: 'eu' }],
    ['max_tokens', { max_tokens: 0 }],
    ['thinking.type', { thinking: { type: 'deep' } }],
    ['output_config.effort', { output_config: { effort: 'extreme' } }],
  ])('%s', (path, part) => {
    const refusal = refusalOf(part)
    expect(refusal.path).toBe(path)
    expect(refusal.message).toStartWith(path)
  })

  test('with the word that stood there, shortened', () => {
    const { message } = refusalOf({ tools: [{ type: `web_search_${'x'.repeat(500)}\u0007` }] })
    expect(message).toStartWith('tools[0].type: "web_search_xxx')
    expect(message.length).toBeLessThan(220)
  })
})

test('a deep schema is refused, however deep it is', () => {
  let deep: Record<string, unknown> = { type: 'object' }
  for (let level = 0; level < 100_000; level += 1) deep = { items: deep }
  expect(refusalOf({ tools: [{ name: 'sum', input_schema: deep }] }).path).toBe('tools[0].input_schema')
})

test.each([
  ['request.invalid', 'invalid_request_error'],
  ['access.unauthenticated', 'authentication_error'],
  ['access.forbidden', 'permission_error'],
  ['model.not-found', 'not_found_error'],
  ['limit.requests', 'rate_limit_error'],
  ['server.busy', 'overloaded_error'],
  ['upstream.timeout', 'timeout_error'],
  ['upstream.failed', 'api_error'],
  ['toString', 'api_error'],
  [413, 'invalid_request_error'],
  [529, 'overloaded_error'],
  [500, 'api_error'],
] as const)('%p is called %s', (error, type) => {
  const word: Anthropic.ErrorType = anthropicErrorType(error)
  expect(word).toBe(type)
})
