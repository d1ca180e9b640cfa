import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { startGoogleUpstream } from './kit/vendors/google.ts'
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
  upstream = await startGoogleUpstream({ apiKey: testKey })
  rig = createVendorRig({ dialect: 'google', baseUrl: upstream.url })
})
afterAll(() => upstream.close())

const user = (content: unknown) => ({ role: 'user', content })
const sent = () => upstream.requests.at(-1)?.body ?? {}
const sentParts = (at: number) => ((sent()['contents'] as Json[])[at]?.['parts'] ?? []) as Json[]

/** Asks both ways and gives the whole reply, after checking that the stream said the same. */
async function both(body: object): Promise<{ message: Message; finish: string; usage: Json }> {
  const whole = await rig.complete(body)
  const streamed = assemble(textOfPieces(await readAll(await rig.stream(body))))
  const [choice] = whole.choices
  if (!choice) throw new Error('no choice')
  const { refusal: _, ...message } = { refusal: null, ...choice.message }
  const plain = (made: Message) => ({
    ...made,
    content: made.content || null,
    // Google gives calls no ids, so the package makes them up anew each time.
    tool_calls: made.tool_calls?.map((call) => ({ ...call, id: '' })),
  })
  expect(plain(streamed.message)).toEqual(plain(message))
  expect(streamed.finish).toBe(choice.finish_reason)
  expect(streamed.ids).toEqual(new Set([whole.id]))
  expect(streamed.usage).toEqual(whole.usage)
  return { message, finish: choice.finish_reason, usage: whole.usage ?? {} }
}

const tool = (name: string) => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { stone: { type: 'string' } } } },
})

describe('an answer is the same whole and streamed', () => {
  test('text, with the instructions at the front', async () => {
    const { message, finish } = await both({
      messages: [
        { role: 'system', content: 'Be brief.' },
        user('hello'),
        { role: 'assistant', content: 'Yes?' },
        { role: 'developer', content: 'Be kind.' },
        user('one word'),
      ],
      temperature: 0.5,
      top_p: 0.9,
      seed: 7,
      stop: ['END'],
      max_tokens: 900,
    })
    expect(message.content).toMatch(/^\w+ /)
    expect(finish).toBe('stop')
    expect(sent()).toMatchObject({
      systemInstruction: { parts: [{ text: 'Be brief.' }, { text: 'Be kind.' }] },
      generationConfig: { temperature: 0.5, topP: 0.9, seed: 7, stopSequences: ['END'], maxOutputTokens: 900 },
    })
    expect((sent()['contents'] as Json[]).map(({ role }) => role)).toEqual(['user', 'model', 'user'])
  })

  test('thoughts, and their tokens', async () => {
    const { message, usage } = await both({ messages: [user('think')], reasoning_effort: 'low' })
    expect(message.reasoning_content).toBe('weighing the stones')
    expect((usage['completion_tokens_details'] as Json)['reasoning_tokens']).toBeGreaterThan(0)
    expect((sent()['generationConfig'] as Json)['thinkingConfig']).toMatchObject({ includeThoughts: true })
  })

  test('several calls of tools, with the proof of thinking that must come back', async () => {
    const tools = [tool('look_up'), tool('weigh')]
    const { message, finish } = await both({ messages: [user('use the tools')], tools })
    expect(finish).toBe('tool_calls')
    expect(message.tool_calls?.map(({ function: called }) => called)).toEqual([
      { name: 'look_up', arguments: '{"stone":"stone"}' },
      { name: 'weigh', arguments: '{"stone":"stone"}' },
    ])
    const proof = message.tool_calls?.[0]?.extra_content
    expect(proof).toEqual({ google: { thought_signature: expect.stringMatching(/=$/) as string } })
    const ids = message.tool_calls?.map(({ id }) => id) ?? []
    expect(new Set(ids).size).toBe(2)
    await both({
      messages: [
        user('use the tools'),
        message,
        { role: 'tool', tool_call_id: ids[0], content: 'granite' },
        { role: 'tool', tool_call_id: ids[1], content: '2 kg' },
      ],
      tools,
    })
    expect(sentParts(1)[0]).toMatchObject({
      functionCall: { name: 'look_up', args: { stone: 'stone' } },
      thoughtSignature: (proof?.['google'] as Json | undefined)?.['thought_signature'],
    })
    expect(sentParts(2).map((part) => (part['functionResponse'] as Json)['name'])).toEqual(['look_up', 'weigh'])
    // The upstream checks the proof, as the service does.
    const forged = structuredClone(message)
    forged.tool_calls![0]!.extra_content = { google: { thought_signature: 'Zm9yZ2Vk' } }
    const results = ids.map((id) => ({ role: 'tool', tool_call_id: id, content: '' }))
    await failureOf(rig.complete({ messages: [user('use the tools'), forged, ...results], tools }), 'rejected')
  })

  test('JSON by a schema, and any JSON', async () => {
    const schema = { type: 'object', properties: { size: { type: 'integer' } } }
    const format = { type: 'json_schema', json_schema: { name: 'stone', schema } }
    const { message } = await both({ messages: [user('stone')], response_format: format })
    expect(JSON.parse(message.content ?? '')).toEqual({ size: 7 })
    expect(sent()['generationConfig']).toMatchObject({
      responseMimeType: 'application/json',
      responseJsonSchema: schema,
    })
    const any = await both({ messages: [user('stone')], response_format: { type: 'json_object' } })
    expect(JSON.parse(any.message.content ?? '')).toEqual({})
  })

  test('what the search found, and the proof of a text', async () => {
    const { message } = await both({ messages: [user('search and sign')] })
    // toMatchObject puts its matchers into what it compares.
    const kept = structuredClone(message)
    expect(message.extra_content).toMatchObject({
      sources: [{ type: 'url', url: 'https://stones.example/', title: 'Stones' }],
      google: { groundingMetadata: { webSearchQueries: ['stones'] }, thought_signature: expect.any(String) as string },
    })
    await both({ messages: [user('a'), kept, user('b')] })
    expect(sentParts(1)[0]).toMatchObject({ thoughtSignature: expect.any(String) as string })
  })

  test('an answer that was cut short, and one stopped for safety after its beginning', async () => {
    expect((await both({ messages: [user('long')], max_tokens: 20 })).finish).toBe('length')
    expect((await both({ messages: [user('unsafe')] })).finish).toBe('content_filter')
  })
})

