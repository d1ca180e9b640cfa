/**
 * Hostile input to everything about access: ids, paths, forms of Unicode, tokens, headers and bodies. What comes back is
 * a clear error and never a fault of the server; and pages and names of others get nowhere.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { KeyInfo } from '@cairn/contract'
import { createRandom } from '../src/base/testing/random.ts'
import { routes } from '../src/http/index.ts'
import { sendRaw } from './http-kit.ts'
import { openTeam, take, type Member, type Team } from './kit/team.ts'

setDefaultTimeout(120_000)

let team: Team
let ann: Member

beforeAll(async () => {
  team = await openTeam({ vaults: { eng: { 'a/x.md': '# X\n\nThe heron stands.\n' } } })
  ann = await team.person('Ann')
  await team.grant(ann.principal, 'curator', 'vault:eng')
})
afterAll(() => team[Symbol.asyncDispose]())

const random = createRandom(20_261_123)
const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T

/** Texts that have broken parsers, paths, logs and databases. */
const texts = [
  '',
  ' ',
  '.',
  '..',
  '../../etc/passwd',
  '/',
  '//',
  'a//b',
  '\\..\\..',
  '%2e%2e%2f',
  '%00',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'e\u0301',
  'é',
  '\u202etxt.exe',
  '\u200b',
  '\ufeff',
  'ﬁ',
  'İ',
  'ß',
  '👩‍👩‍👧',
  '𝖆',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  "' OR 1=1 --",
  '"; DROP TABLE access_keys; --',
  '${7*7}',
  '{{7*7}}',
  '<script>alert(1)</script>',
  'a'.repeat(10_000),
  'user:',
  'user:__proto__',
  'group:everyone',
  'org:cairn',
  'vault:*',
  'note:a/../b',
  'folder:eng/',
  'tag:',
  'tag:a//b',
  'model:*/*',
  'NaN',
  'null',
  '-1',
  '1e309',
  '9007199254740993',
  '0x10',
  '2026-13-45T99:99Z',
  '2026-03-01T00:00Z',
] as const
const values = [...texts, null, true, false, 0, -1, 1.5, 1e308, [], {}, [[]], { __proto__: null }, ['a', 1]] as const

const fields =
  'subject action resource context principal role scope from until when note base document approve to actions reason review name email bound parent service kind id status isOwner expiresInDays delegable code token password userCode __proto__'.split(
    ' ',
  )

function anyValue(depth = 0): unknown {
  const chance = random()
  if (depth < 4 && chance < 0.15) return Array.from({ length: Math.floor(random() * 4) }, () => anyValue(depth + 1))
  if (depth < 4 && chance < 0.35) return anyBody(depth + 1)
  return pick(values)
}

function anyBody(depth = 0): object {
  const entries = Array.from({ length: 1 + Math.floor(random() * 5) }, () => [pick(fields), anyValue(depth)] as const)
  return Object.fromEntries(entries)
}

/** A body that begins as a good one, with one field spoiled. */
function nearly(good: object): object {
  const names = Object.keys(good)
  return { ...good, [pick([...names, ...names, 'extra'])]: anyValue() }
}

const goodBodies: Readonly<Record<string, object>> = {
  '/api/access/explain': { action: 'read', resource: 'vault:eng' },
  '/api/access/grants': { principal: 'group:everyone', role: 'viewer', scope: 'vault:nowhere' },
  '/api/access/barriers': { scope: 'folder:nowhere/a' },
  '/api/access/keys': { name: 'k', bound: { actions: ['read'], scopes: ['vault:nowhere'] } },
  '/api/access/delegations': {
    to: 'user:nobody',
    role: 'viewer',
    scope: 'vault:nowhere',
    from: '2026-01-01T00:00Z',
    until: '2099-01-01T00:00Z',
  },
  '/api/access/emergencies': {
    actions: ['read'],
    scope: 'vault:nowhere',
    until: '2099-01-01T00:00Z',
    reason: 'A storm.',
  },
  '/api/access/simulate': { document: { version: 1 } },
  '/api/access/policy': { base: 1, note: '', document: { version: 1, denies: [] } },
  '/api/access/groups': { name: 'g' },
}

const clear = /^(?:200|201|202|204|303|400|401|403|404|405|408|409|413|415|421|429)$/

