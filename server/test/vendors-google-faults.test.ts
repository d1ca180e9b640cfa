import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { startGoogleUpstream } from './kit/vendors/google.ts'
import {
  assemble,
  createVendorRig,
  failureOf,
  readAll,
  testKey,
  textOfPieces,
  type VendorRigOptions,
} from './kit/vendors/rig.ts'
import type { VendorFaults, VendorUpstream } from './kit/vendors/serve.ts'

let upstream: VendorUpstream
let rig: ReturnType<typeof createVendorRig>
beforeAll(async () => {
  upstream = await startGoogleUpstream({ apiKey: testKey })
  rig = createVendorRig({ dialect: 'google', baseUrl: upstream.url })
})
afterAll(() => upstream.close())

const user = (content: unknown) => ({ role: 'user', content })

async function withFaults<T>(
  faults: VendorFaults,
  run: (own: ReturnType<typeof createVendorRig>, server: VendorUpstream) => Promise<T>,
  options: Partial<VendorRigOptions> = {},
): Promise<T> {
  const server = await startGoogleUpstream({ always: faults })
  try {
    return await run(createVendorRig({ dialect: 'google', baseUrl: server.url, ...options }), server)
  } finally {
    await server.close()
  }
}

const ask = { messages: [user('hello')] }

describe('what the vendor’s errors mean', () => {
  test.each<[string, VendorFaults]>([
    ['credentials', { status: 401 }],
    ['credentials', { status: 403 }],
    ['credentials', { status: 400, message: 'API key not valid. Please pass a valid API key.' }],
    ['rate-limited', { status: 429 }],
    ['failed', { status: 500 }],
    ['failed', { status: 503 }],
    [
      'failed',
      { status: 400, type: 'FAILED_PRECONDITION', message: 'User location is not supported for the API use.' },
    ],
    ['timeout', { status: 504 }],
    ['rejected', { status: 400 }],
    ['rejected', { status: 404 }],
    [
      'context-length',
      {
        status: 400,
        message: 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
      },
    ],
    ['failed', { status: 502, body: 'html' }],
    ['malformed', { body: 'html' }],
    ['malformed', { body: 'malformed' }],
    ['unreachable', { reset: true }],
  ])('%s for %j, whole and streamed, after one request', async (kind, faults) => {
    await withFaults(faults, async (own, server) => {
      const whole = await failureOf(own.complete(ask))
      expect(server.requests).toHaveLength(1)
      const streamed = await failureOf(own.stream(ask))
      expect(server.requests).toHaveLength(2)
      expect([whole.kind, streamed.kind]).toEqual([kind, kind] as never)
      expect(`${whole.message}${whole.internal}`).not.toContain(testKey)
    })
  })

  test('the time to wait is read from Google’s details too', async () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '17s' }]
    const failure = await withFaults({ status: 429, details }, (own) => failureOf(own.complete(ask), 'rate-limited'))
    expect(failure.retryAfterMs).toBe(17_000)
  })

  test('a prompt that was blocked lets another provider try', async () => {
    await failureOf(rig.complete({ messages: [user('refuse')] }), 'content-policy')
    await failureOf(rig.stream({ messages: [user('refuse')] }), 'content-policy')
  })

  test('a wrong key is told as ours', async () => {
    const own = createVendorRig({ dialect: 'google', baseUrl: upstream.url, apiKey: 'AIzaSyWrong0123456789' })
    const failure = await failureOf(own.complete(ask), 'credentials')
    expect(failure.spec.status).toBe(502)
    expect(failure.message).not.toContain('AIza')
  })
})

