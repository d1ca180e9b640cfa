import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { startAnthropicUpstream } from './kit/vendors/anthropic.ts'
import {
  assemble,
  createVendorRig,
  failureOf,
  readAll,
  testKey,
  textOfPieces,
  type Message,
} from './kit/vendors/rig.ts'
import type { Json, VendorUpstream } from './kit/vendors/serve.ts'

let upstream: VendorUpstream
let rig: ReturnType<typeof createVendorRig>
beforeAll(async () => {
  upstream = await startAnthropicUpstream({ apiKey: testKey })
  rig = createVendorRig({ dialect: 'anthropic', baseUrl: upstream.url })
})
afterAll(() => upstream.close())

const user = (content: unknown) => ({ role: 'user', content })
const sent = () => upstream.requests.at(-1)?.body ?? {}

/** Asks both ways and gives the whole reply, after checking that the stream said the same. */
async function both(body: object): Promise<{ message: Message; finish: string; usage: Json }> {
  const whole = await rig.complete(body)
  const stream = await rig.stream(body)
  const streamed = assemble(textOfPieces(await readAll(stream)))
  const [choice] = whole.choices
  if (!choice) throw new Error('no choice')
  const { refusal: _, ...message } = { refusal: null, ...choice.message }
  // Deltas cannot tell no text from an empty one.
  expect(streamed.message).toEqual({ ...message, content: message.content || null })
  expect(streamed.finish).toBe(choice.finish_reason)
  expect(streamed.ids).toEqual(new Set([whole.id]))
  expect(streamed.usage).toEqual(whole.usage)
  return { message, finish: choice.finish_reason, usage: whole.usage ?? {} }
}

const lookup = {
  type: 'function',
  function: {
    name: 'look_up',
    description: 'Looks a stone up',
    parameters: { type: 'object', properties: { stone: { type: 'string' }, depth: { type: 'integer' } } },
  },
}

describe('an answer is the same whole and streamed', () => {
  test('text, with instructions from anywhere put to the front', async () => {
    const { message, finish } = await both({
      messages: [
        { role: 'system', content: 'Be brief.' },
        user('hello'),
        { role: 'assistant', content: 'Yes?' },
        { role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] },
        user([{ type: 'text', text: 'one word' }]),
      ],
      temperature: 0.5,
      top_p: 0.9,
      stop: 'END',
      user: 'person-7',
      seed: 7,
      frequency_penalty: 0,
    })
    expect(message.content).toMatch(/^\w+ /)
    expect(finish).toBe('stop')
    expect(sent()).toMatchObject({
      system: [
        { type: 'text', text: 'Be brief.' },
        { type: 'text', text: 'Be kind.' },
      ],
      temperature: 0.5,
      stop_sequences: ['END'],
      metadata: { user_id: 'person-7' },
    })
    expect((sent()['messages'] as Json[]).map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
  })

  test('reasoning, with its signature beside it', async () => {
    const { message, usage } = await both({ messages: [user('think')], reasoning_effort: 'medium', max_tokens: 5_000 })
    expect(message.reasoning_content).toBe('weighing the stones')
    expect(message.extra_content?.['anthropic']).toMatchObject({
      thinking_blocks: [
        { type: 'thinking', thinking: 'weighing the stones', signature: expect.stringMatching(/=$/) as string },
      ],
      stop_reason: 'end_turn',
    })
    expect(usage['completion_tokens_details']).toEqual({ reasoning_tokens: expect.any(Number) as number })
    expect((usage['completion_tokens_details'] as Json)['reasoning_tokens']).toBeGreaterThan(0)
  })

  test('a tool call, its arguments as JSON text', async () => {
    const { message, finish } = await both({ messages: [user('use the tool, explain')], tools: [lookup] })
    expect(finish).toBe('tool_calls')
    expect(message.content).toBe('I look.')
    expect(message.tool_calls).toEqual([
      {
        id: expect.stringMatching(/^toolu_/) as string,
        type: 'function',
        function: { name: 'look_up', arguments: '{"stone":"stone","depth":7}' },
      },
    ])
  })

  test('a call without arguments has an empty object', async () => {
    const bare = { type: 'function', function: { name: 'now' } }
    const { message } = await both({ messages: [user('tool')], tools: [bare] })
    expect(message.content).toBeNull()
    expect(message.tool_calls?.[0]?.function).toEqual({ name: 'now', arguments: '{}' })
  })

  test('JSON by a schema, natively and by a forced tool', async () => {
    const schema = {
      type: 'object',
      properties: { name: { type: 'string' }, size: { type: 'integer' } },
      required: ['name', 'size'],
      additionalProperties: false,
    }
    const format = { type: 'json_schema', json_schema: { name: 'stone', strict: true, schema } }
    const { message, finish } = await both({ messages: [user('stone')], response_format: format })
    expect(JSON.parse(message.content ?? '')).toEqual({ name: 'stone', size: 7 })
    expect(finish).toBe('stop')
    expect((sent()['output_config'] as Json)['format']).toMatchObject({ type: 'json_schema' })
    const open = await both({ messages: [user('stone')], response_format: { type: 'json_object' } })
    expect(JSON.parse(open.message.content ?? '')).toBeObject()
    expect(sent()).toMatchObject({ tool_choice: { type: 'any' } })
  })

  test('an answer that was cut short, and one that was refused after its beginning', async () => {
    expect((await both({ messages: [user('long')], max_tokens: 2 })).finish).toBe('length')
    const refused = await both({ messages: [user('refuse')], reasoning_effort: 'low', max_tokens: 9_000 })
    expect(refused.finish).toBe('content_filter')
  })

  test('citations of a document are kept', async () => {
    const file = { filename: 'a.txt', file_data: 'data:text/plain;base64,dGhlIHN0b25lcw==' }
    const part = { type: 'file', file, citations: { enabled: true }, title: 'Stones', context: 'A list' }
    const { message } = await both({ messages: [user([part, { type: 'text', text: 'what?' }])] })
    expect(JSON.stringify(sent())).toContain('"title":"Stones","context":"A list","citations":{"enabled":true}')
    expect(message.extra_content).toMatchObject({
      anthropic: { citations: [{ type: 'char_location', cited_text: 'the stones' }] },
      sources: [{ type: 'document', title: 'a.txt', details: { anthropic: { citedText: 'the stones' } } }],
    })
  })
})

