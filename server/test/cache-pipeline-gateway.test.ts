/** Chat and embeddings with the real cache: what is given again, to whom, how, and what never is. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { CairnError, type Principal } from '../src/base/index.ts'
import type { Cache, Namespace, NamespaceDefaults } from '../src/cache/types.ts'
import { createRig, dataOf, owner, summaryOf, textOf, until, upstreamOf, type RigOptions } from './kit/gateway-rig.ts'
import { openTestCache, type OpenCache } from './kit/open-cache.ts'
import { startUpstream, type Upstream } from './kit/upstream.ts'

const models = [
  'test-chat',
  'test-reason',
  'test-embed',
  'echo',
  'test-chat!chunkDelayMs=20',
  'test-chat!breakAfter=3',
  'test-chat!errorAfter=3',
  'test-chat!garbageAfter=2',
  'test-chat!noFinish',
  'test-chat!noDone',
  'test-chat!usageEverywhere',
  'test-chat!crlf',
  'test-chat!comments',
  'test-chat!status=503',
  'test-chat!body=malformed',
  'test-chat!chunks=40,chunkDelayMs=25',
  'test-chat!chunks=300,chunkChars=20000',
]

let upstream: Upstream
let opened: OpenCache
let cache: Cache
let turn = 0

beforeAll(async () => {
  upstream = await startUpstream()
})
afterAll(() => upstream.close())

/** A gateway of its own over a cache of its own. */
async function withRig(run: (rig: ReturnType<typeof createRig>) => Promise<void>, options: Partial<RigOptions> = {}) {
  opened = await openTestCache()
  cache = withOneNamespace(opened.cache)
  try {
    await run(
      createRig({
        upstreams: [upstreamOf('lab', upstream.url, models)],
        slots: { inFlight: 2_000, waiting: 0 },
        cache,
        ...options,
      }),
    )
  } finally {
    await opened[Symbol.asyncDispose]()
  }
}

const ask = (model: string, more: Record<string, unknown> = {}) =>
  JSON.stringify({ model, messages: [{ role: 'user', content: `The tide turns at four, turn ${turn}.` }], ...more })
const stream = { stream: true, stream_options: { include_usage: true } }
const calls = () => upstream.requests.length
const sent = () => new TextDecoder().decode(upstream.requests.at(-1)?.sent())
const bob: Principal = { ...owner, id: 'user_bob', name: 'Bob' }
const now = () => new AbortController().signal

/** How many upstream calls it makes. */
async function callsOf(run: () => Promise<unknown>): Promise<number> {
  turn++
  const before = calls()
  await run()
  return calls() - before
}

/** A reply without what is each reply's own. */
const withoutOwn = (text: string) =>
  text
    .replace(/: cairn \{.*\}\n\n/, '')
    .replaceAll(/"id":"chatcmpl-[\w-]+"/g, '"id":"…"')
    .replaceAll(/"created":[\d.e]+/g, '"created":…')

