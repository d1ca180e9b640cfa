/** What happens when a provider fails: the next one answers, or the caller is told in words they can use. */
import { afterEach, describe, expect, test } from 'bun:test'
import { CairnError, type Logger } from '../src/base/index.ts'
import {
  chatText,
  createRig,
  dataOf,
  summaryOf,
  textOf,
  until,
  upstreamOf,
  type RigOptions,
  planning,
} from './kit/gateway-rig.ts'
import type { Faults } from './kit/faults.ts'
import { startUpstream, type Upstream, type UpstreamOptions } from './kit/upstream.ts'

const started: Upstream[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((upstream) => upstream.close()))
})

async function start(options: UpstreamOptions = {}): Promise<Upstream> {
  const upstream = await startUpstream(options)
  started.push(upstream)
  return upstream
}

/** Two providers of the same model; the first has the fault. */
async function startPair(faults: Faults, options: Partial<RigOptions> = {}) {
  const [first, second] = [await start({ always: faults }), await start()]
  const rig = createRig({
    upstreams: [upstreamOf('first', first.url, ['m']), upstreamOf('second', second.url, ['m'])],
    ...options,
  })
  return { first, second, rig }
}

async function failureOf(promise: Promise<unknown>): Promise<CairnError> {
  const thrown: unknown = await promise.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  )
  expect(thrown).toBeInstanceOf(CairnError)
  return thrown as CairnError
}

const streaming = ',"stream":true,"stream_options":{"include_usage":true}'
const quick = { connectTimeoutMs: 150, idleTimeoutMs: 150, totalTimeoutMs: 2_000 }

describe('the next deployment answers after', () => {
  const both: [string, Faults][] = [
    ['rate-limited', { status: 429 }],
    ['failed', { status: 500 }],
    ['failed', { status: 502, body: 'html' }],
    ['failed', { status: 503 }],
    ['failed', { status: 404, body: 'html' }],
    ['failed', { status: 409 }],
    ['credentials', { status: 401 }],
    ['credentials', { status: 402 }],
    ['credentials', { status: 403 }],
    ['redirect', { redirect: 'http://127.0.0.1:1/' }],
    ['unreachable', { reset: true }],
  ]
  const jsonOnly: [string, Faults][] = [
    ['malformed', { body: 'malformed' }],
    ['malformed', { body: 'truncated' }],
    ['malformed', { body: 'html' }],
    ['malformed', { body: 'huge' }],
    ['failed', { body: 'error' }],
    ['broken-stream', { body: 'cut' }],
  ]
  const streamOnly: [string, Faults][] = [
    ['malformed', { body: 'type' }],
    ['malformed', { body: 'html' }],
    ['broken-stream', { breakAfter: 0 }],
    ['failed', { errorAfter: 0 }],
    ['malformed', { garbageAfter: 0 }],
    ['malformed', { chunks: 0, noFinish: true }],
    ['broken-stream', { chunks: 0, noFinish: true, noDone: true }],
    ['timeout', { hang: true }],
    ['timeout', { silentAfter: 0 }],
  ]

  test.each(both.concat(jsonOnly))('%s %j', async (outcome, faults) => {
    const { rig, second } = await startPair(faults)
    const reply = await rig.chat(chatText('m'))
    expect(await textOf(reply)).toBe(new TextDecoder().decode(second.requests[0]?.sent()))
    expect(reply.headers).toMatchObject({ 'x-cairn-provider': 'second', 'x-cairn-attempts': '2' })
    expect(second.requests).toHaveLength(1)
    expect(rig.entries.at(-1)).toMatchObject({ outcome: 'ok', fields: { provider: 'second' } })
    // A rig of its own, since the first may be left alone for a while now.
    const { routing } = (await startPair(faults)).rig
    const { attempts } = await routing.execute(
      routing.plan(
        routing.candidates('m', 'chat', { id: '', name: '', kind: 'owner', via: 'key', credentialId: '' }),
        planning(),
      ),
      {
        signal: new AbortController().signal,
        caller: 'u',
        send: async (deployment, permit, signal) =>
          deployment.provider.chat(
            {
              body: new TextEncoder().encode(chatText('m')),
              model: 'm',
              answerAs: null,
              stream: false,
              includeUsage: false,
            },
            { permit, signal },
          ),
      },
    )
    expect(attempts.map((attempt) => attempt.outcome)).toEqual([outcome, 'ok'])
  })

  test.each(both.concat(streamOnly))('%s %j (stream)', async (outcome, faults) => {
    // A silent local server is waited for as long as a silence may last, for it may be loading a model.
    const { rig, second } = await startPair(faults, { models: quick })
    const stream = await textOf(await rig.chat(chatText('m', streaming)))
    expect(stream.replace(/: cairn \{.*\}\n\n/, '')).toBe(new TextDecoder().decode(second.requests[0]?.sent()))
    expect(summaryOf(stream)['attempts']).toMatchObject([
      { provider: 'first', outcome },
      { provider: 'second', outcome: 'ok' },
    ])
  })

  test('nobody listens', async () => {
    const gone = await startUpstream()
    await gone.close()
    const second = await start()
    const rig = createRig({
      upstreams: [upstreamOf('first', gone.url, ['m']), upstreamOf('second', second.url, ['m'])],
    })
    expect((await rig.chat(chatText('m'))).headers).toMatchObject({
      'x-cairn-provider': 'second',
      'x-cairn-attempts': '2',
    })
  })

  test('an external provider that sends no head within the connect deadline', async () => {
    const first = await start({ always: { hang: true } })
    const second = await start()
    const rig = createRig({
      upstreams: [upstreamOf('far', first.url, ['m'], { egress: 'external' }), upstreamOf('second', second.url, ['m'])],
      models: { connectTimeoutMs: 100 },
    })
    expect((await rig.chat(chatText('m', streaming))).headers['x-cairn-provider']).toBe('second')
    await until(() => first.openSockets() === 0, 200)
  })
})