describe('what the client sends arrives', () => {
  test('pictures as data and by address, documents, each where Anthropic wants it', async () => {
    const image = 'data:image/png;base64,iVBORw0KGgo='
    const { message } = await both({
      messages: [
        user([
          { type: 'image_url', image_url: { url: image, detail: 'high' } },
          { type: 'image_url', image_url: { url: 'https://stones.example/a.png' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
          { type: 'file', file: { file_data: 'data:text/plain;base64,c3RvbmU=' } },
          { type: 'text', text: 'what is it' },
        ]),
      ],
    })
    expect(message.content).toStartWith(
      'I see image image/png of 12. I see image https://stones.example/a.png. I see document application/pdf of 8. I see document text/plain of 5. ',
    )
    // Nothing but the vendor was called: neither the picture's address nor anything else.
    expect(rig.outbound.counts()).toHaveLength(1)
  })

  test('results of tools in one turn, and thinking with its signature, which the vendor checks', async () => {
    const asked = {
      messages: [user('use the tool')],
      tools: [lookup, { ...lookup }],
      reasoning_effort: 'low',
      max_tokens: 9_000,
    }
    const first = await rig.complete({ ...asked, tools: [lookup] })
    const message = first.choices[0]?.message
    const id = message?.tool_calls?.[0]?.id
    const { message: second } = await both({
      ...asked,
      tools: [lookup],
      messages: [...asked.messages, message, { role: 'tool', tool_call_id: id, content: 'granite' }],
    })
    expect(second.content).toBeString()
    const [, assistant, results] = sent()['messages'] as { content: Json[] }[]
    expect(assistant?.content.map(({ type }) => type)).toEqual(['thinking', 'tool_use'])
    expect(results?.content).toEqual([{ type: 'tool_result', tool_use_id: id, content: 'granite' }])
    const forged = structuredClone(message)
    const blocks =
      (forged?.extra_content?.['anthropic'] as { thinking_blocks: Json[] } | undefined)?.thinking_blocks ?? []
    blocks[0] = { ...blocks[0], thinking: 'weighing gold' }
    const failure = await failureOf(
      rig.complete({
        ...asked,
        tools: [lookup],
        messages: [...asked.messages, forged, { role: 'tool', tool_call_id: id, content: 'x' }],
      }),
      'rejected',
    )
    expect(failure.message).toContain('signature')
  })

  test('thinking without a signature, as of another vendor, is left out', async () => {
    await rig.complete({
      messages: [user('a'), { role: 'assistant', reasoning_content: 'hm', content: 'b' }, user('c')],
    })
    expect(JSON.stringify(sent())).not.toContain('hm')
  })

  test.each([
    ['auto', { type: 'auto' }],
    ['none', { type: 'none' }],
    ['required', { type: 'any' }],
    [
      { type: 'function', function: { name: 'look_up' } },
      { type: 'tool', name: 'look_up' },
    ],
  ])('the choice of tools %j', async (choice, wanted) => {
    await rig.complete({ messages: [user('a')], tools: [lookup], tool_choice: choice })
    expect(sent()['tool_choice']).toMatchObject(wanted)
  })

  test('one tool at a time, when asked for', async () => {
    await rig.complete({ messages: [user('a')], tools: [lookup], parallel_tool_calls: false })
    expect(sent()['tool_choice']).toMatchObject({ disable_parallel_tool_use: true })
  })

  test('marks of the prompt cache, and the counts that come of them', async () => {
    const body = {
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'x'.repeat(5_000), cache_control: { type: 'ephemeral' } }] },
        user('cached'),
      ],
    }
    const first = await rig.chat(body)
    const second = await rig.chat(body)
    expect(JSON.stringify(sent()['system'])).toContain('"cache_control":{"type":"ephemeral"}')
    if (first.kind !== 'json' || second.kind !== 'json') throw new Error('streams')
    expect(first.usage.cacheWrite).toBeGreaterThan(1_000)
    expect(second.usage).toMatchObject({ cacheWrite: 0, cacheRead: first.usage.cacheWrite as number })
    expect(second.usage.input).toBe(first.usage.input)
  })

  test('the client’s bound covers thinking too, so that a reservation holds', async () => {
    await rig.complete({ messages: [user('a')], reasoning_effort: 'high', max_completion_tokens: 3_000 })
    expect(sent()).toMatchObject({ max_tokens: 3_000, thinking: { type: 'enabled', budget_tokens: 2_400 } })
    await rig.complete({ messages: [user('a')], reasoning_effort: 'high', max_completion_tokens: 1_000 })
    expect(sent()).toMatchObject({ max_tokens: 1_000 })
    expect(sent()['thinking']).toBeUndefined()
  })

  test('Anthropic’s own setting for thinking', async () => {
    await rig.complete({
      messages: [user('a')],
      thinking: { type: 'enabled', budget_tokens: 2_000 },
      max_tokens: 9_000,
    })
    expect(sent()).toMatchObject({ max_tokens: 9_000, thinking: { type: 'enabled', budget_tokens: 2_000 } })
  })
})