describe('a chat reply', () => {
  test('in JSON is given again byte for byte but for its own id and time, costs nothing and says what it saved', () =>
    withRig(
      async (rig) => {
        const text = JSON.stringify({ model: 'dear', messages: [{ role: 'user', content: 'hello' }] })
        const first = await rig.chat(text)
        const second = await rig.chat(text)
        expect(calls()).toBe(1)
        expect(first.headers['x-cairn-cache']).toBe('miss')
        expect(second.headers).toMatchObject({
          'x-cairn-cache': 'hit',
          'x-cairn-cache-tier': 'memory',
          'x-cairn-cost-usd': '0',
          'x-cairn-attempts': '0',
          'x-cairn-model': 'dear',
          'x-cairn-provider': 'lab',
        })
        const [made, given] = [await textOf(first), await textOf(second)]
        expect(made).toBe(sent())
        expect(withoutOwn(given)).toBe(withoutOwn(made))
        const reply = JSON.parse(given) as { id: string; created: number }
        expect(reply.id).toMatch(/^chatcmpl-[\w-]{20,}$/)
        expect(Math.abs(reply.created - Date.now() / 1_000)).toBeLessThan(5)
        expect((JSON.parse(await textOf(await rig.chat(text))) as { id: string }).id).not.toBe(reply.id)
        await until(() => rig.entries.length === 3, 1_000)
        const { model, provider, tokensIn } = rig.entries[0]?.fields ?? {}
        expect(rig.entries[1]).toMatchObject({
          type: 'chat.completed',
          outcome: 'ok',
          fields: { model, provider, tokensIn },
        })
        expect(cache.stats().namespaces.find(({ name }) => name === 'chat')?.savedMicroUsd).toBeGreaterThan(0)
      },
      {
        upstreams: [
          upstreamOf('lab', upstream.url, [{ id: 'dear', inputUsdPerMTok: 1_000, outputUsdPerMTok: 2_000 }] as never),
        ],
      },
    ))

  test.each(['test-chat', 'test-reason', 'test-chat!crlf', 'test-chat!comments', 'test-chat!noDone'])(
    'as a stream replays as that stream, chunk for chunk: %s',
    (model) =>
      withRig(async (rig) => {
        const first = await textOf(await rig.chat(ask(model, stream)))
        const before = calls()
        const second = await rig.chat(ask(model, stream))
        const text = await textOf(second)
        expect(calls()).toBe(before)
        expect(second.headers).toMatchObject({
          'x-cairn-cache': 'hit',
          'content-type': 'text/event-stream; charset=utf-8',
        })
        expect(withoutOwn(text)).toBe(withoutOwn(first))
        const chunks = dataOf(text).filter((data) => data !== '[DONE]') as string[]
        const ids = new Set(chunks.map((data) => (JSON.parse(data) as { id: string }).id))
        expect(ids.size).toBe(1)
        expect([...ids][0]).not.toBe((JSON.parse(dataOf(first)[0] ?? '') as { id: string }).id)
        expect(summaryOf(text)).toMatchObject({ costUsd: 0, attempts: [], cache: { status: 'hit', tier: 'memory' } })
        expect(summaryOf(text)['tokens']).toEqual(summaryOf(first)['tokens'])
        expect(dataOf(text).at(-1)).toBe('[DONE]')
      }),
  )

  test('tells usage once, in its last chunk, to who asked for it, whoever had it made', () =>
    withRig(async (rig) => {
      for (const model of ['test-chat', 'test-chat!usageEverywhere'])
        for (const makerAsks of [true, false]) {
          turn++
          const options = (asks: boolean) => ({
            stream: true,
            ...(asks ? { stream_options: { include_usage: true } } : {}),
          })
          await textOf(await rig.chat(ask(model, options(makerAsks))))
          const before = calls()
          const asked = dataOf(await textOf(await rig.chat(ask(model, options(true)))))
          const unasked = dataOf(await textOf(await rig.chat(ask(model, options(false)))))
          expect(calls()).toBe(before)
          const tells = asked.map((data) => data.includes('prompt_tokens'))
          expect(tells.filter(Boolean)).toHaveLength(1)
          expect(tells.at(-2)).toBe(true)
          expect(unasked.join('')).not.toContain('prompt_tokens')
        }
    }))

  test('that is given again is cut like any other when its asker is shut out', () =>
    withRig(async (rig) => {
      await textOf(await rig.chat(ask('test-chat', stream)))
      const asking = new AbortController()
      const second = await rig.chat(ask('test-chat', stream), asking.signal)
      expect(second.headers['x-cairn-cache']).toBe('hit')
      asking.abort(new CairnError('access.key-unknown'))
      const rest = dataOf(await textOf(second))
      expect(rest).toEqual([expect.stringContaining('access.key-unknown'), '[DONE]'])
      expect(rig.entries.at(-1)).toMatchObject({ type: 'chat.completed', outcome: 'failed' })
    }))

  test('is one to 1,000 who ask at once, though most of them leave: one upstream call, and who stays hears all of it', () =>
    withRig(async (rig) => {
      const made = await callsOf(async () => {
        const leavers = Array.from({ length: 1_000 }, () => new AbortController())
        const text = ask('test-chat!chunks=40,chunkDelayMs=25', stream)
        const heard = await Promise.all(
          leavers.map(async (leaver, index) => {
            const reply = await rig.chat(text, leaver.signal)
            if (index % 5 === 0) return textOf(reply)
            const reader = (reply.body as ReadableStream<Uint8Array>).getReader()
            await reader.read()
            // Half leave by their signal, half by letting go of the body; the one who had it made among them.
            if (index % 2 === 0) leaver.abort()
            else await reader.cancel()
            return null
          }),
        )
        const told = heard.filter((each) => each !== null)
        expect(told).toHaveLength(200)
        expect(new Set(told.map(withoutOwn)).size).toBe(1)
        expect(dataOf(told[0] ?? '').filter((data) => data.includes('"content":"'))).toHaveLength(41)
        expect(told.every((each) => each.endsWith('data: [DONE]\n\n'))).toBe(true)
      })
      expect(made).toBe(1)
      expect(rig.routing.load()).toMatchObject([{ inFlight: 0 }])
      expect((await rig.chat(ask('test-chat!chunks=40,chunkDelayMs=25', stream))).headers['x-cairn-cache']).toBe('hit')
    }))

  test('that all its listeners leave is stopped at the provider and not kept', () =>
    withRig(async (rig) => {
      const text = ask('test-chat!chunkDelayMs=20', stream)
      const made = await callsOf(async () => {
        const readers = await Promise.all(
          [1, 2, 3].map(async () => ((await rig.chat(text)).body as ReadableStream<Uint8Array>).getReader()),
        )
        await Promise.all(readers.map((reader) => reader.read()))
        await Promise.all(readers.map((reader) => reader.cancel()))
        await until(() => upstream.openSockets() === 0, 1_000)
        expect((await rig.chat(text)).headers['x-cairn-cache']).toBe('miss')
      })
      expect(made).toBe(2)
      expect(cache.stats().tiers[0]?.entries).toBe(0)
    }))

  test.each([
    ['that breaks off', 'test-chat!breakAfter=3', stream],
    ['with an error in the middle', 'test-chat!errorAfter=3', stream],
    ['with garbage in the middle', 'test-chat!garbageAfter=2', stream],
    ['whose choice nothing finished', 'test-chat!noFinish', stream],
    ['that is refused', 'test-chat!status=503', {}],
    ['that is malformed', 'test-chat!body=malformed', {}],
    ['that is larger than the bound', 'test-chat!chunks=300,chunkChars=20000', stream],
  ])('%s is not kept, and all who listened hear the same', (_, model, more) =>
    withRig(async (rig) => {
      const made = await callsOf(async () => {
        const hear = async () => {
          try {
            return withoutOwn(await textOf(await rig.chat(ask(model, more))))
          } catch (thrown) {
            return String(thrown)
          }
        }
        const together = await Promise.all([hear(), hear(), hear()])
        expect(new Set(together).size).toBe(1)
        await hear()
      })
      expect(made).toBe(2)
      expect(cache.stats().tiers[0]?.entries).toBe(0)
    }),
  )

  test('with tool calls is kept when their arguments are JSON', () =>
    withRig(async (rig) => {
      const tools = [{ type: 'function', function: { name: 'look_up', parameters: {} } }]
      const messages = [{ role: 'user', content: 'use the tool' }]
      for (const more of [{}, stream]) {
        const text = ask('test-chat', { tools, messages, ...more })
        const first = await textOf(await rig.chat(text))
        expect(first).toContain('tool_calls')
        const again = await rig.chat(text)
        expect(again.headers['x-cairn-cache']).toBe('hit')
        expect(withoutOwn(await textOf(again))).toBe(withoutOwn(first))
      }
    }))

  test('asked for by a caller who refuses the cache is made for that caller and not kept', () =>
    withRig(async (rig) => {
      const made = await callsOf(async () => {
        for (const cached of ['bypass', undefined, 'bypass', undefined] as const) {
          const { headers } = await rig.chat(ask('test-chat'), now(), cached ? { cache: cached } : {})
          if (cached) expect(headers['x-cairn-cache']).toBe('bypass')
        }
      })
      expect(made).toBe(3)
    }))
})