describe('the caller’s own mistake', () => {
  test.each([
    [{ status: 400 }, 'Invalid value for temperature'],
    [{ status: 404 }, 'The model does not exist'],
    [{ status: 413 }, 'Test error 413'],
    [{ status: 422 }, 'Test error 422'],
  ] as [Faults, string][])('is told in the provider’s words and not sent to the next: %j', async (faults, words) => {
    for (const more of ['', streaming]) {
      const { rig, second } = await startPair(faults)
      const failure = await failureOf(rig.chat(chatText('m', more)))
      expect(failure).toMatchObject({ code: 'upstream.rejected' })
      expect(failure.message).toContain(words)
      expect(second.requests).toHaveLength(0)
      expect(rig.entries).toMatchObject([{ type: 'chat.completed', outcome: 'failed', fields: { provider: 'first' } }])
    }
  })
})

describe('a request that is too long or against a policy', () => {
  const tooLong: Faults = { status: 400, code: 'context_length_exceeded' }
  const unwanted: Faults = { status: 400, code: 'content_policy_violation' }
  const windowed = (id: string, url: string, contextWindow: number) =>
    upstreamOf(id, url, [], { models: [{ id: 'm', contextWindow }] })

  test('goes to a larger window, and not to one that is no larger', async () => {
    for (const more of ['', streaming]) {
      const first = await start({ always: tooLong })
      const [smaller, larger] = [await start(), await start()]
      const rig = createRig({
        upstreams: [
          windowed('first', first.url, 8_000),
          windowed('smaller', smaller.url, 8_000),
          windowed('larger', larger.url, 32_000),
        ],
      })
      expect((await rig.chat(chatText('m', more))).headers['x-cairn-provider']).toBe('larger')
      expect(smaller.requests).toHaveLength(0)
    }
  })

  test('goes to another provider, and not to another model of the same', async () => {
    const [first, second] = [await start({ always: unwanted }), await start()]
    const rig = createRig({
      upstreams: [upstreamOf('first', first.url, ['a', 'b']), upstreamOf('second', second.url, ['c'])],
      routing: { virtualModels: [{ id: 'any', strategy: 'best', models: ['a', 'b', 'c'] }] },
    })
    expect((await rig.chat(chatText('any'))).headers['x-cairn-provider']).toBe('second')
    expect(first.requests).toHaveLength(1)
  })

  test.each([
    ['upstream.context-length', tooLong, 'maximum context length'],
    ['upstream.content-policy', unwanted, 'rejected by our safety system'],
  ] as const)('is told as %s in the provider’s words when nobody else is left', async (code, faults, words) => {
    const upstream = await start({ always: faults })
    const rig = createRig({ upstreams: [upstreamOf('only', upstream.url, ['m'])] })
    const failure = await failureOf(rig.chat(chatText('m')))
    expect(failure).toMatchObject({ code, retried: false })
    expect(failure.message).toContain(words)
  })
})

