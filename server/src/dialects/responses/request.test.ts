import { describe, expect, test } from 'bun:test'
import type { ResponsesRequest } from '@cairn/contract'
import type OpenAI from 'openai'
import { CairnError } from '../../base/index.ts'
import { toChat } from './request.ts'

type Params = Partial<OpenAI.Responses.ResponseCreateParams> | Record<string, unknown>

function convert(part: Params, keepReasoning = false): OpenAI.ChatCompletionCreateParams {
  return toChat({ model: 'm', input: 'Hi', ...part } as ResponsesRequest, { keepReasoning })
}

function refusalOf(part: Params): { path: string | null; message: string } {
  try {
    convert(part)
  } catch (thrown) {
    if (thrown instanceof CairnError && thrown.code === 'request.invalid')
      return { path: thrown.param, message: thrown.message }
    throw thrown
  }
  throw new Error('it was not refused')
}

const sum = {
  type: 'function' as const,
  name: 'sum',
  description: 'Adds.',
  parameters: { type: 'object' },
  strict: true,
}
const take = { type: 'function' as const, name: 'take', parameters: null, strict: null }
const chatSum = {
  type: 'function',
  function: { name: 'sum', description: 'Adds.', parameters: { type: 'object' }, strict: true },
}
const chatTake = { type: 'function', function: { name: 'take' } }

describe('a response request becomes a chat request', () => {
  test('with its settings under the names of the other dialect', () => {
    expect(
      convert({
        instructions: 'Be brief.',
        max_output_tokens: 50,
        temperature: 0.3,
        top_p: 0.9,
        reasoning: { effort: 'minimal', summary: 'auto' },
        metadata: { run: '1' },
        store: false,
        background: false,
        truncation: 'auto',
        include: ['reasoning.encrypted_content'],
        prompt_cache_key: 'k',
        safety_identifier: 'u-1',
        text: { format: { type: 'text' }, verbosity: 'low' },
        parallel_tool_calls: true,
        tool_choice: 'auto',
        stream: true,
      }),
    ).toEqual({
      model: 'm',
      max_tokens: 50,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
      temperature: 0.3,
      top_p: 0.9,
      reasoning_effort: 'minimal',
      user: 'u-1',
      stream: true,
      stream_options: { include_usage: true },
    })
  })

  test('with the form of its answer', () => {
    const schema = { type: 'object', properties: {} }
    expect(convert({ text: { format: { type: 'json_object' } } }).response_format).toEqual({ type: 'json_object' })
    const format = { type: 'json_schema' as const, name: 'height', description: 'd', schema, strict: true }
    expect(convert({ text: { format } }).response_format).toEqual({
      type: 'json_schema',
      json_schema: { name: 'height', description: 'd', schema, strict: true },
    })
  })

  test.each([
    [undefined, { tools: [chatSum, chatTake] }],
    ['required', { tools: [chatSum, chatTake], tool_choice: 'required' }],
    [
      { type: 'function', name: 'sum' },
      { tools: [chatSum, chatTake], tool_choice: { type: 'function', function: { name: 'sum' } } },
    ],
    [
      { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'take' }] },
      { tools: [chatTake], tool_choice: 'required' },
    ],
  ])('with its tools and the choice %j', (tool_choice, expected) => {
    const { tools, tool_choice: choice } = convert({ tools: [sum, take], ...(tool_choice && { tool_choice }) })
    expect(JSON.parse(JSON.stringify({ tools, tool_choice: choice }))).toEqual(expected)
  })

  const input = [
    { role: 'developer', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'input_text', text: 'Look:' },
        { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'low' },
        { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' },
      ],
    },
    { type: 'reasoning', id: 'r1', summary: [{ type: 'summary_text', text: 'So.' }], encrypted_content: 'x' },
    {
      type: 'message',
      id: 'm1',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'I' }],
    },
    { type: 'function_call', call_id: 'c1', name: 'sum', arguments: '{"a":1}' },
    { type: 'reasoning', id: 'r2', summary: [], content: [{ type: 'reasoning_text', text: 'Then.' }] },
    { type: 'function_call', call_id: 'c2', name: 'take', arguments: '{}' },
    {
      type: 'function_call_output',
      call_id: 'c2',
      output: [{ type: 'input_image', image_url: 'https://example.org/a.png', detail: 'auto' }],
    },
    { type: 'function_call_output', call_id: 'c1', output: '3' },
    { role: 'assistant', content: 'Three.' },
    { role: 'assistant', content: [{ type: 'refusal', refusal: 'No more.' }] },
    { role: 'user', content: 'Thanks' },
  ]
  const calls = [
    { id: 'c1', type: 'function', function: { name: 'sum', arguments: '{"a":1}' } },
    { id: 'c2', type: 'function', function: { name: 'take', arguments: '{}' } },
  ]

  test('with all items of a conversation, the calls of a turn in one message', () => {
    expect(convert({ input }).messages as unknown).toEqual([
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Look:' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'low' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' } },
        ],
      },
      { role: 'assistant', content: 'I', tool_calls: calls },
      { role: 'tool', tool_call_id: 'c2', content: '(1 attached in the next message)' },
      { role: 'tool', tool_call_id: 'c1', content: '3' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Attached to the result of c2:' },
          { type: 'image_url', image_url: { url: 'https://example.org/a.png', detail: 'auto' } },
        ],
      },
      { role: 'assistant', content: 'Three.' },
      { role: 'assistant', content: null, refusal: 'No more.' },
      { role: 'user', content: 'Thanks' },
    ])
  })

  test('with earlier reasoning only for a provider that wants it', () => {
    expect(convert({ input }, true).messages[2] as unknown).toEqual({
      role: 'assistant',
      content: 'I',
      tool_calls: calls,
      reasoning_content: 'So.Then.',
    })
  })
})