describe('what cannot be honoured is refused by its path, before anything is sent', () => {
  test.each<[string, object]>([
    ['n', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['top_logprobs', { top_logprobs: 3 }],
    ['logit_bias', { logit_bias: { 50256: -100 } }],
    ['audio', { audio: { voice: 'x' } }],
    ['modalities', { modalities: ['text', 'audio'] }],
    ['functions', { functions: [{}] }],
    ['web_search_options', { web_search_options: {} }],
    ['tools[0].type', { tools: [{ type: 'custom' }] }],
    ['tools[0].function.name', { tools: [{ type: 'function', function: {} }] }],
    [
      'tools[0].function.name',
      { tools: [{ type: 'function', function: { name: 'json' } }], response_format: { type: 'json_object' } },
    ],
    ['tool_choice', { tool_choice: 'required' }],
    ['tool_choice.function.name', { tools: [lookup], tool_choice: { type: 'function', function: { name: 'other' } } }],
    ['response_format.type', { response_format: { type: 'grammar' } }],
    ['reasoning_effort', { reasoning_effort: 'extreme' }],
    ['temperature', { temperature: 'hot' }],
    ['stop[1]', { stop: ['a', 1] }],
    ['messages', { messages: [{ role: 'system', content: 'alone' }] }],
    ['messages[0].role', { messages: [{ role: 'function', content: 'x' }] }],
    ['messages[0].content[0].type', { messages: [user([{ type: 'video_url' }])] }],
    [
      'messages[0].content[0].input_audio',
      { messages: [user([{ type: 'input_audio', input_audio: { format: 'wav', data: 'AAAA' } }])] },
    ],
    [
      'messages[0].content[0].image_url.url',
      { messages: [user([{ type: 'image_url', image_url: { url: 'http://127.0.0.1/a.png' } }])] },
    ],
    [
      'messages[0].content[0].image_url.url',
      { messages: [user([{ type: 'image_url', image_url: { url: 'data:image/tiff;base64,AAAA' } }])] },
    ],
    [
      'messages[0].content[0].image_url.url',
      { messages: [user([{ type: 'image_url', image_url: { url: 'data:image/png;base64,<>' } }])] },
    ],
    ['messages[0].content[0].file.file_id', { messages: [user([{ type: 'file', file: { file_id: 'file-1' } }])] }],
    ['messages[1].tool_call_id', { messages: [user('a'), { role: 'tool', tool_call_id: 'call_1', content: 'x' }] }],
    [
      'messages[1].tool_calls[0].function.arguments',
      {
        messages: [
          user('a'),
          { role: 'assistant', tool_calls: [{ id: 'c', type: 'function', function: { name: 'x', arguments: '{' } }] },
        ],
      },
    ],
  ])('%s', async (param, body) => {
    const count = upstream.requests.length
    const thrown: unknown = await rig.chat({ messages: [user('a')], ...body }).catch((error: unknown) => error)
    expect(thrown).toMatchObject({ code: 'request.invalid', param })
    expect(upstream.requests).toHaveLength(count)
  })

  test('a forced tool, and JSON without a schema, at models that take none', async () => {
    const model = 'claude-opus-5-5'
    const forced = { messages: [user('a')], tools: [lookup], tool_choice: 'required' }
    await expect(rig.chat(forced, { model })).rejects.toMatchObject({ code: 'request.invalid', param: 'tool_choice' })
    const open = { messages: [user('a')], response_format: { type: 'json_object' } }
    await expect(rig.chat(open, { model })).rejects.toMatchObject({ code: 'request.invalid', param: 'response_format' })
    await rig.complete({ ...forced, tool_choice: 'auto', reasoning_effort: 'high', max_tokens: 900 }, { model })
    expect(sent()).toMatchObject({ max_tokens: 900, thinking: { type: 'adaptive' }, output_config: { effort: 'high' } })
  })

  test('a schema nested without end', async () => {
    const deep = `{"type":"object","properties":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`
    const tool = `{"type":"function","function":{"name":"x","parameters":${deep}}}`
    const body = new TextEncoder().encode(`{"model":"m","messages":[{"role":"user","content":"a"}],"tools":[${tool}]}`)
    const call = { body, model: 'm', answerAs: null, stream: false, includeUsage: false }
    await expect(rig.provider.chat(call, rig.contextOf())).rejects.toMatchObject({ code: 'request.invalid' })
  })

  test('fields that only tune or bill the service of OpenAI are left out', async () => {
    const count = upstream.requests.length
    await rig.complete({
      messages: [user('a')],
      n: 1,
      logprobs: false,
      logit_bias: {},
      store: true,
      metadata: { a: 'b' },
      service_tier: 'auto',
      prediction: { type: 'content', content: 'x' },
      prompt_cache_key: 'k',
      presence_penalty: 0.5,
      stream_options: { include_usage: true },
      unheard_of: 1,
    })
    expect(upstream.requests).toHaveLength(count + 1)
    expect(Object.keys(sent()).sort()).toEqual(['max_tokens', 'messages', 'model'])
  })
})

describe('the list of models', () => {
  test('is read page by page, with limits and capabilities', async () => {
    const server = await startAnthropicUpstream({ pageSize: 2 })
    const models = await createVendorRig({ dialect: 'anthropic', baseUrl: server.url }).listModels()
    expect(models.map(({ id }) => id)).toEqual(['claude-sonnet-4-5', 'claude-haiku-4-5', 'claude-opus-4-1'])
    expect(models[0]).toMatchObject({ kind: 'chat', contextWindow: 200_000, capabilities: { vision: true } })
    expect(server.requests).toHaveLength(2)
    await server.close()
  })

  test('ends although a server says without end that there is more', async () => {
    const server = Bun.serve({
      port: 0,
      fetch: () => Response.json({ data: [{ id: 'a' }], has_more: true, last_id: 'a' }),
    })
    const models = await createVendorRig({ dialect: 'anthropic', baseUrl: server.url.href }).listModels()
    expect(models).toHaveLength(10)
    await server.stop(true)
  })
})

test('there are no embeddings, and the refusal says so', async () => {
  await expect(rig.embeddings({ input: 'x' })).rejects.toMatchObject({ code: 'model.capability', param: 'model' })
})
