import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { startAnthropicUpstream } from './kit/vendors/anthropic.ts'
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
  upstream = await startAnthropicUpstream({ apiKey: testKey })
  rig = createVendorRig({ dialect: 'anthropic', baseUrl: upstream.url })
})
afterAll(() => upstream.close())

const user = (content: unknown) => ({ role: 'user', content })
const sent = () => upstream.requests.at(-1)?.body ?? {}

async function withFaults<T>(
  faults: VendorFaults,
  run: (own: ReturnType<typeof createVendorRig>, server: VendorUpstream) => Promise<T>,
  options: Partial<VendorRigOptions> = {},
): Promise<T> {
  const server = await startAnthropicUpstream({ always: faults })
  try {
    return await run(createVendorRig({ dialect: 'anthropic', baseUrl: server.url, ...options }), server)
  } finally {
    await server.close()
  }
}

const ask = { messages: [user('hello')] }

describe('what the vendor’s errors mean', () => {
  test.each<[string, VendorFaults]>([
    ['credentials', { status: 401 }],
    ['credentials', { status: 402 }],
    ['credentials', { status: 403 }],
    ['credentials', { status: 400, message: 'Your credit balance is too low to access the Anthropic API.' }],
    ['rate-limited', { status: 429 }],
    ['failed', { status: 500 }],
    ['failed', { status: 529 }],
    ['timeout', { status: 504 }],
    ['rejected', { status: 400 }],
    ['rejected', { status: 404 }],
    ['rejected', { status: 413 }],
    ['context-length', { status: 400, message: 'prompt is too long: 210000 tokens > 200000 maximum' }],
    ['context-length', { status: 400, message: 'input length and `max_tokens` exceed context limit: 1 + 2 > 2' }],
    ['content-policy', { status: 400, message: 'Output blocked by content filtering policy' }],
    ['failed', { status: 502, body: 'html' }],
    ['failed', { status: 404, body: 'html' }],
    ['malformed', { body: 'html' }],
    ['malformed', { body: 'malformed' }],
    ['malformed', { body: 'error' }],
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

  test('the time to wait is handed on', async () => {
    const failure = await withFaults({ status: 429, retryAfter: '17' }, (own) => failureOf(own.complete(ask)))
    expect(failure.retryAfterMs).toBe(17_000)
  })

  test('the vendor’s words reach the caller for the caller’s own mistakes only, without our key', async () => {
    const words = `messages.0: wrong, key ${testKey} and AIzaSyA0123456789abcdefghijk`
    const told = await withFaults({ status: 400, message: words }, (own) => failureOf(own.complete(ask)))
    expect(told.message).toBe('vendor: messages.0: wrong, key [secret] and [secret]')
    const untold = await withFaults({ status: 500, message: words }, (own) => failureOf(own.complete(ask)))
    expect(untold.message).not.toContain('messages.0')
  })

  test('a refusal before the first word lets another provider try', async () => {
    await failureOf(rig.complete({ messages: [user('refuse')] }), 'content-policy')
    await failureOf(rig.stream({ messages: [user('refuse')] }), 'content-policy')
  })

  test('a wrong key is told as ours, not as the caller’s', async () => {
    const own = createVendorRig({ dialect: 'anthropic', baseUrl: upstream.url, apiKey: 'sk-ant-wrong-99999999' })
    const failure = await failureOf(own.complete(ask), 'credentials')
    expect(failure.spec.status).toBe(502)
    expect(failure.message).not.toContain('sk-ant')
  })

  test('JSON in place of a stream, and a reply without end, are malformed', async () => {
    await withFaults({ body: 'type' }, (own) => failureOf(own.stream(ask), 'malformed'))
    await withFaults({ body: 'huge' }, async (own, server) => {
      await failureOf(own.complete(ask), 'malformed')
      await Bun.sleep(50)
      expect(server.openSockets()).toBe(0)
    })
  })
})

describe('streams that break', () => {
  // Events: 0 message_start, 1 ping, 2 block start, 3 to 8 words, 9 block stop, 10 message_delta, 11 message_stop.
  test('an overloaded event before the first word is a failure that another provider may answer', async () => {
    for (const errorAfter of [0, 1, 2, 3])
      await withFaults({ errorAfter }, (own) => failureOf(own.stream(ask), 'failed'))
    await withFaults({ errorAfter: 2, type: 'rate_limit_error' }, (own) => failureOf(own.stream(ask), 'rate-limited'))
  })

  test('after it, it is a broken stream', async () => {
    for (const errorAfter of [4, 9, 10, 11])
      await withFaults({ errorAfter }, async (own) => {
        const stream = await own.stream(ask)
        await failureOf(readAll(stream), 'broken-stream')
        await stream.settled
      })
  })

  test.each(['cutAfter', 'endAfter', 'garbageAfter'] as const)('%s never gives a clean end', async (fault) => {
    for (const after of [0, 1, 2, 3, 4, 8, 9, 10, 11])
      await withFaults({ [fault]: after }, async (own) => {
        const failure = await failureOf(own.stream(ask).then(readAll))
        expect(['broken-stream', 'malformed']).toContain(failure.kind)
      })
  })

  test('what the input cost is known even so', async () => {
    await withFaults({ cutAfter: 6 }, async (own) => {
      const stream = await own.stream(ask)
      await failureOf(readAll(stream), 'broken-stream')
      expect(stream.usage()).toMatchObject({ input: expect.any(Number) as number, output: null })
    })
  })

  test('silence ends it, before the first word and after', async () => {
    const timeouts = { idleTimeoutMs: 80 }
    for (const silentAfter of [0, 2])
      await withFaults({ silentAfter }, (own) => failureOf(own.stream(ask), 'timeout'), { timeouts })
    await withFaults(
      { silentAfter: 5 },
      async (own, server) => {
        await failureOf(own.stream(ask).then(readAll), 'timeout')
        await Bun.sleep(30)
        expect(server.openSockets()).toBe(0)
      },
      { timeouts },
    )
    await withFaults({ silentAfter: 2 }, (own) => failureOf(own.stream(ask), 'timeout'), {
      timeouts: { firstTokenTimeoutMs: 60 },
    })
  })

  test('events and blocks of a later day are passed over', async () => {
    await withFaults({ unknownEvents: true }, async (own) => {
      const text = textOfPieces(await readAll(await own.stream(ask)))
      expect(assemble(text)).toMatchObject({ finish: 'stop' })
      expect(text).toContain('"blocks":[{"type":"future_block","value":1}]')
    })
  })

  test('a redirect is not followed', async () => {
    const target = await startAnthropicUpstream()
    const server = Bun.serve({ port: 0, fetch: () => Response.redirect(`${target.url}/messages`, 307) })
    const own = createVendorRig({ dialect: 'anthropic', baseUrl: server.url.href })
    await failureOf(own.complete(ask), 'redirect')
    expect(target.requests).toHaveLength(0)
    await Promise.all([target.close(), server.stop(true)])
  })
})

describe('the client’s side of a stream', () => {
  test('leaving closes the vendor’s socket', async () => {
    await withFaults({ chunkDelayMs: 20, words: 1_000 }, async (own, server) => {
      for (const how of ['cancel', 'signal'] as const) {
        const leaving = new AbortController()
        const stream = await own.stream(ask, { signal: leaving.signal })
        await stream.read()
        const pending = stream.read().then(() => stream.read())
        if (how === 'cancel') stream.cancel()
        else leaving.abort(new Error('left'))
        const outcome = await pending.catch((error: unknown) => error)
        if (how === 'signal') expect(outcome).toMatchObject({ message: 'left' })
        await stream.settled
        await Bun.sleep(50)
        expect(server.openSockets()).toBe(0)
      }
    })
  })

  test('leaving before the first word too', async () => {
    await withFaults({ hang: true }, async (own, server) => {
      const leaving = new AbortController()
      const pending = own.stream(ask, { signal: leaving.signal })
      setTimeout(() => leaving.abort(new Error('left')), 20)
      await expect(pending).rejects.toThrow('left')
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
      // What the pipes of the machine hold; the whole answer has 64 MB.
      expect(before).toBeLessThan(24e6)
      await Bun.sleep(100)
      expect(server.requests[0]?.sent().length).toBe(before)
      stream.cancel()
    })
  })

  test('the connection is used again after a clean end', async () => {
    await withFaults({}, async (own, server) => {
      for (let i = 0; i < 3; i += 1) await readAll(await own.stream(ask))
      expect(server.totalSockets()).toBe(1)
    })
  })

  test('an end that comes late does not keep the client waiting', async () => {
    await withFaults({ lateEndMs: 60_000 }, async (own) => {
      const stream = await own.stream(ask)
      await readAll(stream)
      await stream.settled
      expect(new TextDecoder().decode(stream.ending())).toBe('data: [DONE]\n\n')
    })
  })

  test('the reply calls the model what the client called it', async () => {
    expect((await rig.complete(ask, { answerAs: 'mine' })).model).toBe('mine')
    const text = textOfPieces(await readAll(await rig.stream(ask, { answerAs: 'mine' })))
    expect(text).not.toContain('claude')
    expect(sent()['model']).toBe('claude-sonnet-4-5')
  })

  test('the usage chunk can be left out for a client that did not ask for it', async () => {
    const pieces = await readAll(await rig.stream(ask))
    const plain = new TextDecoder().decode(Buffer.concat(pieces.map(({ withoutUsage }) => withoutUsage)))
    expect(plain).toContain('"finish_reason":"stop"')
    expect(plain).not.toContain('prompt_tokens')
    expect(pieces.map(({ text }) => text).join('')).toBe(assemble(textOfPieces(pieces)).message.content ?? '')
  })
})
