/** Promises of the transport, against a real server of the test: deadlines, retries, streams that break, stopping. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import type { AskEvent } from '@cairn/contract'
import { z } from 'zod'
import { streamAnswer } from '../src/transport/ask-stream.ts'
import { backoffMs, createTransport, type Outcome } from '../src/transport/transport.ts'

// The page's window, whose timers the transport uses.
Object.assign(globalThis, { window: globalThis })

type Handler = (request: Request) => Response | Promise<Response>

let server: { url: URL; stop(force: boolean): Promise<void> }
let handle: Handler
const asked: Headers[] = []
const outcomes: Outcome[] = []

beforeAll(() => {
  server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request) => {
      // A copy: the request is gone when it has been answered.
      asked.push(new Headers(request.headers))
      return handle(request)
    },
  })
})
afterAll(() => server.stop(true))
beforeEach(() => {
  asked.length = 0
  outcomes.length = 0
})

const pauses: number[] = []
const transport = () =>
  createTransport({
    fetch: (url, init) => fetch(url, init),
    target: () => ({ origin: server.url.origin, key: 'ck_test' }),
    now: () => performance.now(),
    random: () => 1,
    pause: (ms) => {
      pauses.push(ms)
      return Promise.resolve()
    },
    onOutcome: (outcome) => void outcomes.push(outcome),
  })
const shape = z.object({ ok: z.literal(true) })
const problem = (status: number, code: string) =>
  Response.json(
    { type: 'about:blank', title: 'x', status, detail: 'x', code, requestId: 'req_1', param: null },
    { status, headers: { 'content-type': 'application/problem+json' } },
  )

describe('a request', () => {
  test('carries the key, no cookie and no referrer', async () => {
    handle = () => Response.json({ ok: true }, { headers: { 'x-cairn-api': '1' } })
    expect(await transport().request('/api/x', shape)).toEqual({ ok: true, value: { ok: true } })
    expect(asked[0]?.get('authorization')).toBe('Bearer ck_test')
    expect(asked[0]?.get('cookie')).toBeNull()
    expect(outcomes).toMatchObject([{ kind: 'reached', status: 200, apiLevel: 1 }])
  })

  test('that only reads is tried three times, with growing pauses', async () => {
    let round = 0
    handle = () => (++round < 3 ? problem(503, 'server.busy') : Response.json({ ok: true }))
    pauses.length = 0
    expect((await transport().request('/api/x', shape)).ok).toBe(true)
    expect([asked.length, pauses]).toEqual([3, [500, 1_000]])
  })

  test('that changes something is sent once, and what is not passing is not tried again', async () => {
    handle = () => problem(503, 'server.busy')
    await transport().request('/api/x', shape, { method: 'POST', body: {} })
    expect(asked).toHaveLength(1)
    handle = () => problem(403, 'access.forbidden')
    await transport().request('/api/x', shape)
    expect(asked).toHaveLength(2)
  })

  test('ends after its time, and says so', async () => {
    handle = () => new Promise(() => {})
    const reply = await transport().request('/api/x', shape, { method: 'POST', timeoutMs: 50 })
    expect(reply).toMatchObject({ ok: false, failure: { code: 'plugin.too-slow' } })
  })

  test('whose reply has another shape is told apart from one that fails', async () => {
    handle = () => Response.json({ ok: 'maybe' })
    expect(await transport().request('/api/x', shape)).toMatchObject({
      ok: false,
      failure: { code: 'plugin.malformed' },
    })
  })

  test('to a server that is not there', async () => {
    const reply = await transport().request('/api/x', shape, {
      target: { origin: 'http://127.0.0.1:1', key: null },
      method: 'POST',
    })
    expect(reply).toMatchObject({ ok: false, failure: { code: 'plugin.unreachable' } })
    expect(outcomes).toEqual([{ kind: 'unreached' }])
  })

  test('pauses stay within their bounds', () => {
    for (let attempt = 0; attempt < 20; attempt++) {
      expect(backoffMs(attempt, () => 0)).toBeGreaterThanOrEqual(250)
      expect(backoffMs(attempt, () => 1)).toBeLessThanOrEqual(10_000)
    }
  })
})

describe('an answer', () => {
  const eventStream = (frames: readonly string[], { ends = true } = {}) =>
    new Response(
      new ReadableStream({
        start(controller) {
          for (const frame of frames) controller.enqueue(new TextEncoder().encode(frame))
          if (ends) controller.close()
        },
      }),
      { headers: { 'content-type': 'text/event-stream' } },
    )
  const token = (text: string) => `event: token\ndata: ${JSON.stringify({ text })}\n\n`
  const done = 'event: done\ndata: {"outcome":"answered","confidence":null}\n\n'
  const ask = async (signal = new AbortController().signal) => {
    const events: AskEvent[] = []
    const failure = await streamAnswer(transport(), {
      request: { question: 'Why?' },
      signal,
      firstByteMs: 1_000,
      onEvent: (event) => void events.push(event),
    })
    return { failure, events: events.map(({ event }) => event) }
  }

  test('is told event by event, comments and unknown events left out', async () => {
    handle = () =>
      eventStream([
        ': keep-alive\n\n',
        token('a'),
        'event: later\ndata: {}\n\n',
        token('b').slice(0, 9),
        token('b').slice(9),
        done,
      ])
    expect(await ask()).toEqual({ failure: null, events: ['token', 'token', 'done'] })
  })

  test('that breaks off says so, and keeps what came', async () => {
    handle = () => eventStream([token('a')])
    expect(await ask()).toMatchObject({ failure: { code: 'plugin.broken-off' }, events: ['token'] })
  })

  test('that is stopped is no failure, and closes the connection', async () => {
    const left = Promise.withResolvers<void>()
    handle = (request) => {
      request.signal.addEventListener('abort', () => left.resolve())
      return eventStream([token('a')], { ends: false })
    }
    const stop = new AbortController()
    const asking = ask(stop.signal)
    await Bun.sleep(50)
    stop.abort()
    expect(await asking).toEqual({ failure: null, events: ['token'] })
    await left.promise
  })

  test('is never asked twice', async () => {
    handle = () => problem(503, 'server.busy')
    expect(await ask()).toMatchObject({ failure: { status: 503 }, events: [] })
    expect(asked).toHaveLength(1)
  })
})