describe('streams that break', () => {
  test('an error before the first word is a failure that another provider may answer; after it, a broken stream', async () => {
    await withFaults({ errorAfter: 0 }, (own) => failureOf(own.stream(ask), 'failed'))
    for (const errorAfter of [1, 3])
      await withFaults({ errorAfter }, (own) => failureOf(own.stream(ask).then(readAll), 'broken-stream'))
  })

  // Six events, of which the last one tells the end.
  test.each(['cutAfter', 'endAfter', 'garbageAfter'] as const)('%s never gives a clean end', async (fault) => {
    for (const after of [0, 1, 2, 5])
      await withFaults({ [fault]: after }, async (own) => {
        const failure = await failureOf(own.stream(ask).then(readAll))
        expect(['broken-stream', 'malformed']).toContain(failure.kind)
      })
  })

  test('what was counted until then is known', async () => {
    await withFaults({ cutAfter: 3 }, async (own) => {
      const stream = await own.stream(ask)
      await failureOf(readAll(stream), 'broken-stream')
      expect(stream.usage()).toMatchObject({
        input: expect.any(Number) as number,
        output: expect.any(Number) as number,
      })
    })
  })

  test('silence ends it', async () => {
    const timeouts = { idleTimeoutMs: 80 }
    for (const silentAfter of [0, 2])
      await withFaults({ silentAfter }, (own) => failureOf(own.stream(ask).then(readAll), 'timeout'), { timeouts })
  })

  test.each([
    ['MALFORMED_FUNCTION_CALL', ''],
    ['UNEXPECTED_TOOL_CALL', ''],
    ['OTHER', ''],
    ['OTHER', 'a stone'],
  ])('an end for another reason (%s) is a failure, and after “%s” not told as a whole answer', async (reason, text) => {
    const content = text === '' ? {} : { parts: [{ text }] }
    const bad = { candidates: [{ content, finishReason: reason }] }
    const server = Bun.serve({
      port: 0,
      fetch: (request) =>
        request.url.includes('stream')
          ? new Response(`data: ${JSON.stringify(bad)}\n\n`, { headers: { 'content-type': 'text/event-stream' } })
          : Response.json(bad),
    })
    const own = createVendorRig({ dialect: 'google', baseUrl: server.url.href })
    if (text === '') {
      await failureOf(own.complete(ask), 'malformed')
      await failureOf(own.stream(ask), 'malformed')
    } else {
      const choice = (await own.complete(ask)).choices[0]
      expect(choice).toMatchObject({ finish_reason: 'length', native_finish_reason: reason })
      expect(assemble(textOfPieces(await readAll(await own.stream(ask)))).finish).toBe('length')
    }
    await server.stop(true)
  })

  test('a server that wants to be asked on and on is not', async () => {
    let requests = 0
    const more = {
      candidates: [{ content: { parts: [{ text: 'x' }] }, finishReason: 'CONTINUATION', continuationToken: 't' }],
    }
    const server = Bun.serve({
      port: 0,
      fetch: (request) => {
        requests += 1
        return request.url.includes('stream')
          ? new Response(`data: ${JSON.stringify(more)}\n\n`, { headers: { 'content-type': 'text/event-stream' } })
          : Response.json(more)
      },
    })
    const own = createVendorRig({ dialect: 'google', baseUrl: server.url.href })
    await failureOf(own.complete(ask), 'malformed')
    expect(requests).toBe(8)
    await failureOf(own.stream(ask).then(readAll))
    expect(requests).toBe(16)
    await server.stop(true)
  })
})

describe('the client’s side of a stream', () => {
  test('leaving closes the vendor’s socket', async () => {
    await withFaults({ chunkDelayMs: 20, words: 1_000 }, async (own, server) => {
      const stream = await own.stream(ask)
      await stream.read()
      const pending = stream.read().then(() => stream.read())
      stream.cancel()
      await pending.catch(() => undefined)
      await stream.settled
      await Bun.sleep(50)
      expect(server.openSockets()).toBe(0)
    })
  })

  test('a slow reader slows the vendor', async () => {
    await withFaults({ words: 4_000, wordChars: 16_000 }, async (own, server) => {
      const stream = await own.stream(ask)
      await stream.read()
      await Bun.sleep(300)
      const before = server.requests[0]?.sent().length ?? 0
      expect(before).toBeLessThan(24e6)
      await Bun.sleep(100)
      expect(server.requests[0]?.sent().length).toBe(before)
      stream.cancel()
    })
  })

  test('the reply calls the model what the client called it', async () => {
    expect((await rig.complete(ask, { answerAs: 'mine' })).model).toBe('mine')
    expect(textOfPieces(await readAll(await rig.stream(ask, { answerAs: 'mine' })))).toContain('"model":"mine"')
  })
})

describe('embeddings', () => {
  test('with an error of the vendor are a failure', async () => {
    await withFaults({ status: 429 }, (own) => failureOf(own.embeddings({ input: 'a' }), 'rate-limited'))
    await withFaults({ body: 'malformed' }, (own) => failureOf(own.embeddings({ input: 'a' }), 'malformed'))
  })
})
