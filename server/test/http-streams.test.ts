/** Streams: their frames, their honest ends, clients that leave, clients that stop reading, and a stop of the server. */
import { describe, expect, test } from 'bun:test'
import { CairnError } from '../src/base/index.ts'
import { createEventStream, formatEvent } from '../src/http/sse.ts'
import type { AskEvent } from '@cairn/contract'
import { connect } from 'node:net'
import { ownerKey, readUntil, startRig, type Rig, type RigChange } from './http-kit.ts'

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function until(condition: () => boolean, ms = 5_000): Promise<void> {
  const end = performance.now() + ms
  while (!condition() && performance.now() < end) await sleep(10)
  expect(condition()).toBe(true)
}

/** A source of answers without end that counts its iterators; `waits` makes it silent after the first event. */
function endlessSource({ waits = false } = {}) {
  const state = { opened: 0, closed: 0, events: 0 }
  async function* events(signal: AbortSignal): AsyncGenerator<AskEvent> {
    state.opened += 1
    try {
      for (;;) {
        state.events += 1
        yield { event: 'token', data: { text: 'x'.repeat(200) } }
        await new Promise<void>((resolve) => {
          const wake = () => resolve()
          if (!waits) setTimeout(wake, 5)
          signal.addEventListener('abort', wake, { once: true })
        })
        if (signal.aborted) throw signal.reason
      }
    } finally {
      state.closed += 1
    }
  }
  return { state, events }
}

function startEndless({
  waits = false,
  settings = {},
}: { waits?: boolean; settings?: NonNullable<RigChange['settings']> } = {}) {
  const source = endlessSource({ waits })
  const rig = startRig({
    settings,
    pipeline: { ask: async (call) => ({ kind: 'stream', events: source.events(call.signal), headers: {} }) },
  })
  return { rig, source }
}

const openStream = (rig: Rig, init: RequestInit = {}) =>
  rig.post('/v1/ask', { question: 'for ever', stream: true }, init)

describe('an answer as a stream', () => {
  test('is named events, last done, with the headers known at its first byte', async () => {
    const rig = startRig()
    const response = await rig.post('/v1/ask', { question: 'x', stream: true })
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(response.headers.get('x-cairn-model')).toBe('extractive')
    const text = await response.text()
    expect(text.match(/^event: .*$/gm)).toEqual(['event: token', 'event: receipt', 'event: done'])
    expect(text).toContain('data: {"text":"Four\\nknots"}\n\n')
    expect(text).toEndWith('event: done\ndata: {"outcome":"answered"}\n\n')
    await rig.server.stop(500)
  })

  test('that breaks says so and keeps internal words inside', async () => {
    const rig = startRig()
    const text = await (await rig.post('/v1/ask', { question: 'break', stream: true })).text()
    expect(text).toContain('event: error\ndata: {"error":{"code":"upstream.broken-stream"')
    expect(text).toEndWith('event: done\ndata: {"outcome":"error"}\n\n')
    expect(text).not.toContain('secret-canary')
    await rig.server.stop(500)
  })

  test('puts every kind of line end into a data line of its own', () => {
    expect(formatEvent({ event: 'a\nb', data: 'one\ntwo\r\nthree\rfour\n' })).toBe(
      'event: a b\ndata: one\ndata: two\ndata: three\ndata: four\ndata: \n\n',
    )
  })

  test('keeps a silent connection open with comments', async () => {
    const { rig } = startEndless({ waits: true, settings: { heartbeatMs: 20 } })
    const abort = new AbortController()
    const response = await openStream(rig, { signal: abort.signal })
    expect(await readUntil(response, ': keep-alive\n\n: keep-alive\n\n')).toContain('event: token')
    abort.abort()
    await rig.server.stop(500)
  })

  test('is asked for no faster than it is read', async () => {
    let made = 0
    async function* fast() {
      for (;;) {
        made += 1
        yield { event: 'token', data: made }
      }
    }
    const stream = createEventStream(fast(), {
      signal: new AbortController().signal,
      heartbeatMs: 1_000,
      onError: () => [],
    })
    const reader = stream.getReader()
    await reader.read()
    await reader.read()
    await sleep(20)
    expect(made).toBeLessThanOrEqual(3)
    await reader.cancel()
  })

  test('gives its source back when cancelled, also while it waits', async () => {
    const { state, events } = endlessSource({ waits: true })
    const abort = new AbortController()
    const reader = createEventStream(events(abort.signal), {
      signal: abort.signal,
      heartbeatMs: 1_000,
      onError: () => [],
    }).getReader()
    await reader.read()
    const waiting = reader.read()
    abort.abort(new DOMException('left', 'AbortError'))
    expect((await waiting).done).toBe(true)
    await until(() => state.closed === 1)
  })

  test('tells the client when the server stops', async () => {
    const abort = new AbortController()
    async function* never() {
      await new Promise(() => {})
      yield { event: 'token', data: 1 }
    }
    const stream = createEventStream(never(), {
      signal: abort.signal,
      heartbeatMs: 1_000,
      onError: (error) => [{ event: 'error', data: error.code }],
    })
    setTimeout(() => abort.abort(new CairnError('server.stopping')), 10)
    expect(await new Response(stream).text()).toBe('event: error\ndata: server.stopping\n\n')
  })
})