describe('what the client sends arrives', () => {
  test('pictures, sound and documents as data, addresses that Google fetches itself', async () => {
    const { message } = await both({
      messages: [
        user([
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
          { type: 'input_audio', input_audio: { format: 'wav', data: 'AAAA' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
          { type: 'image_url', image_url: { url: 'https://stones.example/a.png' } },
          { type: 'text', text: 'what is it' },
        ]),
      ],
    })
    expect(message.content).toStartWith(
      'I see image/png of 12. I see audio/wav of 4. I see application/pdf of 8. I see image/png at https://stones.example/a.png. ',
    )
    expect(rig.outbound.counts()).toHaveLength(1)
  })

  test('turns of the assistant without anything in them are left out', async () => {
    await both({
      messages: [user('a'), { role: 'assistant', content: '' }, { role: 'assistant', content: null }, user('b')],
    })
    expect((sent()['contents'] as Json[]).map(({ role }) => role)).toEqual(['user', 'user'])
  })

  test.each([
    ['auto', 'AUTO', undefined],
    ['none', 'NONE', undefined],
    ['required', 'ANY', undefined],
    [{ type: 'function', function: { name: 'weigh' } }, 'ANY', ['weigh']],
  ])('the choice of tools %j', async (choice, mode, names) => {
    await rig.complete({ messages: [user('a')], tools: [tool('look_up'), tool('weigh')], tool_choice: choice })
    const config = (sent()['toolConfig'] as Json)['functionCallingConfig'] as Json
    expect(config['mode']).toBe(mode)
    expect(config['allowedFunctionNames']).toEqual(names)
  })

  test('Google’s own settings, by the names of its own OpenAI-compatible address', async () => {
    await rig.complete({
      messages: [user('a')],
      extra_body: {
        google: {
          thinking_config: { thinking_budget: 100, include_thoughts: true },
          cached_content: 'cachedContents/1',
        },
      },
    })
    expect(sent()).toMatchObject({
      cachedContent: 'cachedContents/1',
      generationConfig: { thinkingConfig: { thinkingBudget: 100, includeThoughts: true } },
    })
  })
})

describe('what cannot be honoured is refused by its path, before anything is sent', () => {
  const image = (url: string) => ({ messages: [user([{ type: 'image_url', image_url: { url } }])] })
  test.each<[string, object]>([
    ['n', { n: 3 }],
    ['logprobs', { logprobs: true }],
    ['parallel_tool_calls', { tools: [tool('a')], parallel_tool_calls: false }],
    ['google.labels', { google: { labels: {} } }],
    ['messages[0].content[0].image_url.url', image('https://stones.example/picture')],
    ['messages[0].content[0].image_url.url', image('http://stones.example/a.png')],
    ['messages[0].content[0].image_url.url', image('gs://stones/a.png')],
    ['messages[0].content[0].image_url.url', image('data:text/html;base64,AAAA')],
  ])('%s', async (param, body) => {
    const count = upstream.requests.length
    const thrown: unknown = await rig.chat({ messages: [user('a')], ...body }).catch((error: unknown) => error)
    expect(thrown).toMatchObject({ code: 'request.invalid', param })
    expect(upstream.requests).toHaveLength(count)
  })

  test.each(['../../v1/secret', 'models/../x', 'a:countTokens', 'a?key=b', 'tuned/a/b'])(
    'a name of a model that would lead to another address: %s',
    async (model) => {
      const count = upstream.requests.length
      for (const attempt of [
        () => rig.chat({ messages: [user('a')] }, { model }),
        () => rig.embeddings({ input: 'a' }, { model }),
      ])
        await expect(attempt()).rejects.toMatchObject({ code: 'request.invalid', param: 'model' })
      expect(upstream.requests).toHaveLength(count)
    },
  )
})

describe('embeddings', () => {
  const read = async (body: object) => {
    const { body: bytes, usage } = await rig.embeddings(body, { model: 'gemini-embedding-001' })
    const reply = JSON.parse(new TextDecoder().decode(bytes)) as {
      data: { index: number; embedding: number[] | string }[]
      usage?: Json
    }
    return { reply, usage }
  }

  test('of one text and of many, in order, over as many requests as the vendor wants', async () => {
    const { reply: one, usage } = await read({ input: 'stone' })
    expect(one.data).toHaveLength(1)
    expect(one.data[0]?.embedding).toHaveLength(16)
    expect(usage).toEqual({ input: (one.usage as Json)['prompt_tokens'] as number, output: 0 })
    const count = upstream.requests.length
    const { reply: many } = await read({ input: Array.from({ length: 250 }, (_, i) => `text ${i}`) })
    expect(upstream.requests.length - count).toBe(3)
    expect(many.data.map(({ index }) => index)).toEqual(Array.from({ length: 250 }, (_, i) => i))
    expect(many.data[249]?.embedding).toEqual((await read({ input: 'text 249' })).reply.data[0]?.embedding as number[])
  })

  test('as base64 the same numbers, and of the asked length', async () => {
    const { reply: floats } = await read({ input: 'stone', dimensions: 5 })
    const { reply: packed } = await read({ input: ['stone'], dimensions: 5, encoding_format: 'base64' })
    const bytes = Buffer.from(packed.data[0]?.embedding as string, 'base64')
    const numbers = Array.from({ length: 5 }, (_, i) => bytes.readFloatLE(4 * i))
    expect(numbers).toEqual([...Float32Array.from(floats.data[0]?.embedding as number[])])
  })

  test.each<[string, object]>([
    ['input', { input: [1, 2, 3] }],
    ['input', { input: [[1], [2]] }],
    ['input', { input: [] }],
    ['input', {}],
    ['encoding_format', { input: 'a', encoding_format: 'int8' }],
    ['dimensions', { input: 'a', dimensions: 'many' }],
  ])('refuse %s of %j', async (param, body) => {
    await expect(rig.embeddings(body)).rejects.toMatchObject({ code: 'request.invalid', param })
  })
})

test('the list of models is read page by page, with what each is for', async () => {
  const server = await startGoogleUpstream({ pageSize: 3 })
  const models = await createVendorRig({ dialect: 'google', baseUrl: server.url }).listModels()
  expect(models.map(({ id, kind }) => [id, kind])).toEqual([
    ['gemini-2.5-flash', 'chat'],
    ['gemini-2.5-pro', 'chat'],
    ['gemini-embedding-001', 'embedding'],
    ['imagen-4.0-generate-001', 'unknown'],
  ])
  expect(models[0]).toMatchObject({ contextWindow: 1_048_576, maxOutputTokens: 65_536 })
  await server.close()
})
