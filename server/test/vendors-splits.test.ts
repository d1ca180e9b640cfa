import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { UpstreamFailure, type ChatStream } from '../src/providers/index.ts'
import { listen, type Exchange, type SocketServer } from './kit/http-socket.ts'
import { startAnthropicUpstream } from './kit/vendors/anthropic.ts'
import { startGoogleUpstream } from './kit/vendors/google.ts'
import { createVendorRig, readAll, textOfPieces } from './kit/vendors/rig.ts'

/** A stream with text beyond ASCII, thinking and a call of a tool, as the upstreams of the kit send it. */
const ask = {
  messages: [{ role: 'user', content: 'use the tool, explain, ça va 🪨' }],
  tools: [
    {
      type: 'function',
      function: { name: 'look_up', parameters: { type: 'object', properties: { stone: { enum: ['granité 🪨'] } } } },
    },
  ],
  reasoning_effort: 'low',
  max_tokens: 9_000,
}

const seed = Number(process.env['CAIRN_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

describe.each(['anthropic', 'google', 'messages'] as const)('however the bytes of a stream come (%s)', (kind) => {
  const dialect = kind === 'google' ? 'google' : 'anthropic'
  let whole: Uint8Array
  let server: SocketServer
  let send: (exchange: Exchange) => Promise<void>
  let rig: ReturnType<typeof createVendorRig>

  beforeAll(async () => {
    const upstream = dialect === 'google' ? await startGoogleUpstream() : await startAnthropicUpstream()
    await readAll(await createVendorRig({ dialect, baseUrl: upstream.url }).stream(ask))
    whole = Buffer.from(upstream.requests[0]?.sent() ?? [])
    await upstream.close()
    server = await listen({ port: 0, host: '127.0.0.1', handle: (exchange) => send(exchange) })
    rig = createVendorRig({ dialect, baseUrl: `http://127.0.0.1:${server.port}` })
  })
  afterAll(() => server.close())

  async function open(): Promise<ChatStream> {
    if (kind !== 'messages') return rig.stream(ask)
    const reply = await rig.messages('{"model":"claude-sonnet-4-5","stream":true}', { stream: true })
    if (reply.kind !== 'stream') throw new Error('no stream came')
    return reply.stream
  }

  /** What the client gets, without what is made anew for every reply. */
  async function read(): Promise<string> {
    const stream = await open()
    const text = textOfPieces(await readAll(stream)) + new TextDecoder().decode(stream.ending())
    const calls = [...text.matchAll(/"id":"([^"]+)","type":"function"/g)].map(([, id]) => id ?? '')
    return calls.reduce((told, id) => told.replaceAll(id, 'call'), text).replace(/"created":\d+/g, '"created":0')
  }

  async function write(exchange: Exchange, cuts: readonly number[]): Promise<void> {
    exchange.head(200, { 'content-type': 'text/event-stream' })
    const edges = [0, ...new Set([...cuts].sort((a, b) => a - b)), whole.length]
    for (const [index, start] of edges.slice(0, -1).entries()) {
      await exchange.write(whole.slice(start, edges[index + 1]))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  test('the client gets the same', async () => {
    send = async (exchange) => {
      await write(exchange, [])
      exchange.end()
    }
    const expected = await read()
    expect(expected).toContain(kind === 'messages' ? 'message_stop' : 'data: [DONE]')
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: whole.length - 1 }), { maxLength: 40 }), async (cuts) => {
        send = async (exchange) => {
          await write(exchange, cuts)
          exchange.end()
        }
        expect(await read()).toBe(expected)
      }),
      { seed, numRuns: 60 },
    )
  })

  test('a cut anywhere is no clean end, whether the connection closes or the reply seems finished', async () => {
    // Behind the last event there is nothing to lose.
    const lastFrame = Buffer.from(whole).lastIndexOf(kind === 'google' ? 'data:' : 'event:')
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: lastFrame }), fc.boolean(), async (at, closes) => {
        send = async (exchange) => {
          exchange.head(200, { 'content-type': 'text/event-stream' })
          await exchange.write(whole.slice(0, at))
          if (closes) exchange.cut()
          else exchange.end()
        }
        const thrown: unknown = await read().catch((error: unknown) => error)
        expect(thrown).toBeInstanceOf(UpstreamFailure)
        expect(['broken-stream', 'malformed', 'unreachable']).toContain((thrown as UpstreamFailure).kind)
      }),
      { seed, numRuns: 120 },
    )
  })
})