describe('when all fail, the caller learns', () => {
  const only = async (faults: Faults, apiKey?: string) => {
    const upstream = await start({ always: faults, ...(apiKey === undefined ? {} : { apiKey: 'another' }) })
    return createRig({
      upstreams: [upstreamOf('only', upstream.url, ['m'], apiKey === undefined ? {} : { apiKey })],
      models: quick,
    })
  }

  test.each([
    ['upstream.failed', { status: 500 }],
    ['upstream.failed', { status: 502, body: 'html' }],
    ['upstream.credentials', { status: 403 }],
    ['upstream.redirect', { redirect: 'http://127.0.0.1:9/' }],
    ['upstream.unreachable', { reset: true }],
    ['upstream.malformed', { body: 'malformed' }],
  ] as [string, Faults][])('%s for %j', async (code, faults) => {
    const failure = await failureOf((await only(faults)).chat(chatText('m')))
    expect(failure.code as string).toBe(code)
    expect(failure.message).toContain('only')
    expect(failure.message).not.toContain('<html>')
  })

  test('when to come back, of a provider that limits the rate', async () => {
    expect(await failureOf((await only({ status: 429, retryAfter: '7' })).chat(chatText('m')))).toMatchObject({
      code: 'upstream.rate-limited',
      retryAfterMs: 7_000,
    })
    const inAMinute = new Date(Date.now() + 60_000).toUTCString()
    const { retryAfterMs } = await failureOf((await only({ status: 429, retryAfter: inAMinute })).chat(chatText('m')))
    expect(retryAfterMs).toBeGreaterThan(50_000)
  })

  test('that our key is wrong, as 502 and without the key', async () => {
    const failure = await failureOf((await only({}, 'sk-very-secret-key')).chat(chatText('m')))
    expect(failure).toMatchObject({ code: 'upstream.credentials' })
    expect(failure.spec.status).toBe(502)
    expect(`${failure.message} ${failure.internal}`).not.toMatch(/very-secret/)
  })

  test('nothing of a prompt, an answer or a key reaches the log', async () => {
    const lines: string[] = []
    const note = (message: string, fields?: object) => void lines.push(JSON.stringify({ message, ...fields }))
    const logger: Logger = { debug: note, info: note, warn: note, error: note }
    const first = await start({ always: { status: 500 } })
    const rig = createRig({
      upstreams: [upstreamOf('only', `${first.url}?api-version=hidden`, [], { apiKey: 'sk-very-secret-key' })],
      logger,
    })
    await failureOf(rig.chat(chatText('only/m').replace('caf', 'TOPSECRET caf')))
    await rig.routing.refresh(new AbortController().signal)
    expect(first.requests[0]?.path).toBe('/v1/chat/completions?api-version=hidden')
    expect(lines.join('')).not.toMatch(/TOPSECRET|very-secret|hidden/)
  })
})

