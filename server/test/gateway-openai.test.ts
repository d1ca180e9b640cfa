/** The clients that people use, unchanged, through the real program to the test upstream: `openai` for Node and curl. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import OpenAI from 'openai'
import { startServer, type RunningServer } from './harness.ts'
import { embed } from './kit/answers.ts'
import { startUpstream, type Upstream } from './kit/upstream.ts'

const models = [
  'test-chat',
  'test-reason',
  'echo',
  'test-embed',
  'test-chat!status=429,retryAfter=7',
  'test-chat!breakAfter=2',
]

let kit: Upstream
let server: RunningServer
let client: OpenAI

beforeAll(async () => {
  kit = await startUpstream({ models })
  server = await startServer({ upstreams: [{ id: 'kit', dialect: 'openai', baseUrl: kit.url, models }] })
  client = new OpenAI({ apiKey: server.ownerKey, baseURL: `${server.url}/v1`, maxRetries: 0 })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await kit.close()
})

const messages = [{ role: 'user' as const, content: 'The tide turns at four, says the harbour.' }]
const lookUp = {
  type: 'function' as const,
  function: { name: 'look_up', parameters: { type: 'object', properties: { text: { type: 'string' } } } },
}
const sent = () => kit.requests.at(-1)?.sent() ?? new Uint8Array()

describe('the openai library', () => {
  test('chats', async () => {
    const reply = await client.chat.completions.create({ model: 'echo', messages })
    expect(reply.choices[0]?.message.content).toBe(messages[0]?.content)
    expect(reply.model).toBe('echo')
    expect(reply.usage?.total_tokens).toBeGreaterThan(0)
  })

  test('streams, with usage when it asks for it and without when it does not', async () => {
    for (const withUsage of [true, false]) {
      const stream = await client.chat.completions.create({
        model: 'echo',
        messages,
        stream: true,
        ...(withUsage ? { stream_options: { include_usage: true } } : {}),
      })
      let text = ''
      let usage = 0
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? ''
        usage += chunk.usage?.total_tokens ?? 0
      }
      expect(text).toBe(messages[0]?.content ?? '')
      expect(usage > 0).toBe(withUsage)
    }
  })

  test('gets tool calls, whole and in pieces', async () => {
    const asked = {
      model: 'test-chat',
      tools: [lookUp],
      messages: [{ role: 'user' as const, content: 'use the tool: tide' }],
    }
    const whole = await client.chat.completions.create(asked)
    const call = whole.choices[0]?.message.tool_calls?.[0]
    expect(whole.choices[0]?.finish_reason).toBe('tool_calls')
    expect(call).toMatchObject({
      type: 'function',
      function: { name: 'look_up', arguments: '{"text":"use the tool: tide"}' },
    })
    const stream = client.chat.completions.stream(asked)
    const final = await stream.finalChatCompletion()
    expect(final.choices[0]?.message.tool_calls).toMatchObject([{ id: call?.id, function: { name: 'look_up' } }])
  })

  test('gets embeddings, as base 64 by default and as floats when it asks', async () => {
    const input = ['tide', '潮']
    const expected = input.map((text) => [...embed(text)])
    for (const format of [undefined, 'float', 'base64'] as const) {
      const reply = await client.embeddings.create({
        model: 'test-embed',
        input,
        ...(format ? { encoding_format: format } : {}),
      })
      const vectors = reply.data.map(({ embedding }) => readVector(embedding))
      for (const [index, vector] of vectors.entries())
        for (const [at, value] of vector.entries()) expect(value).toBeCloseTo(expected[index]?.[at] ?? Number.NaN, 6)
    }
  })

  test('lists the models: the upstream’s and the built-in one', async () => {
    const listed: string[] = []
    for await (const model of client.models.list()) listed.push(`${model.id} by ${model.owned_by}`)
    expect(listed).toContain('test-chat by kit')
    expect(listed).toContain('extractive by cairn')
    expect(new Set(listed).size).toBe(listed.length)
  })

  test('throws the class it has for each error', async () => {
    const ask = (model: string) => client.chat.completions.create({ model, messages })
    const stranger = new OpenAI({ apiKey: 'ck_wrong_0123456789', baseURL: `${server.url}/v1`, maxRetries: 0 })
    expect(await errorOf(ask('no-such-model'))).toBeInstanceOf(OpenAI.NotFoundError)
    expect(await errorOf(ask('extractive'))).toBeInstanceOf(OpenAI.BadRequestError)
    expect(await errorOf(stranger.models.list())).toBeInstanceOf(OpenAI.AuthenticationError)
    const limited = (await errorOf(ask('test-chat!status=429,retryAfter=7'))) as InstanceType<
      typeof OpenAI.RateLimitError
    >
    expect(limited).toBeInstanceOf(OpenAI.RateLimitError)
    expect(limited.headers?.get('retry-after')).toBe('7')
    expect(limited.code).toBe('upstream.rate-limited')
  })

  test('notices a stream that broke off: an error, not a short answer', async () => {
    const stream = await client.chat.completions.create({ model: 'test-chat!breakAfter=2', messages, stream: true })
    let text = ''
    const read = async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    }
    expect(await errorOf(read())).toBeInstanceOf(OpenAI.APIError)
    expect(text).not.toBe('')
  })
})

describe('curl', () => {
  const post = (path: string, body: string, more: string[] = []) =>
    curl([
      ...more,
      '-H',
      `authorization: Bearer ${server.ownerKey}`,
      '-H',
      'content-type: application/json',
      '--data-binary',
      body,
      `${server.url}${path}`,
    ])

  test('gets the upstream’s JSON byte for byte', async () => {
    const body =
      '{ "model":"test-chat" , "temperature":1.0, "messages":[{"role":"user","content":"caf\\u00e9 \\/ 潮"}] }'
    const reply = await post('/v1/chat/completions', body)
    expect(Buffer.from(kit.requests.at(-1)?.body ?? []).toString()).toBe(body)
    expect(reply.equals(sent())).toBe(true)
  })

  test('gets the upstream’s stream byte for byte when it asked for usage, but for our comment before the end', async () => {
    const body =
      '{"model":"test-reason","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"潮"}]}'
    const reply = await post('/v1/chat/completions', body, ['-N'])
    const text = reply.toString()
    expect(text.replace(/: cairn \{[^\n]*\}\n\n/, '')).toBe(Buffer.from(sent()).toString())
    expect(text.match(/: cairn /g)?.length).toBe(1)
    expect(text).toEndWith('data: [DONE]\n\n')
  })

  test('gets embeddings byte for byte', async () => {
    const reply = await post('/v1/embeddings', '{"input":["a", "b"],"model":"test-embed","encoding_format":"base64"}')
    expect(reply.equals(sent())).toBe(true)
  })

  test('sees in the headers who answered', async () => {
    const reply = await post(
      '/v1/chat/completions',
      '{"model":"test-chat","messages":[{"role":"user","content":"x"}]}',
      ['-D', '-', '-o', '/dev/null'],
    )
    for (const line of [
      'x-cairn-model: test-chat',
      'x-cairn-provider: kit',
      'x-cairn-attempts: 1',
      'x-cairn-cost-usd: 0',
    ])
      expect(reply.toString().toLowerCase()).toContain(`${line}\r\n`)
    expect(reply.toString()).toMatch(/\r\nx-request-id: req_\w+\r\n/i)
  })
})

/** What a call throws; the library's promises are of a kind that `expect().rejects` does not take. */
async function errorOf(call: PromiseLike<unknown>): Promise<unknown> {
  try {
    await call
  } catch (thrown) {
    return thrown
  }
  throw new Error('nothing was thrown')
}

/** A vector as the library gives it; asked for base 64 it leaves the text as it came. */
function readVector(embedding: number[] | string): number[] {
  if (typeof embedding !== 'string') return embedding
  const bytes = Uint8Array.from(Buffer.from(embedding, 'base64'))
  return [...new Float32Array(bytes.buffer)]
}

function curl(args: string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn('curl', ['-sS', '--max-time', '20', '--noproxy', '*', ...args])
    const chunks: Buffer[] = []
    let complaint = ''
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
    child.on('error', (error) => reject(new Error(`curl does not run: ${error.message}`)))
    child.on('close', (code) =>
      code === 0 ? resolve(Buffer.concat(chunks)) : reject(new Error(`curl ended with ${code}: ${complaint}`)),
    )
  })
}
