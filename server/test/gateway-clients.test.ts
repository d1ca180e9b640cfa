/**
 * The official client libraries of OpenAI and Anthropic, unchanged, through the real program: to a server that speaks
 * OpenAI’s dialect, where Anthropic’s requests and *responses* are converted, and to one that speaks Anthropic’s, where
 * they pass through.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { startServer, type RunningServer } from './harness.ts'
import { until } from './kit/gateway-rig.ts'
import { startUpstream, type Upstream } from './kit/upstream.ts'
import { startAnthropicUpstream } from './kit/vendors/anthropic.ts'
import { startGoogleUpstream } from './kit/vendors/google.ts'
import type { VendorUpstream } from './kit/vendors/serve.ts'

const models = [
  'test-chat',
  'test-reason',
  'echo',
  'test-embed',
  'slow!chunkDelayMs=40,chunks=400',
  'busy!status=429,retryAfter=7',
  'broken!breakAfter=2',
]

const claudeKey = 'sk-ant-test-0123456789'
const geminiKey = 'test-gemini-0123456789'

let kit: Upstream
let native: Upstream
let claude: VendorUpstream
let gemini: VendorUpstream
let server: RunningServer
let openai: OpenAI
let anthropic: Anthropic

beforeAll(async () => {
  kit = await startUpstream({ models })
  native = await startUpstream({ models: ['native-chat'], responses: true })
  claude = await startAnthropicUpstream({ apiKey: claudeKey })
  gemini = await startGoogleUpstream({ apiKey: geminiKey })
  server = await startServer({
    upstreams: [
      { id: 'kit', dialect: 'openai', baseUrl: kit.url, models },
      { id: 'native', dialect: 'openai', baseUrl: native.url, hasResponses: true, models: ['native-chat'] },
      { id: 'claude', dialect: 'anthropic', baseUrl: claude.url, apiKey: claudeKey, models: ['claude-test'] },
      {
        id: 'gemini',
        dialect: 'google',
        baseUrl: gemini.url,
        apiKey: geminiKey,
        models: ['gemini-test', { id: 'gemini-embed', capabilities: ['embeddings'] }],
      },
    ],
  })
  openai = new OpenAI({ apiKey: server.ownerKey, baseURL: `${server.url}/v1`, maxRetries: 0 })
  anthropic = new Anthropic({ apiKey: server.ownerKey, baseURL: server.url, maxRetries: 0 })
}, 60_000)

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await Promise.all([kit.close(), native.close(), claude.close(), gemini.close()])
})

const said = 'The tide turns at four, says the harbour.'
const messages = [{ role: 'user' as const, content: said }]
const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const lookUp = {
  name: 'look_up',
  description: 'Looks a word up.',
  schema: { type: 'object' as const, properties: { text: { type: 'string' } } },
}
const everyChat = ['test-chat', 'claude-test', 'gemini-test']

describe('the openai library', () => {
  test.each(everyChat)('chats with %s, whole and streamed alike', async (model) => {
    const whole = await openai.chat.completions.create({ model, messages })
    const text = whole.choices[0]?.message.content ?? ''
    expect(text.length).toBeGreaterThan(5)
    expect(whole.choices[0]?.finish_reason).toBe('stop')
    expect(whole.usage?.total_tokens).toBeGreaterThan(0)
    const stream = openai.chat.completions.stream({ model, messages, stream_options: { include_usage: true } })
    const final = await stream.finalChatCompletion()
    expect(final.choices[0]?.message.content).toBe(text)
    expect(final.usage?.total_tokens).toBe(whole.usage?.total_tokens ?? -1)
  })

  test.each(everyChat)('has %s call a tool and go on with its result', async (model) => {
    const tools = [{ type: 'function' as const, function: { name: lookUp.name, parameters: lookUp.schema } }]
    const asked = [{ role: 'user' as const, content: 'Use the tool to look up cairn.' }]
    const stream = openai.chat.completions.stream({ model, messages: asked, tools })
    const called = (await stream.finalChatCompletion()).choices[0]?.message
    const [call] = called?.tool_calls ?? []
    if (call?.type !== 'function') throw new Error('no tool was called')
    expect(call.function.name).toBe('look_up')
    expect(typeof JSON.parse(call.function.arguments)).toBe('object')
    const whole = await openai.chat.completions.create({ model, messages: asked, tools })
    expect(whole.choices[0]?.message.tool_calls).toHaveLength(1)
    const after = await openai.chat.completions.create({
      model,
      tools,
      messages: [
        ...asked,
        { role: 'assistant', content: null, tool_calls: [{ id: call.id, type: 'function', function: call.function }] },
        { role: 'tool', tool_call_id: call.id, content: 'a pile of stones' },
      ],
    })
    expect(after.choices[0]?.finish_reason).toMatch(/stop|tool_calls/)
  })

  test.each(everyChat)('sends %s a JSON schema and a picture', async (model) => {
    const reply = await openai.chat.completions.create({
      model,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } },
          ],
        },
      ],
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', schema: { type: 'object', properties: { what: { type: 'string' } } } },
      },
    })
    expect(reply.choices).toHaveLength(1)
  })

  test.each(['test-embed', 'gemini-embed'])('gets embeddings from %s', async (model) => {
    const reply = await openai.embeddings.create({ model, input: [said, 'another'] })
    expect(reply.data).toHaveLength(2)
    expect(reply.data[0]?.embedding.length).toBeGreaterThan(3)
  })

  test('lists the models of every dialect', async () => {
    const ids = (await openai.models.list()).data.map(({ id }) => id)
    expect(ids).toEqual(expect.arrayContaining(['test-chat', 'claude-test', 'gemini-test', 'extractive']))
  })

  test.each([...everyChat, 'native-chat'])('gets responses from %s, whole and streamed alike', async (model) => {
    const whole = await openai.responses.create({ model, input: said })
    expect(whole.status).toBe('completed')
    expect(whole.output_text.length).toBeGreaterThan(5)
    expect(whole.usage?.output_tokens).toBeGreaterThan(0)
    const stream = openai.responses.stream({ model, input: said })
    let text = ''
    for await (const event of stream) if (event.type === 'response.output_text.delta') text += event.delta
    const final = await stream.finalResponse()
    expect(final.output_text).toBe(whole.output_text)
    expect(text).toBe(whole.output_text)
  })

  test('gets a function call from responses and goes on with its result', async () => {
    const tools = [{ type: 'function' as const, name: 'look_up', parameters: lookUp.schema, strict: false }]
    const input = [{ role: 'user' as const, content: 'Use the tool to look up cairn.' }]
    const first = await openai.responses.create({ model: 'test-chat', input, tools })
    const call = first.output.find((item) => item.type === 'function_call')
    expect(call).toMatchObject({ name: 'look_up' })
    if (!call) return
    const output = { type: 'function_call_output' as const, call_id: call.call_id, output: 'a pile of stones' }
    const then = await openai.responses.create({ model: 'test-chat', input: [...input, call, output], tools })
    expect(then.status).toBe('completed')
  })

  test('is told what a conversion cannot carry, by its field', async () => {
    const failure = await openai.responses
      .create({ model: 'test-chat', input: said, tools: [{ type: 'web_search' }] })
      .catch((thrown: unknown) => thrown)
    expect(failure).toBeInstanceOf(OpenAI.BadRequestError)
    expect(failure).toMatchObject({ code: 'request.invalid', param: expect.stringContaining('tools') })
  })

  test('throws the class it has for each error, and is told when not to try again', async () => {
    const failureOf = async (promise: Promise<unknown>) => promise.catch((thrown: unknown) => thrown)
    const chat = (model: string) => failureOf(openai.chat.completions.create({ model, messages }))
    expect(await chat('nobody')).toBeInstanceOf(OpenAI.NotFoundError)
    const busy = await chat('busy!status=429,retryAfter=7')
    expect(busy).toBeInstanceOf(OpenAI.RateLimitError)
    expect((busy as InstanceType<typeof OpenAI.RateLimitError>).headers?.get('retry-after')).toBe('7')
    const stranger = new OpenAI({ apiKey: 'cairn_sk_wrong', baseURL: `${server.url}/v1`, maxRetries: 0 })
    expect(await failureOf(stranger.models.list())).toBeInstanceOf(OpenAI.AuthenticationError)
    const stream = await openai.chat.completions.create({ model: 'broken!breakAfter=2', messages, stream: true })
    const read = async () => {
      for await (const _ of stream);
    }
    expect(await failureOf(read())).toBeInstanceOf(OpenAI.APIError)
  })

  test('cancels: the upstream’s connection closes', async () => {
    const stream = await openai.chat.completions.create({
      model: 'slow!chunkDelayMs=40,chunks=400',
      messages,
      stream: true,
    })
    for await (const _ of stream) break
    stream.controller.abort()
    await until(() => kit.requests.at(-1)?.closed.aborted === true, 2_000)
  })
})

describe('the anthropic library', () => {
  test.each(everyChat)('gets messages from %s, whole and streamed alike', async (model) => {
    const whole = await anthropic.messages.create({ model, max_tokens: 200, messages })
    const [block] = whole.content.filter(({ type }) => type === 'text')
    const text = block?.type === 'text' ? block.text : ''
    expect(text.length).toBeGreaterThan(5)
    expect(whole.stop_reason).toBe('end_turn')
    expect(whole.usage.output_tokens).toBeGreaterThan(0)
    const final = await anthropic.messages.stream({ model, max_tokens: 200, messages }).finalMessage()
    const streamed = final.content.filter(({ type }) => type === 'text')
    expect(streamed.map((each) => (each.type === 'text' ? each.text : '')).join('')).toBe(text)
    expect(final.usage.output_tokens).toBe(whole.usage.output_tokens)
  })

  test.each(everyChat)('has %s use a tool and goes on with its result', async (model) => {
    const tools = [{ name: lookUp.name, input_schema: lookUp.schema }]
    const asked = [{ role: 'user' as const, content: 'Use the tool to look up cairn.' }]
    const first = await anthropic.messages.stream({ model, max_tokens: 200, messages: asked, tools }).finalMessage()
    expect(first.stop_reason).toBe('tool_use')
    const use = first.content.find((each) => each.type === 'tool_use')
    if (use?.type !== 'tool_use') throw new Error('no tool was used')
    expect(use.name).toBe('look_up')
    const then = await anthropic.messages.create({
      model,
      max_tokens: 200,
      tools,
      messages: [
        ...asked,
        { role: 'assistant', content: first.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: use.id, content: 'a pile of stones' }] },
      ],
    })
    expect(then.content.length).toBeGreaterThan(0)
  })

  test.each(everyChat)('shows %s a picture', async (model) => {
    const image = { type: 'base64' as const, media_type: 'image/png' as const, data: pixel }
    const content = [
      { type: 'text' as const, text: 'What is this?' },
      { type: 'image' as const, source: image },
    ]
    const reply = await anthropic.messages.create({ model, max_tokens: 50, messages: [{ role: 'user', content }] })
    expect(reply.role).toBe('assistant')
  })

  test('reaches a server of its own dialect unchanged', async () => {
    const before = claude.requests.length
    await anthropic.messages.create({ model: 'claude-test', max_tokens: 20, messages, metadata: { user_id: 'u' } })
    expect(claude.requests[before]?.body).toEqual({
      model: 'claude-test',
      max_tokens: 20,
      messages,
      metadata: { user_id: 'u' },
    })
    expect(claude.requests[before]?.headers).toMatchObject({
      'anthropic-version': expect.stringMatching(/^\d{4}-/),
      'x-api-key': claudeKey,
    })
  })

  test('throws the class it has for each error', async () => {
    const failureOf = (promise: PromiseLike<unknown>) => Promise.resolve(promise).catch((thrown: unknown) => thrown)
    const ask = (model: string) => failureOf(anthropic.messages.create({ model, max_tokens: 20, messages }))
    expect(await ask('nobody')).toBeInstanceOf(Anthropic.NotFoundError)
    expect(await ask('busy!status=429,retryAfter=7')).toBeInstanceOf(Anthropic.RateLimitError)
    const stranger = new Anthropic({ apiKey: 'cairn_sk_wrong', baseURL: server.url, maxRetries: 0 })
    expect(await failureOf(stranger.messages.create({ model: 'test-chat', max_tokens: 20, messages }))).toBeInstanceOf(
      Anthropic.AuthenticationError,
    )
    const broken = anthropic.messages.stream({ model: 'broken!breakAfter=2', max_tokens: 20, messages })
    expect(await failureOf(broken.finalMessage())).toBeInstanceOf(Anthropic.APIError)
  })

  test('cancels: the upstream’s connection closes', async () => {
    const stream = anthropic.messages.stream({ model: 'slow!chunkDelayMs=40,chunks=400', max_tokens: 900, messages })
    for await (const event of stream) if (event.type === 'content_block_delta') break
    stream.abort()
    await until(() => kit.requests.at(-1)?.closed.aborted === true, 2_000)
  })
})

test('what was used in any dialect is in the usage', async () => {
  const reply = await server.call('/api/usage?by=kind')
  const usage = (await reply.json()) as { rows: { group: string; calls: number }[] }
  const kinds = Object.fromEntries(usage.rows.map(({ group, calls }) => [group, calls]))
  for (const kind of ['chat', 'messages', 'responses', 'embedding']) expect(kinds[kind]).toBeGreaterThan(0)
})
