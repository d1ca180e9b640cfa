import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { ChatReply } from '../src/providers/index.ts'
import { startAnthropicUpstream } from './kit/vendors/anthropic.ts'
import { createVendorRig, failureOf, readAll, testKey, textOfPieces } from './kit/vendors/rig.ts'
import type { VendorFaults, VendorUpstream } from './kit/vendors/serve.ts'

let upstream: VendorUpstream
let rig: ReturnType<typeof createVendorRig>
beforeAll(async () => {
  upstream = await startAnthropicUpstream({ apiKey: testKey })
  rig = createVendorRig({ dialect: 'anthropic', baseUrl: upstream.url })
})
afterAll(() => upstream.close())

/** As no serialiser writes it, so that the first changed byte shows. */
const odd = (model: string, more = '') =>
  `{ "max_tokens":1e2, "messages" : [{"role":"user","content":"caf\\u00e9 \\/ \\"model\\"", "model":"nested"}],\n"model":${JSON.stringify(model)}${more} }`

async function streamOf(reply: Promise<ChatReply>) {
  const made = await reply
  if (made.kind !== 'stream') throw new Error('no stream came')
  return made.stream
}

describe('requests in Anthropic’s own dialect pass through', () => {
  test('byte for byte, and so does the reply', async () => {
    const body = odd('claude-sonnet-4-5')
    const reply = await rig.messages(body)
    expect(new TextDecoder().decode(upstream.requests.at(-1)?.bytes)).toBe(body)
    if (reply.kind !== 'json') throw new Error('a stream came')
    expect(Buffer.from(reply.body)).toEqual(Buffer.from(upstream.requests.at(-1)?.sent() ?? []))
    expect(reply.text).toMatch(/^\w+ /)
    expect(reply.usage).toMatchObject({ input: expect.any(Number) as number, output: expect.any(Number) as number })
  })

  test('but for the name of the model, where it differs', async () => {
    const reply = await rig.messages(odd('fast'), { answerAs: 'fast' })
    expect(new TextDecoder().decode(upstream.requests.at(-1)?.bytes)).toBe(odd('claude-sonnet-4-5'))
    expect(reply.kind === 'json' && new TextDecoder().decode(reply.body)).toContain('"model":"fast"')
  })

  test('streams too, with the end held back so that something may be told before it', async () => {
    const stream = await streamOf(rig.messages(odd('claude-sonnet-4-5', ',"stream":true'), { stream: true }))
    const pieces = await readAll(stream)
    const whole = textOfPieces(pieces) + new TextDecoder().decode(stream.ending())
    expect(whole).toBe(new TextDecoder().decode(upstream.requests.at(-1)?.sent()))
    expect(new TextDecoder().decode(stream.ending())).toBe('event: message_stop\ndata: {"type":"message_stop"}\n\n')
    expect(pieces.map(({ text }) => text).join('')).toMatch(/^(\w+ ){6}$/)
    expect(pieces.every(({ bytes, withoutUsage }) => bytes === withoutUsage)).toBe(true)
    expect(stream.usage()).toMatchObject({ input: expect.any(Number) as number, output: expect.any(Number) as number })
    await stream.settled
  })

  test('the model’s name in a stream is the client’s', async () => {
    const stream = await streamOf(rig.messages(odd('fast', ',"stream":true'), { stream: true, answerAs: 'fast' }))
    const text = textOfPieces(await readAll(stream))
    expect(text).toContain('"model":"fast"')
    expect(text).not.toContain('claude')
  })

  test('with the version and the betas that the client named, and our key', async () => {
    const headers = {
      'anthropic-version': '2024-01-01',
      'anthropic-beta': 'a-1,b-2',
      'x-api-key': 'theirs',
      cookie: 'no',
    }
    await rig.messages(odd('claude-sonnet-4-5'), { headers })
    expect(upstream.requests.at(-1)?.headers).toMatchObject({
      'anthropic-version': '2024-01-01',
      'anthropic-beta': 'a-1,b-2',
      'x-api-key': testKey,
    })
    expect(upstream.requests.at(-1)?.headers['cookie']).toBeUndefined()
    await rig.messages(odd('claude-sonnet-4-5'))
    expect(upstream.requests.at(-1)?.headers['anthropic-version']).toBe('2023-06-01')
  })

  test('thinking counts as content and not as text', async () => {
    const body = odd('claude-sonnet-4-5', ',"stream":true,"thinking":{"type":"adaptive"}')
    const pieces = await readAll(await streamOf(rig.messages(body, { stream: true })))
    expect(pieces.map(({ text }) => text).join('')).not.toContain('weighing')
    const chars = pieces.reduce((sum, piece) => sum + (piece.chars ?? 0), 0)
    expect(chars).toBe('weighing the stones'.length + pieces.map(({ text }) => text).join('').length)
  })
})