async function expectClear(reply: Response, what: unknown): Promise<void> {
  const text = await reply.text()
  // The runtime itself refuses a head that is too large, without a body.
  if (reply.status === 431) return
  expect([what, clear.test(String(reply.status)) ? 'clear' : reply.status]).toEqual([what, 'clear'])
  if (reply.status >= 400) expect([what, JSON.parse(text)]).toEqual([what, expect.anything()])
  expect(text).not.toMatch(/\bat \w+ \(|node_modules|server\/src|SQLITE|PostgresError/)
}

/** Only a percent-encoding that is whole can stand in an address. */
const encode = (text: string) => (text.isWellFormed() ? encodeURIComponent(text) : '%ED%A0%80')

const accessRows = routes.filter(({ path }) => path.startsWith('/api/access'))

describe('every row about access', () => {
  for (const { method, path, body } of accessRows)
    test(`${method} ${path} takes any id, query and body with a clear answer`, async () => {
      for (let turn = 0; turn < 40; turn++) {
        const filled = path.replace(/[:*]\w+/g, () => encode(pick(texts)) || 'x')
        const query =
          turn % 3 === 0 ? `?${encode(pick(['scope', 'limit', 'before', 'action', 'x']))}=${encode(pick(texts))}` : ''
        const good = goodBodies[path]
        const sent = good && turn % 2 === 0 ? nearly(good) : anyValue()
        // Nothing that the owner may do is done to the owner: it is the person who asks.
        const member = turn % 4 === 0 && method === 'GET' ? team.owner : ann
        const reply = await member.call(filled + query, {
          method,
          headers: { 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body: JSON.stringify(sent) ?? 'null' }),
        })
        await expectClear(reply, [
          method,
          filled.slice(0, 200) + query.slice(0, 200),
          JSON.stringify(sent)?.slice(0, 300),
        ])
      }
    })

  test('and bodies that are no JSON, too deep, of a wrong type or doubled', async () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
    for (const { method, path } of accessRows.filter(({ body }) => body !== undefined))
      for (const body of ['', '{', 'null', '[]', '"a"', '1', deep, '{"a":1,"a":2}', '{"\\u0000":1}', '\u00ff\u00fe']) {
        const init = { method, body, headers: { 'content-type': 'application/json' } }
        await expectClear(await ann.call(path.replace(/:\w+/g, 'x'), init), [method, path, body.slice(0, 40)])
        const wrong = { method, body, headers: { 'content-type': 'text/plain' } }
        expect((await ann.call(path.replace(/:\w+/g, 'x'), wrong)).status).toBeGreaterThanOrEqual(400)
      }
  })
})

describe('paths and credentials', () => {
  test('any path of a note is answered with a note or a clear error', async () => {
    for (let turn = 0; turn < 300; turn++) {
      const parts = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(texts))
      const address = `/api/vaults/${turn % 5 === 0 ? encode(pick(texts)) || 'x' : team.vaultIds['eng']}`
      const path = `${address}/${pick(['notes', 'related'])}/${parts.map(encode).join(pick(['/', '%2F', '//', '\\']))}`
      const reply = await ann.call(path, { method: pick(['GET', 'PUT', 'DELETE']) })
      await expectClear(reply, path.slice(0, 300))
    }
  })

  test('any token is unknown, in any header, and costs nothing', async () => {
    const headers = ['authorization', 'x-api-key', 'cookie']
    const good = ann.key
    const tokens = [
      ...texts.filter((text) => /^[\x20-\x7e]*$/.test(text)),
      good.slice(0, -1),
      `${good}a`,
      good.toUpperCase(),
      `${good} `.repeat(2),
      `${good},${good}`,
      'cairn_local_',
      'ck_',
      'a'.repeat(6_000),
    ]
    const port = new URL(team.url).port
    for (const token of tokens)
      for (const name of headers) {
        const value =
          name === 'authorization' ? `Bearer ${token}` : name === 'cookie' ? `cairn_session_${port}=${token}` : token
        const reply = await fetch(`${team.url}/api/vaults`, { headers: { [name]: value, origin: team.url } })
        expect([name, token.slice(0, 60), [400, 401, 431].includes(reply.status)]).toEqual([
          name,
          token.slice(0, 60),
          true,
        ])
      }
  })

  test('the epoch is a whole number that was reached, or the answer says so', async () => {
    const { epoch } = await team.policy()
    const asked: [string, number][] = [
      [String(epoch), 200],
      ['0', 200],
      ['-1', 400],
      ['1.5', 400],
      ['1e3', 400],
      ['0x1', 400],
      ['NaN', 400],
      ['9'.repeat(16), 400],
      ['９', 400],
      ['1, 2', 400],
      ['', 400],
    ]
    for (const [value, status] of asked) {
      const reply = await ann.call('/api/vaults', { headers: { 'x-cairn-epoch': encodeHeader(value) } })
      expect([value, reply.status]).toEqual([value, status])
    }
    const ahead = await ann.call('/api/vaults', { headers: { 'x-cairn-epoch': '999999999999' } })
    expect([ahead.status, ((await ahead.json()) as { code: string }).code]).toEqual([503, 'access.unconfirmed'])
    expect(Number(ahead.headers.get('retry-after'))).toBeGreaterThan(0)
  })
})

