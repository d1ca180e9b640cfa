/** Clients that leave, clients that read slowly, and connections that are used again. */
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { chatText, createRig, summaryOf, textOf, until, upstreamOf } from './kit/gateway-rig.ts'
import { startUpstream, type Upstream } from './kit/upstream.ts'

const streaming = ',"stream":true,"stream_options":{"include_usage":true}'
const slow = 'm!chunkDelayMs=20,chunks=500'
const fat = 'm!chunks=4000,chunkChars=32768'

let upstream: Upstream
let rig: ReturnType<typeof createRig>
const servers: { stop(force: boolean): unknown }[] = []

beforeEach(async () => {
  upstream = await startUpstream()
  rig = createRig({
    upstreams: [
      upstreamOf('lab', upstream.url, ['m', slow, fat, 'm!hang', 'm!headDelayMs=5000', 'm!body=huge', 'm!lateEndMs=3']),
    ],
    slots: { inFlight: 2_000, waiting: 0 },
  })
})
afterEach(() => upstream.close())
afterAll(() => servers.forEach((server) => void server.stop(true)))

/** Milliseconds until the provider’s socket is gone when somebody leaves who has asked it without us. */
async function leaveAlone(): Promise<number> {
  const leaving = new AbortController()
  const reply = await fetch(`${upstream.url}/chat/completions`, {
    method: 'POST',
    body: chatText(slow, streaming),
    signal: leaving.signal,
  })
  await reply.body?.getReader().read()
  leaving.abort()
  return until(() => upstream.openSockets() === 0, 10_000)
}

/** About as soon: within a tenth of a second on a machine that has nothing else to do. */
async function expectAsSoonAs(alone: number, count = 1): Promise<void> {
  expect(await until(() => upstream.openSockets() === 0, 10_000)).toBeLessThan((100 + 10 * alone) * Math.sqrt(count))
}

describe('a client that leaves closes the connection to the provider about as soon as without us', () => {
  test.each([[streaming], ['']])('while waiting for the head %s', async (more) => {
    const alone = await leaveAlone()
    const leaving = new AbortController()
    const reply = rig.chat(chatText('m!hang', more), leaving.signal).catch((thrown: unknown) => thrown)
    await until(() => upstream.openSockets() === 1, 10_000)
    leaving.abort()
    expect(await reply).toBe(leaving.signal.reason)
    await expectAsSoonAs(alone)
    expect(rig.entries).toMatchObject([{ type: 'chat.completed', outcome: 'failed', fields: { provider: 'lab' } }])
    expect(rig.routing.load()).toMatchObject([{ inFlight: 0 }])
  })

  test('in the middle of a stream, by its signal', async () => {
    const alone = await leaveAlone()
    const leaving = new AbortController()
    const { body } = await rig.chat(chatText(slow, streaming), leaving.signal)
    const reader = (body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    leaving.abort()
    await expectAsSoonAs(alone)
    await reader.read().catch(() => undefined)
    expect(rig.entries).toMatchObject([{ type: 'chat.completed', outcome: 'failed' }])
    expect(rig.routing.load()).toMatchObject([{ inFlight: 0 }])
  })

  test('in the middle of a stream, by cancelling the body', async () => {
    const alone = await leaveAlone()
    const { body } = await rig.chat(chatText(slow, streaming))
    const reader = (body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    await reader.cancel()
    await expectAsSoonAs(alone)
    expect(rig.entries).toMatchObject([{ type: 'chat.completed', outcome: 'failed', fields: { streamed: true } }])
  })

  test('over real HTTP, a hundred at once; places and sockets are all given back', async () => {
    const alone = await leaveAlone()
    const server = Bun.serve({
      port: 0,
      idleTimeout: 0,
      async fetch(request) {
        const { body, headers } = await rig.chat(await request.text(), request.signal)
        return new Response(body as ReadableStream, { headers })
      },
    })
    servers.push(server)
    // Bun makes at most 256 fetches at once in a process, and this one is client and server in one.
    const leavers = Array.from({ length: 100 }, () => new AbortController())
    await Promise.all(
      leavers.map(async ({ signal }) => {
        const response = await fetch(server.url, { method: 'POST', body: chatText(slow, streaming), signal })
        await response.body?.getReader().read()
      }),
    )
    expect(upstream.openSockets()).toBe(100)
    leavers.forEach((leaver) => leaver.abort())
    await expectAsSoonAs(alone, leavers.length)
    await until(() => rig.entries.length === 100, 10_000)
    expect(rig.routing.load()).toMatchObject([{ inFlight: 0 }])
    expect(await textOf(await rig.chat(chatText('m')))).toContain('"object":"chat.completion"')
  })
})

/** The value when it has not changed for 300 ms. */
async function settle(read: () => number): Promise<number> {
  for (let turns = 0; turns < 20; turns += 1) {
    const value = read()
    await Bun.sleep(300)
    if (value > 0 && read() === value) return value
  }
  throw new Error('it never stopped')
}

test('a slow reader stops the provider: what is not read is not fetched', async () => {
  // 4,000 frames of 32 KiB are 128 MiB.
  const { body } = await rig.chat(chatText(fat, streaming))
  const reader = (body as ReadableStream<Uint8Array>).getReader()
  await reader.read()
  const written = () => upstream.requests[0]?.sent().length ?? 0
  const before = await settle(written)
  // Socket buffers of both ends and one read: far below the whole.
  expect(before).toBeLessThan(24 * 1_048_576)
  let taken = 0
  while (taken < 2 * before) taken += (await reader.read()).value?.length ?? Number.POSITIVE_INFINITY
  expect(written()).toBeGreaterThan(before)
  await reader.cancel()
})

test('a relay that reads ahead would be caught: without back-pressure the provider writes all of it', async () => {
  const response = await fetch(`${upstream.url}/chat/completions`, {
    method: 'POST',
    body: chatText('m!chunks=1200,chunkChars=32768', streaming),
  })
  let taken = 0
  for await (const piece of response.body as ReadableStream<Uint8Array>) taken += piece.length
  expect(taken).toBeGreaterThan(24 * 1_048_576)
  expect(upstream.requests[0]?.sent().length).toBe(taken)
})

test('a reply without end is given up at its bound, and the connection closed', async () => {
  await expect(rig.chat(chatText('m!body=huge'))).rejects.toMatchObject({ code: 'upstream.malformed' })
  await until(() => upstream.openSockets() === 0, 500)
})

test('one connection serves reply after reply, JSON and streams alike, also when the end of a stream comes late', async () => {
  for (let i = 0; i < 10; i += 1) {
    await textOf(await rig.chat(i % 2 ? chatText('m!lateEndMs=3', streaming) : chatText('m')))
    await Bun.sleep(10)
  }
  expect(upstream.requests).toHaveLength(10)
  expect(upstream.totalSockets()).toBe(1)
})

test('tokens are read from the stream and recorded', async () => {
  const stream = await textOf(await rig.chat(chatText('m', streaming)))
  expect(summaryOf(stream)).toMatchObject({ tokens: { output: 8 } })
  expect(rig.entries.at(-1)).toMatchObject({ outcome: 'ok', fields: { tokensOut: 8, streamed: true } })
})