describe('failures of such requests', () => {
  const body = odd('claude-sonnet-4-5', ',"stream":true')

  async function withFaults(faults: VendorFaults, run: (own: typeof rig, server: VendorUpstream) => Promise<unknown>) {
    const server = await startAnthropicUpstream({ always: faults })
    const timeouts = { idleTimeoutMs: 100 }
    await run(createVendorRig({ dialect: 'anthropic', baseUrl: server.url, timeouts }), server)
    await server.close()
  }

  test('before the first word have their kind', async () => {
    await withFaults({ status: 529 }, (own) => failureOf(own.messages(body, { stream: true }), 'failed'))
    await withFaults({ status: 401 }, (own) => failureOf(own.messages(body), 'credentials'))
    await withFaults({ errorAfter: 2 }, (own) => failureOf(own.messages(body, { stream: true }), 'failed'))
    await withFaults({ body: 'type' }, (own) => failureOf(own.messages(body, { stream: true }), 'malformed'))
    await withFaults({ body: 'malformed' }, (own) => failureOf(own.messages(body), 'malformed'))
    await withFaults({ silentAfter: 2 }, (own) => failureOf(own.messages(body, { stream: true }), 'timeout'))
  })

  test('after it are a broken stream: an error event, silence apart, and every way of ending early', async () => {
    for (const fault of ['errorAfter', 'cutAfter', 'endAfter'] as const)
      for (const after of [4, 9, 10, 11])
        await withFaults({ [fault]: after }, (own) =>
          failureOf(streamOf(own.messages(body, { stream: true })).then(readAll), 'broken-stream'),
        )
    await withFaults({ silentAfter: 5 }, (own) =>
      failureOf(streamOf(own.messages(body, { stream: true })).then(readAll), 'timeout'),
    )
  })

  test('events of a later day pass through', async () => {
    await withFaults({ unknownEvents: true }, async (own, server) => {
      const stream = await streamOf(own.messages(body, { stream: true }))
      const whole = textOfPieces(await readAll(stream)) + new TextDecoder().decode(stream.ending())
      expect(whole).toBe(new TextDecoder().decode(server.requests[0]?.sent()))
    })
  })

  test('leaving closes the vendor’s socket', async () => {
    await withFaults({ chunkDelayMs: 20, words: 1_000 }, async (own, server) => {
      const stream = await streamOf(own.messages(body, { stream: true }))
      await stream.read()
      stream.cancel()
      await stream.settled
      await Bun.sleep(50)
      expect(server.openSockets()).toBe(0)
    })
  })
})

describe('Anthropic’s own client works with the upstream of the kit, which shows that its shape is right', () => {
  const open = (server: VendorUpstream) =>
    new Anthropic({ apiKey: testKey, baseURL: server.url.replace(/\/v1$/, ''), maxRetries: 0 })
  const model = 'claude-sonnet-5-5'
  const tools = [
    { name: 'look_up', input_schema: { type: 'object' as const, properties: { stone: { type: 'string' } } } },
  ]

  test('messages, tools, thinking and usage', async () => {
    const client = open(upstream)
    const message = await client.messages.create({
      model,
      max_tokens: 4_000,
      thinking: { type: 'adaptive' },
      tools,
      messages: [{ role: 'user', content: 'use the tool' }],
    })
    expect(message.content.map(({ type }) => type)).toEqual(['thinking', 'tool_use'])
    expect(message.stop_reason).toBe('tool_use')
    expect(message.usage.output_tokens).toBeGreaterThan(0)
    const call = message.content.find(({ type }) => type === 'tool_use') as { id: string } | undefined
    const next = await client.messages.create({
      model,
      max_tokens: 4_000,
      thinking: { type: 'adaptive' },
      tools,
      messages: [
        { role: 'user', content: 'use the tool' },
        { role: 'assistant', content: message.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: call?.id ?? '', content: 'granite' }] },
      ],
    })
    expect(next.stop_reason).toBe('end_turn')
  })

  test('streams, whose final message is the whole one', async () => {
    const client = open(upstream)
    const ask = {
      model,
      max_tokens: 4_000,
      thinking: { type: 'adaptive' as const },
      tools,
      messages: [{ role: 'user' as const, content: 'use the tool, explain' }],
    }
    const whole = await client.messages.create(ask)
    const streamed = await client.messages.stream(ask).finalMessage()
    expect(streamed.content as unknown).toEqual(whole.content)
    expect(streamed.usage).toMatchObject({ output_tokens: whole.usage.output_tokens })
  })

  test('pictures, models in pages, errors by class', async () => {
    const client = open(upstream)
    const message = await client.messages.create({
      model,
      max_tokens: 100,
      messages: [
        {
          role: 'user',
          content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } }],
        },
      ],
    })
    expect(JSON.stringify(message.content)).toContain('I see image image/png of 12')
    const paged = await startAnthropicUpstream({ pageSize: 1 })
    const ids: string[] = []
    for await (const { id } of open(paged).models.list()) ids.push(id)
    expect(ids).toEqual(['claude-sonnet-4-5', 'claude-haiku-4-5', 'claude-opus-4-1'])
    await paged.close()
    const ask = { model, max_tokens: 9, messages: [{ role: 'user' as const, content: 'a' }] }
    for (const [status, kind] of [
      [401, Anthropic.AuthenticationError],
      [404, Anthropic.NotFoundError],
      [429, Anthropic.RateLimitError],
      [529, Anthropic.InternalServerError],
    ] as const) {
      const failing = await startAnthropicUpstream({ always: { status } })
      expect(
        await open(failing)
          .messages.create(ask)
          .catch((error: unknown) => error),
      ).toBeInstanceOf(kind)
      await failing.close()
    }
    const overloaded = await startAnthropicUpstream({ always: { errorAfter: 4 } })
    const stream = open(overloaded).messages.stream(ask)
    await expect(stream.finalMessage()).rejects.toThrow('Overloaded')
    await overloaded.close()
  })
})