/** Headers are bytes; other letters than ASCII stand in them as UTF-8. */
const encodeHeader = (text: string) =>
  [...new TextEncoder().encode(text)].map((byte) => String.fromCharCode(byte)).join('')

describe('pages and names of others', () => {
  const status = (reply: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(reply)?.[1])
  const raw = (lines: readonly string[]) =>
    sendRaw(Number(new URL(team.url).port), `${lines.join('\r\n')}\r\nconnection: close\r\n\r\n`)

  test('a host name that is not ours is refused, whatever the credential (DNS rebinding)', async () => {
    const { port } = new URL(team.url)
    const hosts = [
      'evil.example',
      `evil.example:${port}`,
      `localhost.evil.example:${port}`,
      `127.0.0.1.nip.io:${port}`,
      '127.0.0.1',
      `127.0.0.1:${Number(port) + 1}`,
      `[::2]:${port}`,
      '',
      `localhost:${port}@evil.example`,
    ]
    for (const host of hosts)
      for (const credential of [`authorization: Bearer ${team.owner.key}`, `cookie: ${ann.session['cookie']}`]) {
        const reply = await raw([`GET /api/vaults HTTP/1.1`, `host: ${host}`, `origin: http://${host}`, credential])
        expect([host, status(reply) === 421 || status(reply) === 400]).toEqual([host, true])
        expect(reply).not.toContain('"vaults"')
      }
    expect(
      status(await raw(['GET /api/vaults HTTP/1.1', `host: localhost:${port}`, `authorization: Bearer ${ann.key}`])),
    ).toBe(200)
  })

  test('the session’s cookie is taken from our own pages only, to read and to write', async () => {
    const { cookie = '' } = ann.session
    const { port } = new URL(team.url)
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `http://127.0.0.1:${Number(port) + 1}` },
      { origin: `http://localhost:${port}` },
      { origin: `https://127.0.0.1:${port}` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site', origin: team.url },
      { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
      { referer: `${team.url}/` },
      {},
    ]
    const before = (await take<{ keys: KeyInfo[] }>(ann.call('/api/access/keys'))).keys.length
    for (const headers of foreign)
      for (const [method, path] of [
        ['GET', '/api/vaults'],
        ['GET', '/auth/session'],
        ['POST', '/api/access/keys'],
        ['POST', '/api/access/explain'],
        ['DELETE', '/auth/session'],
      ] as const) {
        const reply = await fetch(`${team.url}${path}`, {
          method,
          headers: { cookie, 'content-type': 'application/json', ...headers },
          ...(method === 'POST' ? { body: JSON.stringify({ name: 'stolen' }) } : {}),
        })
        expect([method, path, headers, reply.status]).toEqual([method, path, headers, 403])
        expect(((await reply.json()) as { code: string }).code).toBe('request.origin')
        expect(reply.headers.get('access-control-allow-origin')).toBeNull()
      }
    expect((await take<{ keys: KeyInfo[] }>(ann.call('/api/access/keys'))).keys).toHaveLength(before)
    expect((await ann.act('/auth/session', undefined, 'GET')).status).toBe(200)
  })

  test('a cookie of another port, name or host is no session', async () => {
    const { cookie = '' } = ann.session
    const value = cookie.slice(cookie.indexOf('=') + 1)
    const port = Number(new URL(team.url).port)
    for (const name of [
      `cairn_session_${port + 1}`,
      'cairn_session',
      `cairn_session_${port}0`,
      `__Host-cairn_session_${port}`,
      `CAIRN_SESSION_${port}`,
    ]) {
      const reply = await fetch(`${team.url}/api/vaults`, { headers: { cookie: `${name}=${value}`, origin: team.url } })
      expect([name, reply.status]).toEqual([name, 401])
    }
    await using other = await openTeam()
    const named = `cairn_session_${new URL(other.url).port}=${value}`
    expect((await fetch(`${other.url}/api/vaults`, { headers: { cookie: named, origin: other.url } })).status).toBe(401)
  })

  test('a foreign page is turned away before its cookie is looked up', async () => {
    const { cookie = '' } = ann.session
    const { access } = team.app
    const authenticate = access.authenticate
    try {
      let asked = 0
      Object.assign(access, {
        authenticate: (...given: Parameters<typeof authenticate>) => (asked++, authenticate(...given)),
      })
      await fetch(`${team.url}/api/vaults`, { headers: { cookie, origin: 'https://evil.example' } })
      expect(asked).toBe(0)
      await fetch(`${team.url}/api/vaults`, { headers: { cookie, origin: team.url } })
      expect(asked).toBe(1)
    } finally {
      Object.assign(access, { authenticate })
    }
  })
})