describe('a stream that breaks after its first words', () => {
  test.each([
    [{ breakAfter: 3 }],
    [{ errorAfter: 3 }],
    [{ garbageAfter: 3 }],
    [{ silentAfter: 3 }],
    [{ noFinish: true, noDone: true, chunks: 3 }],
    [{ breakAfter: 3, split: 1 }],
  ] as [Faults][])('keeps what came, ends with an error frame and [DONE], and asks nobody else: %j', async (faults) => {
    const { rig, second } = await startPair(faults, { models: quick })
    const stream = await textOf(await rig.chat(chatText('m', streaming)))
    const data = dataOf(stream)
    expect(data.at(-1)).toBe('[DONE]')
    expect(JSON.parse(data.at(-2) ?? '')).toEqual({
      error: {
        message: expect.stringContaining('first'),
        type: 'api_error',
        param: null,
        code: 'upstream.broken-stream',
      },
    })
    expect(
      data.slice(0, -2).filter((payload) => payload.includes('"content":"') && !payload.includes('"content":""')),
    ).toHaveLength(3)
    expect(stream).not.toContain('nonsense')
    expect(second.requests).toHaveLength(0)
    expect(rig.entries.at(-1)).toMatchObject({ type: 'chat.completed', outcome: 'failed' })
    expect(summaryOf(stream)).toMatchObject({ provider: 'first' })
  })

  test('a relay that closes quietly would be caught: the bytes of the provider alone hold no end', async () => {
    const { rig, first } = await startPair({ breakAfter: 3 })
    await textOf(await rig.chat(chatText('m', streaming)))
    expect(dataOf(new TextDecoder().decode(first.requests[0]?.sent()))).not.toContain('[DONE]')
  })
})

test('before anything leaves the machine, its intent is on record; when that fails, nothing leaves', async () => {
  const far = await start()
  const near = await start()
  const order: string[] = []
  const rig = createRig({
    upstreams: [upstreamOf('near', near.url, ['n']), upstreamOf('far', far.url, ['m'], { egress: 'external' })],
    audit: async ({ type }) => order.push(`${type} ${far.requests.length}`),
  })
  await rig.chat(chatText('n'))
  expect(order).toEqual(['chat.completed 0'])
  await rig.chat(chatText('m'))
  expect(order.slice(1)).toEqual(['egress.intended 0', 'chat.completed 1'])
  expect(rig.entries[1]).toMatchObject({
    fields: { provider: 'far', egress: 'external', label: 'public', purpose: 'chat' },
  })

  const mute = createRig({
    upstreams: [upstreamOf('far', far.url, ['m'], { egress: 'external' })],
    audit: () => Promise.reject(new CairnError('storage.failed')),
  })
  expect(await failureOf(mute.chat(chatText('m')))).toMatchObject({ code: 'storage.failed' })
  expect(far.requests).toHaveLength(1)
})

test('more than a provider can take waits, more than may wait is refused at once, and every place is given back', async () => {
  const slow = await start({ always: { headDelayMs: 80 } })
  const rig = createRig({ upstreams: [upstreamOf('slow', slow.url, ['m'])], slots: { inFlight: 2, waiting: 2 } })
  const calls = Array.from({ length: 5 }, (_, i) => rig.chat(chatText('m', i === 0 ? streaming : '')))
  const fifth = await failureOf(calls[4] ?? Promise.resolve())
  expect(fifth).toMatchObject({ code: 'upstream.queue-full' })
  expect(rig.routing.load()).toEqual([{ provider: 'slow', inFlight: 2, waiting: 2 }])
  const replies = await Promise.all(calls.slice(0, 4))
  await until(() => rig.routing.load()[0]?.inFlight === 1, 500)
  // The stream keeps its place until it was read.
  await textOf(replies[0] ?? { body: new Uint8Array() })
  expect(rig.routing.load()).toEqual([{ provider: 'slow', inFlight: 0, waiting: 0 }])
})
