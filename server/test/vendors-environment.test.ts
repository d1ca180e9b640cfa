import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import type { ChatReply } from '../src/providers/index.ts'
import { startAnthropicUpstream } from './kit/vendors/anthropic.ts'
import { startGoogleUpstream } from './kit/vendors/google.ts'
import { createVendorRig, testKey } from './kit/vendors/rig.ts'
import type { VendorUpstream } from './kit/vendors/serve.ts'

const upstreams: Partial<Record<'anthropic' | 'google', VendorUpstream>> = {}
beforeAll(async () => {
  upstreams.anthropic = await startAnthropicUpstream()
  upstreams.google = await startGoogleUpstream()
})
afterAll(async () => {
  await upstreams.anthropic?.close()
  await upstreams.google?.close()
})

function upstreamOf(dialect: 'anthropic' | 'google'): VendorUpstream {
  const upstream = upstreams[dialect]
  if (!upstream) throw new Error('not started')
  return upstream
}

describe.each(['anthropic', 'google'] as const)('%s', (dialect) => {
  test('keys, addresses and proxies in the environment change nothing, with and without a key of ours', async () => {
    const trapped: string[] = []
    const trap = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: (request) => {
        trapped.push(request.url)
        return new Response('trap', { status: 500 })
      },
    })
    const folder = mkdtempSync(join(tmpdir(), 'cairn-vendor-'))
    const file = join(folder, 'child.ts')
    const kit = JSON.stringify(join(import.meta.dir, 'kit/vendors/rig.ts'))
    writeFileSync(
      file,
      `import { createVendorRig, readAll } from ${kit}
      const baseUrl = ${JSON.stringify(upstreamOf(dialect).url)}
      const ask = { messages: [{ role: 'user', content: 'hello' }] }
      for (const apiKey of ['of-the-configuration', null]) {
        const rig = createVendorRig({ dialect: ${JSON.stringify(dialect)}, baseUrl, apiKey })
        await rig.complete(ask)
        await readAll(await rig.stream(ask))
        await rig.listModels()
        await rig.embeddings({ input: 'a' }).catch(() => undefined)
      }`,
    )
    const before = upstreamOf(dialect).requests.length
    const child = Bun.spawn([process.execPath, file], {
      cwd: folder,
      env: {
        PATH: process.env['PATH'] ?? '',
        ANTHROPIC_API_KEY: 'of-the-environment',
        ANTHROPIC_AUTH_TOKEN: 'of-the-environment',
        ANTHROPIC_BASE_URL: trap.url.href,
        GOOGLE_GENERATIVE_AI_API_KEY: 'of-the-environment',
        GOOGLE_API_KEY: 'of-the-environment',
        GEMINI_API_KEY: 'of-the-environment',
        HTTP_PROXY: trap.url.href,
        HTTPS_PROXY: trap.url.href,
      },
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    expect({ out, err, code: await child.exited }).toEqual({ out: '', err: '', code: 0 })
    expect(trapped).toEqual([])
    const seen = upstreamOf(dialect).requests.slice(before)
    expect(seen.length).toBeGreaterThanOrEqual(6)
    expect(JSON.stringify(seen.map(({ headers }) => headers))).not.toContain('of-the-environment')
    const name = dialect === 'anthropic' ? 'x-api-key' : 'x-goog-api-key'
    const keys = seen.map(({ headers }) => headers[name])
    expect(new Set(keys)).toEqual(new Set(['of-the-configuration', undefined]))
    await trap.stop(true)
    rmSync(folder, { recursive: true })
  })

  test('nothing is printed and no secret is kept in what is thrown', async () => {
    const failing =
      dialect === 'anthropic'
        ? await startAnthropicUpstream({ always: { status: 500, message: `key ${testKey}` } })
        : await startGoogleUpstream({ always: { status: 500, message: `key ${testKey}` } })
    const rig = createVendorRig({ dialect, baseUrl: failing.url })
    const secretNote = 'the combination is 4711'
    const thrown: unknown = await rig
      .complete({ messages: [{ role: 'user', content: secretNote }] })
      .catch((error: unknown) => error)
    const told = Bun.inspect(thrown, { depth: 20 })
    expect(told).toContain('upstream.failed')
    expect(told).not.toContain(testKey)
    expect(told).not.toContain(secretNote)
    await failing.close()
  })

  describe('the official OpenAI client', () => {
    /** Its requests go straight to the provider, and it reads what the provider gives back. */
    function openClient(): OpenAI {
      const rig = createVendorRig({ dialect, baseUrl: upstreamOf(dialect).url })
      return new OpenAI({
        apiKey: 'x',
        baseURL: 'http://cairn.invalid/v1',
        maxRetries: 0,
        fetch: async (_url, init) => {
          const body = JSON.parse(init?.body as string) as { stream?: boolean }
          return toResponse(await rig.chat(body, { answerAs: 'fast' }))
        },
      })
    }
    const model = 'fast'
    const tools = [
      {
        type: 'function' as const,
        function: { name: 'look_up', parameters: { type: 'object', properties: { stone: { type: 'string' } } } },
      },
    ]

    test('reads whole replies and streams, with usage', async () => {
      const client = openClient()
      const ask = { model, messages: [{ role: 'user' as const, content: 'hello' }] }
      const whole = await client.chat.completions.create(ask)
      const stream = client.chat.completions.stream({ ...ask, stream_options: { include_usage: true } })
      const streamed = await stream.finalChatCompletion()
      expect(streamed.choices[0]?.message.content).toBe(whole.choices[0]?.message.content ?? '')
      expect(streamed.usage).toEqual(whole.usage as NonNullable<typeof whole.usage>)
      expect(streamed.model).toBe('fast')
    })

    test('runs tools in a stream and sends the results back', async () => {
      const client = openClient()
      const messages = [{ role: 'user' as const, content: 'use the tool' }]
      const first = await client.chat.completions.stream({ model, messages, tools }).finalChatCompletion()
      const message = first.choices[0]?.message
      if (!message) throw new Error('no message')
      const call = message.tool_calls?.[0]
      expect(call).toMatchObject({ type: 'function', function: { name: 'look_up', arguments: '{"stone":"stone"}' } })
      const second = await client.chat.completions.create({
        model,
        tools,
        messages: [...messages, message, { role: 'tool', tool_call_id: call?.id ?? '', content: 'granite' }],
      })
      expect(second.choices[0]?.finish_reason).toBe('stop')
    })

    test('parses JSON by a schema', async () => {
      const schema = {
        type: 'object',
        properties: { size: { type: 'integer' } },
        required: ['size'],
        additionalProperties: false,
      }
      const reply = await openClient().chat.completions.parse({
        model,
        messages: [{ role: 'user', content: 'a stone' }],
        response_format: { type: 'json_schema', json_schema: { name: 'stone', strict: true, schema } },
      })
      expect(reply.choices[0]?.message.parsed as unknown).toEqual({ size: 7 })
    })
  })
})

function toResponse(reply: ChatReply): Response {
  if (reply.kind === 'json')
    return new Response(new Uint8Array(reply.body), { headers: { 'content-type': 'application/json' } })
  const { stream } = reply
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const piece = await stream.read()
      controller.enqueue(piece ? piece.bytes : stream.ending())
      if (!piece) controller.close()
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}