describe('two requests are the same', () => {
  const same = async (rig: ReturnType<typeof createRig>, one: string, other: string, more = {}) => {
    await textOf(await rig.chat(one))
    return (await rig.chat(other, now(), more)).headers['x-cairn-cache']
  }

  test('however their JSON is written', () =>
    withRig(async (rig) => {
      const message = '{"role":"user","content":"caf\\u00e9"}'
      const one = `{"model":"test-chat","messages":[${message}],"seed":7}`
      const other = `{ "seed" : 7,\n"messages":[ {"content":"café","role":"user"} ],"model":"test-chat" }`
      expect(await same(rig, one, other)).toBe('hit')
    }))

  test.each([
    ['another field that we do not know', { x_unknown: 1 }, { x_unknown: 2 }],
    ['a field more', {}, { x_unknown: null }],
    ['another user', { user: 'ann' }, { user: 'bob' }],
    ['other metadata', { metadata: { a: 1 } }, { metadata: { a: 2 } }],
    ['another bound', { max_tokens: 5 }, { max_tokens: 6 }],
    ['another number format', { seed: 1 }, '{"seed":1.0}'],
    ['a stream', {}, { stream: true }],
    ['another name of the same model', {}, { model: 'lab/test-chat' }],
  ])('but not with %s', (_, one, other) =>
    withRig(async (rig) => {
      const text =
        typeof other === 'string' ? ask('test-chat').replace(/\}$/, `,${other.slice(1)}`) : ask('test-chat', other)
      expect(await same(rig, ask('test-chat', one), text)).not.toBe('hit')
    }),
  )

  test.each([
    [{ temperature: 0.7 }, 'repeatable', 'bypass'],
    [{ temperature: 0.7, seed: 7 }, 'repeatable', 'hit'],
    [{ temperature: 0 }, 'repeatable', 'hit'],
    [{ n: 2 }, 'repeatable', 'bypass'],
    [{ temperature: 0.7, n: 2 }, 'all', 'hit'],
    [{}, 'off', 'bypass'],
    [{ store: true }, 'all', 'bypass'],
    [{ stream: true, stream_options: { include_obfuscation: false } }, 'all', 'bypass'],
  ] as const)('and cached or not by what they ask for: %o with “%s” is a %s', (more, chat, expected) =>
    withRig(async (rig) => expect(await same(rig, ask('test-chat', more), ask('test-chat', more))).toBe(expected), {
      settings: { chat },
    }),
  )

  test('never for two people, whatever a request says; for a team and for all only by configuration', async () => {
    const hostile = {
      user: 'user_owner',
      metadata: { partition: 'user_owner', 'x-cairn-partition': 'org' },
      prompt_cache_key: 'user_owner',
      cache_key: 'user_owner',
      safety_identifier: 'user_owner',
      'x-cairn-sharing': 'org',
    }
    for (const chatSharing of ['user', 'team', 'org'] as const)
      await withRig(
        async (rig) => {
          const expected = chatSharing === 'org' ? 'hit' : 'miss'
          expect(await same(rig, ask('test-chat'), ask('test-chat'), { principal: bob })).toBe(expected)
          // The same fields from both: what they say makes the two requests equal and must not make them one.
          expect(await same(rig, ask('test-chat', hostile), ask('test-chat', hostile), { principal: bob })).toBe(
            expected,
          )
        },
        { settings: { chatSharing } },
      )
  })

  test('of a shared reply only the owner is told the tier', () =>
    withRig(
      async (rig) => {
        await rig.chat(ask('test-chat'))
        const member = { ...bob, kind: 'system' as const }
        const { headers } = await rig.chat(ask('test-chat'), now(), { principal: member })
        expect(headers['x-cairn-cache']).toBe('hit')
        expect(headers['x-cairn-cache-tier']).toBeUndefined()
        const seen = await rig.chat(ask('test-chat'), now(), { principal: owner })
        expect(seen.headers['x-cairn-cache-tier']).toBe('memory')
      },
      { settings: { chatSharing: 'org' } },
    ))

  test('not once a model, or the provider behind its name, is another', async () => {
    const twin = await startUpstream()
    await withRig(async () => {
      const rigOf = (id: string, url: string, offered: readonly string[]) =>
        createRig({ upstreams: [upstreamOf(id, url, offered)], cache })
      const statusOf = async (rig: ReturnType<typeof createRig>) =>
        (await rig.chat(ask('auto'))).headers['x-cairn-cache']
      expect(await statusOf(rigOf('lab', upstream.url, ['test-chat', 'echo']))).toBe('miss')
      expect(await statusOf(rigOf('lab', upstream.url, ['test-chat', 'echo']))).toBe('hit')
      expect(await statusOf(rigOf('lab', upstream.url, ['echo']))).toBe('miss')
      expect(await statusOf(rigOf('lab', twin.url, ['test-chat', 'echo']))).toBe('miss')
      expect(await statusOf(rigOf('lob', upstream.url, ['test-chat', 'echo']))).toBe('miss')
    })
    await twin.close()
  })
})