describe('clients', () => {
  test('that leave mid stream, a thousand of them, cost neither the process nor memory nor an open source', async () => {
    const { rig, source } = startEndless()
    const { pid } = process
    const wave = async (count: number) => {
      const aborts: AbortController[] = []
      const responses = await Promise.all(
        Array.from({ length: count }, async () => {
          const abort = new AbortController()
          aborts.push(abort)
          const response = await openStream(rig, { signal: abort.signal })
          await response.body?.getReader().read()
        }),
      )
      for (const abort of aborts) abort.abort()
      return responses.length
    }
    await wave(100)
    await until(() => source.state.closed === source.state.opened)
    Bun.gc(true)
    const before = process.memoryUsage.rss()
    for (let i = 0; i < 5; i++) await wave(200)
    await until(() => source.state.closed === source.state.opened)
    expect(source.state.opened).toBe(1_100)
    Bun.gc(true)
    expect(process.memoryUsage.rss() - before).toBeLessThan(50_000_000)
    expect(process.pid).toBe(pid)
    const text = await (await rig.call('/metrics')).text()
    expect(text).toContain('cairn_http_streams_open 0')
    expect(text).toContain('cairn_http_requests_in_flight 1')
    const { events } = source.state
    await sleep(50)
    expect(source.state.events).toBe(events)
    expect(rig.logLines.filter((line) => line.includes('"level":"error"'))).toEqual([])
    expect(rig.logLines.filter((line) => line.includes('"status":499')).length).toBe(1_100)
    await rig.server.stop(500)
  }, 60_000)

  test('that leave before the answer abort its work', async () => {
    const seen = Promise.withResolvers<AbortSignal>()
    const rig = startRig({
      pipeline: {
        ask: (call) => {
          seen.resolve(call.signal)
          return new Promise((_, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason)))
        },
      },
    })
    const abort = new AbortController()
    const reply = rig.post('/v1/ask', { question: 'x' }, { signal: abort.signal }).catch(() => null)
    const signal = await seen.promise
    expect(signal.aborted).toBe(false)
    abort.abort()
    await reply
    await until(() => signal.aborted)
    await until(() => rig.logLines.some((line) => line.includes('"status":499')))
    expect(rig.logLines.filter((line) => /"level":"(?:error|warn)"/.test(line))).toEqual([])
    await rig.server.stop(500)
  })

  test('that stop reading are cut, and their source is given back', async () => {
    const source = { pulled: 0, cancelled: false }
    let work: AbortSignal | undefined
    const body = () =>
      new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            source.pulled += 1
            controller.enqueue(new Uint8Array(65_536))
          },
          cancel() {
            source.cancelled = true
          },
        },
        { highWaterMark: 0 },
      )
    const rig = startRig({
      settings: { stallMs: 200 },
      pipeline: {
        chat: async ({ signal }) => {
          work = signal
          return { status: 200, headers: { 'content-type': 'text/event-stream' }, body: body() }
        },
      },
    })
    const text = JSON.stringify({ model: 'm', messages: [{ role: 'user' }], stream: true })
    const socket = connect(rig.port, '127.0.0.1', () =>
      socket.write(
        `POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:${rig.port}\r\nAuthorization: Bearer ${ownerKey}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
      ),
    )
    socket.once('data', () => socket.pause())
    socket.on('error', () => undefined)
    await until(() => source.cancelled)
    expect(work?.aborted).toBe(true)
    expect(source.pulled).toBeLessThan(1_000)
    socket.destroy()
    await rig.server.stop(500)
  })
})

describe('vault states', () => {
  test('come at once and on each change, and end with the client', async () => {
    const rig = startRig()
    const abort = new AbortController()
    const response = await rig.call('/api/vaults', { headers: { accept: 'text/event-stream' }, signal: abort.signal })
    const first = await readUntil(response, '\n\n')
    expect(first).toStartWith('event: vaults\ndata: {"vaults":[{"id":"field-notes"')
    rig.change({ state: 'indexing', done: 1 })
    expect(await readUntil(response, '\n\n')).toContain('"state":"indexing","done":1')
    expect(rig.subscribers()).toBe(1)
    abort.abort()
    await until(() => rig.subscribers() === 0)
    await rig.server.stop(500)
  })

  test('of a vault that is indexed again come until it is ready', async () => {
    const rig = startRig()
    const response = await rig.call('/api/vaults/field-notes/reindex', {
      method: 'POST',
      headers: { accept: 'text/event-stream' },
    })
    const text = await response.text()
    expect(text).toContain('event: index\ndata: {"state":"indexing","done":1')
    expect(text).toEndWith('event: done\ndata: {"state":"ready"}\n\n')
    expect(rig.subscribers()).toBe(0)
    const plain = await rig.call('/api/vaults/field-notes/reindex', { method: 'POST' })
    expect([plain.status, ((await plain.json()) as { state: string }).state]).toEqual([202, 'indexing'])
    await rig.server.stop(500)
  })
})

describe('a stop', () => {
  test('ends standing streams at once, lets work finish, and takes nothing new', async () => {
    const release = Promise.withResolvers<void>()
    const rig = startRig({
      pipeline: {
        search: async () => {
          await release.promise
          return { results: [] }
        },
      },
    })
    const standing = await rig.call('/api/vaults', { headers: { accept: 'text/event-stream' } })
    const working = rig.post('/v1/search', { query: 'x' })
    await sleep(50)
    const stopped = rig.server.stop(5_000)
    expect(await standing.text()).toEndWith('\n\n')
    const request = (path: string) =>
      rig.server.fetch(new Request(`${rig.url}${path}`, { headers: { host: `127.0.0.1:${rig.port}` } }), {
        remoteAddress: '127.0.0.1',
      })
    const ready = await request('/readyz')
    expect([ready.status, await ready.json()]).toEqual([503, { status: 'stopping', audit: 'ok' }])
    const refused = await request('/v1/models')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2'])
    expect(
      await fetch(`${rig.url}/healthz`).then(
        () => 'answered',
        () => 'refused',
      ),
    ).toBe('refused')
    release.resolve()
    expect((await working).status).toBe(200)
    await stopped
  })

  test('tells open answers after the grace period and comes to its end', async () => {
    const { rig, source } = startEndless()
    const response = await openStream(rig)
    const startedAt = performance.now()
    const stopped = rig.server.stop(200)
    const text = await response.text()
    await stopped
    expect(text).toContain('"code":"server.stopping"')
    expect(text).toEndWith('event: done\ndata: {"outcome":"error"}\n\n')
    expect(performance.now() - startedAt).toBeWithin(190, 3_000)
    expect(source.state.closed).toBe(1)
  })
})