describe('what a chat request cannot carry is refused by its path', () => {
  test.each([
    ['input', { input: [] }],
    ['input[0].role', { input: [{ role: 'tool', content: 'x' }] }],
    ['input[0].type', { input: [{ type: 'web_search_call', id: 'x' }] }],
    ['input[0].id', { input: [{ type: 'item_reference', id: 'm1' }] }],
    ['input[0].content[0].type', { input: [{ role: 'user', content: [{ type: 'input_video' }] }] }],
    ['input[0].content[0].file_id', { input: [{ role: 'user', content: [{ type: 'input_image', file_id: 'f' }] }] }],
    ['input[0].content[0].file_url', { input: [{ role: 'user', content: [{ type: 'input_file', file_url: 'f' }] }] }],
    [
      'input[0].content[0].image_url',
      { input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'file:///etc/passwd' }] }] },
    ],
    [
      'input[0].content[0]',
      { input: [{ role: 'system', content: [{ type: 'input_image', image_url: 'https://example.org/a' }] }] },
    ],
    ['input[0].call_id', { input: [{ type: 'function_call_output', output: 'x' }] }],
    ['tools[0].type', { tools: [{ type: 'web_search' }] }],
    ['tools[1].type', { tools: [sum, { type: 'mcp', server_label: 'x' }] }],
    ['tool_choice', { tool_choice: 'required' }],
    ['tool_choice.type', { tools: [sum], tool_choice: { type: 'file_search' } }],
    ['tool_choice.tools', { tools: [sum], tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [] } }],
    ['store', { store: true }],
    ['background', { background: true }],
    ['previous_response_id', { previous_response_id: 'resp_1' }],
    ['conversation', { conversation: { id: 'c' } }],
    ['prompt', { prompt: { id: 'p' } }],
    ['moderation', { moderation: { model: 'x' } }],
    ['include[0]', { include: ['message.output_text.logprobs'] }],
    ['top_logprobs', { top_logprobs: 3 }],
    ['truncation', { truncation: 'middle' }],
    ['reasoning.effort', { reasoning: { effort: 'extreme' } }],
    ['text.format.type', { text: { format: { type: 'grammar' } } }],
    ['metadata', { metadata: { a: 1 } }],
  ])('%s', (path, part) => {
    const refusal = refusalOf(part)
    expect(refusal.path).toBe(path)
    expect(refusal.message).toStartWith(path)
  })

  test('and says that Cairn keeps nothing', () => {
    expect(refusalOf({ previous_response_id: 'resp_1' }).message).toBe(
      'previous_response_id: Cairn keeps no responses; send the whole conversation as input.',
    )
  })
})