/** The same cache, whose namespaces several rigs may open, as one server after another does. */
function withOneNamespace(inner: Cache): Cache {
  const known = new Map<string, unknown>()
  return {
    ...inner,
    namespace<T>(name: string, defaults: NamespaceDefaults) {
      if (!known.has(name)) known.set(name, inner.namespace<T>(name, defaults))
      return known.get(name) as Namespace<T>
    },
  }
}

describe('an invalidation', () => {
  test.each([
    ['of the model', ['model:test-chat']],
    ['of the model under its provider', ['model:lab/test-chat']],
    ['of the person', ['tag:user:user_owner']],
    ['of the namespace', ['ns:chat']],
    ['of everything', ['*']],
  ])('%s ends a reply', (_, scopes) =>
    withRig(async (rig) => {
      await rig.chat(ask('test-chat'))
      await cache.invalidate({ scopes: ['model:other', 'tag:user:user_bob', 'ns:answers'] })
      expect((await rig.chat(ask('test-chat'))).headers['x-cairn-cache']).toBe('hit')
      await cache.invalidate({ scopes })
      expect((await rig.chat(ask('test-chat'))).headers['x-cairn-cache']).toBe('miss')
    }),
  )

  test('during a stream keeps that stream from being kept, and its listeners hear it to the end', () =>
    withRig(async (rig) => {
      const text = ask('test-chat!chunkDelayMs=20', stream)
      const reply = await rig.chat(text)
      await cache.invalidate({ scopes: ['model:test-chat!chunkDelayMs=20'] })
      expect(await textOf(reply)).toEndWith('data: [DONE]\n\n')
      expect((await rig.chat(text)).headers['x-cairn-cache']).toBe('miss')
    }))
})

describe('embeddings', () => {
  test('are given again byte for byte, to the same person only', () =>
    withRig(async (rig) => {
      for (const format of ['float', 'base64']) {
        const text = JSON.stringify({ model: 'test-embed', input: ['tide', '潮'], encoding_format: format })
        const first = await rig.embeddings(text)
        const made = await textOf(first)
        const before = calls()
        const second = await rig.embeddings(text)
        expect(await textOf(second)).toBe(made)
        expect(second.headers).toMatchObject({ 'x-cairn-cache': 'hit', 'x-cairn-cost-usd': '0' })
        expect(calls()).toBe(before)
        expect((await rig.embeddings(text, { principal: bob })).headers['x-cairn-cache']).toBe('miss')
        expect((await rig.embeddings(text.replace('tide', 'Tide'))).headers['x-cairn-cache']).toBe('miss')
        expect((await rig.embeddings(text, { cache: 'bypass' })).headers['x-cairn-cache']).toBe('bypass')
      }
    }))
})
