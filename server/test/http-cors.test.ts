/** Pages of other origins: which may use the API, what a preflight allows them, what they may read, and what never. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { configSchema } from '@cairn/contract'
import { Glob } from 'bun'
import { CairnError } from '../src/base/index.ts'
import { ownerKey, readUntil, sessionValue, startRig, type Rig } from './http-kit.ts'

const corsOrigins = configSchema.parse({}).server.corsOrigins
const obsidian = 'app://obsidian.md'

let rig: Rig
beforeAll(() => {
  rig = startRig({
    settings: { corsOrigins },
    pipeline: {
      async embeddings() {
        throw new CairnError('limit.requests', { retryAfterMs: 1_500, retried: true })
      },
    },
  })
})
afterAll(() => rig.server.stop(500))

const preflight = (path: string, headers: Record<string, string> = {}, on: Rig = rig) =>
  fetch(`${on.url}${path}`, {
    method: 'OPTIONS',
    headers: { origin: obsidian, 'access-control-request-method': 'POST', ...headers },
  })
const listOf = (response: Response, name: string) => (response.headers.get(name) ?? '').toLowerCase().split(', ')
const corsHeaders = ({ headers }: Response) =>
  [...headers.keys()].filter((name) => name.startsWith('access-control')).sort()
const chat = { model: 'm', messages: [{ role: 'user' }] }

/** Names of headers that stand in the code of an installed client in quotes, before a colon or as a constant. */
async function headersIn(client: string): Promise<Set<string>> {
  const folder = dirname(Bun.resolveSync(`${client}/package.json`, import.meta.dir))
  const names = new Set<string>()
  for await (const file of new Glob('**/*.js').scan(folder)) {
    const text = await readFile(`${folder}/${file}`, 'utf8')
    const quoted =
      /['"]((?:x-stainless|anthropic|openai)-[a-z-]+|authorization|x-api-key|idempotency-key|user-agent)['"]/gi
    for (const [, name = ''] of text.matchAll(quoted)) names.add(name.toLowerCase())
  }
  return names
}

describe('a preflight', () => {
  test.each(['app://obsidian.md', 'capacitor://localhost', 'http://localhost'])(
    'from %s is allowed on every address of /v1 and /api, with the methods that are there',
    async (origin) => {
      const methods: [path: string, methods: string][] = [
        ['/v1/chat/completions', 'OPTIONS, POST'],
        ['/v1/responses', 'OPTIONS, POST'],
        ['/v1/messages', 'OPTIONS, POST'],
        ['/v1/models', 'GET, HEAD, OPTIONS'],
        ['/api/vaults/v/notes/A/b.md', 'DELETE, GET, HEAD, OPTIONS, PUT'],
        ['/api/providers/p', 'DELETE, GET, HEAD, OPTIONS, PUT'],
      ]
      for (const [path, allowed] of methods) {
        const reply = await preflight(path, { origin })
        expect([path, reply.status, reply.headers.get('access-control-allow-methods')]).toEqual([path, 204, allowed])
        expect(reply.headers.get('access-control-allow-origin')).toBe(origin)
        expect(reply.headers.get('access-control-allow-credentials')).toBeNull()
        expect(Number(reply.headers.get('access-control-max-age'))).toBe(7_200)
        expect(listOf(reply, 'vary')).toContain('origin')
      }
    },
  )

  test.each(['openai', '@anthropic-ai/sdk'])(
    'allows every header that %s can send, by its own source',
    async (client) => {
      const sent = await headersIn(client)
      // The search finds what is known to be sent, so an empty list would not pass.
      for (const known of [
        'x-stainless-lang',
        'x-stainless-os',
        'x-stainless-retry-count',
        'x-stainless-helper-method',
        'user-agent',
      ])
        expect(sent).toContain(known)
      const reply = await preflight('/v1/chat/completions', { 'access-control-request-headers': [...sent].join(',') })
      const allowed = listOf(reply, 'access-control-allow-headers')
      expect([...sent].filter((name) => !allowed.includes(name))).toEqual([])
    },
  )

  test('allows by name, also when it does not ask, what clients and this API need', async () => {
    const allowed = listOf(await preflight('/v1/chat/completions'), 'access-control-allow-headers')
    const families = [
      'lang',
      'package-version',
      'os',
      'arch',
      'runtime',
      'runtime-version',
      'retry-count',
      'timeout',
      'helper',
      'helper-method',
      'poll-helper',
      'custom-poll-interval',
      'read-timeout',
    ]
    for (const name of [
      'authorization',
      'content-type',
      'accept',
      'x-api-key',
      'anthropic-version',
      'anthropic-beta',
      'anthropic-dangerous-direct-browser-access',
      'cache-control',
      'x-cairn-cache',
      'x-cairn-label',
      'x-request-id',
      'if-match',
      'if-none-match',
      ...families.map((each) => `x-stainless-${each}`),
    ])
      expect(allowed).toContain(name)
    expect(allowed).not.toContain('*')
  })

  test('allows what a later version of them may send, and neither cookies nor anything else that is asked for', async () => {
    const asked =
      'X-Stainless-New-Thing, x-cairn-new, openai-new, cookie, x-forwarded-for, host, x-evil, x-stainless-a b'
    const reply = await preflight('/v1/ask', { 'access-control-request-headers': asked })
    const allowed = listOf(reply, 'access-control-allow-headers')
    for (const name of ['x-stainless-new-thing', 'x-cairn-new', 'openai-new']) expect(allowed).toContain(name)
    for (const name of ['cookie', 'x-forwarded-for', 'host', 'x-evil', 'x-stainless-a b'])
      expect(allowed).not.toContain(name)
    const long = await preflight('/v1/ask', { 'access-control-request-headers': 'x-stainless-a,'.repeat(1_000) })
    expect(long.headers.get('access-control-allow-headers')?.length).toBeLessThan(2_000)
  })

  test('is told that the private network may be reached, when it asks', async () => {
    const asked = await preflight('/v1/ask', { 'access-control-request-private-network': 'true' })
    expect(asked.headers.get('access-control-allow-private-network')).toBe('true')
    expect((await preflight('/v1/ask')).headers.get('access-control-allow-private-network')).toBeNull()
  })

  test('for an address that does not exist is allowed, so that the page gets to read the 404', async () => {
    const reply = await preflight('/v1/v1/chat/completions')
    expect([reply.status, reply.headers.get('access-control-allow-origin')]).toEqual([204, obsidian])
    const real = await rig.post('/v1/v1/chat/completions', chat, { headers: { origin: obsidian } })
    expect([real.status, real.headers.get('access-control-allow-origin')]).toEqual([404, obsidian])
  })
})

describe('a reply', () => {
  test('of any outcome can be read by an allowed page, with our headers and those for trying again', async () => {
    const headers = { origin: obsidian }
    const replies = {
      ok: await rig.post('/v1/chat/completions', chat, { headers }),
      api: await rig.call('/api/vaults', { headers }),
      'not found': await rig.call('/api/vaults/other/notes', { headers }),
      refused: await fetch(`${rig.url}/v1/models`, { headers }),
      'wrong method': await rig.call('/v1/ask', { headers }),
      invalid: await rig.post('/v1/ask', {}, { headers }),
      limited: await rig.post('/v1/embeddings', { model: 'm', input: 'x' }, { headers }),
    }
    for (const [what, reply] of Object.entries(replies)) {
      expect([what, reply.headers.get('access-control-allow-origin')]).toEqual([what, obsidian])
      expect(reply.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
      expect(reply.headers.get('access-control-allow-credentials')).toBeNull()
      expect(listOf(reply, 'vary')).toContain('origin')
      const exposed = listOf(reply, 'access-control-expose-headers')
      const ours = [...reply.headers.keys()].filter((name) =>
        /^(?:x-cairn-|x-request-id|retry-after|x-should)/.test(name),
      )
      expect(exposed).toEqual(expect.arrayContaining(ours))
    }
    expect(listOf(replies.ok, 'access-control-expose-headers')).toContain('x-cairn-model')
    expect(replies.limited.headers.get('retry-after-ms')).toBe('1500')
    expect(replies.limited.headers.get('x-should-retry')).toBe('false')
  })

  test('that is streamed can be read too', async () => {
    const reply = await rig.post('/v1/ask', { question: 'wind', stream: true }, { headers: { origin: obsidian } })
    expect(reply.headers.get('access-control-allow-origin')).toBe(obsidian)
    expect(listOf(reply, 'access-control-expose-headers')).toContain('x-cairn-model')
    expect(await readUntil(reply, 'event: done')).toContain('event: done')
  })

  test('to a foreign host name stays a refusal, with nothing but that', async () => {
    const headers = { origin: obsidian, host: 'evil.example' }
    const reply = await rig.server.fetch(new Request(`${rig.url}/v1/models`, { headers }), {
      remoteAddress: '127.0.0.1',
    })
    expect(reply.status).toBe(421)
  })
})

describe('a page that is not allowed', () => {
  const foreign = [
    'https://evil.example',
    'null',
    'http://localhost:8080',
    'https://localhost',
    'http://localhost.evil.example',
    'app://obsidian.md.evil',
    'app://',
    'capacitor://localhost:1',
    'http://127.0.0.1',
  ]

  test.each(foreign)('as %s learns nothing from a preflight or a reply', async (origin) => {
    for (const path of ['/v1/chat/completions', '/api/vaults', '/v1/nothing']) {
      expect(corsHeaders(await preflight(path, { origin }))).toEqual([])
      const reply = await rig.call(path, { headers: { origin } })
      expect(corsHeaders(reply)).toEqual([])
      expect(reply.headers.get('cross-origin-resource-policy')).toBe('same-origin')
    }
  })

  test('is every other page when the list is empty, which is so unless app.ts gives one', async () => {
    for (const bare of [startRig(), startRig({ settings: { corsOrigins: [] } })]) {
      expect(corsHeaders(await preflight('/v1/ask', {}, bare))).toEqual([])
      const reply = await bare.call('/api/vaults', { headers: { origin: obsidian } })
      expect([corsHeaders(reply), reply.headers.get('vary')]).toEqual([[], null])
      await bare.server.stop(500)
    }
  })
})

test('the console, sign-in and operations are shared with no other page', async () => {
  for (const path of [
    '/',
    '/auth/session',
    '/auth/sign-in',
    '/metrics',
    '/healthz',
    '/openapi.json',
    '/v1x',
    '/apis',
  ]) {
    expect([path, corsHeaders(await preflight(path))]).toEqual([path, []])
    expect([path, corsHeaders(await rig.call(path, { headers: { origin: obsidian } }))]).toEqual([path, []])
  }
})

test('a session cookie counts for no allowed page either: only a key does', async () => {
  for (const origin of corsOrigins) {
    const cookie = `cairn_session_${rig.port}=${sessionValue}`
    const refused = await fetch(`${rig.url}/api/vaults`, { headers: { origin, cookie } })
    expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('request.origin')])
    const headers = { origin, cookie, authorization: `Bearer ${ownerKey}` }
    expect((await fetch(`${rig.url}/api/vaults`, { headers })).status).toBe(200)
  }
})

test('the configuration takes no origin that would mean every page', () => {
  for (const origin of ['*', 'null', 'http://*', 'https://*.example.org', 'obsidian.md', '', 'http://localhost/'])
    expect(configSchema.safeParse({ server: { corsOrigins: [origin] } }).success).toBe(false)
})
