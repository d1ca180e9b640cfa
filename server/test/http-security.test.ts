/** Host names, cookies, origins, headers, sign-in and metrics: who is let in, and what a reply gives away. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createRateLimit } from '../src/http/rate-limit.ts'
import { ownerKey, sendRaw, sessionValue, signInToken, startRig, type Rig } from './http-kit.ts'

let rig: Rig

beforeAll(() => {
  rig = startRig()
})

afterAll(() => rig.server.stop(500))

const get = (path: string, headers: Record<string, string>) => fetch(`${rig.url}${path}`, { headers })
const statusFor = async (host: string, on: Rig = rig) =>
  (await sendRaw(on.port, `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).slice(9, 12)

describe('the Host header', () => {
  test('must name loopback with this port', async () => {
    const { port } = rig
    for (const host of [
      `127.0.0.1:${port}`,
      `localhost:${port}`,
      `LOCALHOST:${port}`,
      `[::1]:${port}`,
      `127.3.2.1:${port}`,
    ]) {
      expect([host, await statusFor(host)]).toEqual([host, '200'])
    }
    const refused = [
      `evil.example:${port}`,
      '127.0.0.1',
      `127.0.0.1:${port + 1}`,
      `localhost.evil.example:${port}`,
      `127.0.0.1.evil.example:${port}`,
      `evil.example@127.0.0.1:${port}`,
      `127.0.0.1:${port}, evil.example`,
      `192.168.1.1:${port}`,
      `localhost:${port}.evil.example`,
      'localhost:',
    ]
    for (const host of refused) expect([host, await statusFor(host)]).not.toEqual([host, '200'])
    const reply = await sendRaw(port, 'GET /v1/models HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n')
    expect(reply).toStartWith('HTTP/1.1 421')
    expect(reply).toContain('"code":"request.host"')
  })

  test('may name the public address', async () => {
    const open = startRig({ settings: { publicUrl: 'https://notes.example.org' } })
    expect(await statusFor('notes.example.org', open)).toBe('200')
    expect(await statusFor('notes.example.org:81', open)).toBe('421')
    expect(await statusFor(`127.0.0.1:${open.port}`, open)).toBe('200')
    await open.server.stop(500)
  })
})

describe('the session cookie', () => {
  const cookie = () => ({ cookie: `other=1; cairn_session_${rig.port}=${sessionValue}` })

  test('is set by sign-in with the port in its name, out of reach of scripts and other sites', async () => {
    const response = await fetch(`${rig.url}/auth/sign-in`, {
      method: 'POST',
      body: JSON.stringify({ token: signInToken }),
      headers: { 'content-type': 'application/json' },
    })
    expect(response.status).toBe(204)
    expect(response.headers.get('set-cookie')).toMatch(
      new RegExp(`^cairn_session_${rig.port}=${sessionValue}; Path=/; Max-Age=(59|60); HttpOnly; SameSite=Strict$`),
    )
  })

  test('is a Secure __Host- cookie under a public address with TLS', async () => {
    const open = startRig({ settings: { publicUrl: 'https://notes.example.org' } })
    const body = JSON.stringify({ token: signInToken })
    const reply = await sendRaw(
      open.port,
      `POST /auth/sign-in HTTP/1.1\r\nHost: notes.example.org\r\nOrigin: https://notes.example.org\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    )
    expect(reply).toMatch(/set-cookie: __Host-cairn_session_\d+=.*; Path=\/; .*HttpOnly; SameSite=Strict; Secure/i)
    await open.server.stop(500)
  })

  test('counts for our own pages only, also for reading', async () => {
    const own = rig.url
    const taken: Record<string, string>[] = [
      { 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'none' },
      { origin: own },
      { origin: own, 'sec-fetch-site': 'same-origin' },
    ]
    for (const headers of taken) expect((await get('/api/vaults', { ...cookie(), ...headers })).status).toBe(200)
    const refused: Record<string, string>[] = [
      {},
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `http://127.0.0.1:${rig.port + 1}`, 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
    ]
    for (const headers of refused) {
      const response = await get('/api/vaults', { ...cookie(), ...headers })
      expect([headers, response.status]).toEqual([headers, 403])
      expect(await response.text()).toContain('request.origin')
    }
  })

  test('of another port is no cookie of ours', async () => {
    const response = await get('/api/vaults', {
      cookie: `cairn_session_${rig.port + 1}=${sessionValue}`,
      'sec-fetch-site': 'same-origin',
    })
    expect(response.status).toBe(401)
  })

  test('is not looked at beside a key', async () => {
    expect(
      (await get('/api/vaults', { ...cookie(), authorization: `Bearer ${ownerKey}`, 'sec-fetch-site': 'cross-site' }))
        .status,
    ).toBe(200)
    expect(
      (await get('/api/vaults', { ...cookie(), authorization: 'Bearer wrong', 'sec-fetch-site': 'same-origin' }))
        .status,
    ).toBe(401)
  })

  test('ends with the session', async () => {
    const response = await fetch(`${rig.url}/auth/session`, {
      method: 'DELETE',
      headers: { ...cookie(), origin: rig.url },
    })
    expect([response.status, response.headers.get('set-cookie')]).toEqual([
      204,
      `cairn_session_${rig.port}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict`,
    ])
    expect(rig.audited).toContainEqual(expect.objectContaining({ type: 'session.ended', actor: 'owner' }))
  })
})

describe('sign-in', () => {
  test('is refused to a page of another origin', async () => {
    const headers = { 'content-type': 'application/json', origin: 'https://evil.example' }
    const response = await fetch(`${rig.url}/auth/sign-in`, {
      method: 'POST',
      body: JSON.stringify({ token: signInToken }),
      headers,
    })
    expect([response.status, response.headers.get('set-cookie')]).toEqual([403, null])
  })

  test('by link: the link holds the token in its fragment', async () => {
    const response = await rig.call('/auth/links', { method: 'POST' })
    expect([response.status, await response.json()]).toEqual([
      201,
      { url: `${rig.url}/#sign-in=${signInToken}`, expiresAt: 1 },
    ])
  })

  test('lets an address guess ten times, then says when to come back', async () => {
    const guarded = startRig()
    const guess = () =>
      fetch(`${guarded.url}/auth/sign-in`, {
        method: 'POST',
        body: '{"token":"wrong-wrong-wrong-wrong"}',
        headers: { 'content-type': 'application/json' },
      })
    for (let i = 0; i < 10; i++) expect((await guess()).status).toBe(401)
    const late = await guess()
    expect(late.status).toBe(503)
    expect(Number(late.headers.get('retry-after'))).toBeWithin(1, 7)
    await guarded.server.stop(500)
  })

  test('counts guesses per address, refills with time and forgets the oldest address', () => {
    let now = 0
    const limit = createRateLimit({
      clock: { now: () => now, monotonic: () => now },
      burst: 2,
      refillMs: 1_000,
      maxAddresses: 2,
    })
    expect([limit.take('a'), limit.take('a'), limit.take('a')]).toEqual([0, 0, 1_000])
    expect([limit.take('2001:db8::1'), limit.take('2001:db8::2'), limit.take('2001:db8:0:0:5::3')]).toEqual([
      0, 0, 1_000,
    ])
    now = 1_000
    expect(limit.take('a')).toBe(0)
    limit.take('c')
    limit.take('d')
    expect([limit.take('a'), limit.take('a')]).toEqual([0, 0])
  })
})

describe('a reply', () => {
  test('of any kind carries the security headers', async () => {
    const replies = await Promise.all([
      rig.call('/api/vaults'),
      rig.call('/v1/nothing'),
      rig.call('/healthz'),
      rig.post('/v1/chat/completions', { model: 'm', messages: [{ role: 'user' }] }),
      get('/api/vaults', {}),
    ])
    for (const { headers } of replies) {
      expect(headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'")
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('x-request-id')).toMatch(/^req_/)
      for (const hidden of ['server', 'x-powered-by', 'access-control-allow-origin'])
        expect(headers.get(hidden)).toBeNull()
    }
  })

  test('of a provider passes its type and our own words, and no cookie, server name or CORS header', async () => {
    const bytes = '{"model":"m", "messages":[{"role":"user"}] , "x":1.0}'
    const response = await rig.call('/v1/chat/completions', {
      method: 'POST',
      body: bytes,
      headers: { 'content-type': 'application/json' },
    })
    expect(await response.text()).toBe(bytes)
    expect(response.headers.get('x-cairn-model')).toBe('echo')
    for (const hidden of ['set-cookie', 'server', 'access-control-allow-origin'])
      expect(response.headers.get(hidden)).toBeNull()
  })
})

describe('metrics', () => {
  test('are for this machine, or for those who may read them', async () => {
    const local = await get('/metrics', {})
    expect(local.status).toBe(200)
    expect(local.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect((await get('/metrics', { 'x-forwarded-for': '203.0.113.9' })).status).toBe(401)
    expect(
      (await get('/metrics', { 'x-forwarded-for': '203.0.113.9', authorization: `Bearer ${ownerKey}` })).status,
    ).toBe(200)
    const far = await rig.server.fetch(
      new Request(`${rig.url}/metrics`, { headers: { host: `127.0.0.1:${rig.port}` } }),
      { remoteAddress: '203.0.113.9' },
    )
    expect(far.status).toBe(401)
  })

  test('name routes by template and nothing else', async () => {
    await rig.call('/api/vaults/field-notes/notes/Tides.md')
    await rig.call('/secret-path-canary')
    const text = await (await get('/metrics', {})).text()
    expect(text).toMatch(
      /cairn_http_requests_total\{route="\/api\/vaults\/:id\/notes\/\*path",method="GET",status="2xx"\} \d+/,
    )
    expect(text).toMatch(/cairn_http_request_duration_seconds_bucket\{route="[^"]+",method="GET",le="\+Inf"\} \d+/)
    expect(text).toMatch(/^cairn_process_resident_memory_bytes \d+$/m)
    for (const hidden of ['Tides', 'field-notes', 'owner', 'key_', 'canary']) expect(text).not.toContain(hidden)
    for (const line of text.trim().split('\n'))
      expect(line).toMatch(/^(?:# (?:HELP|TYPE) cairn_\w+ .+|cairn_\w+(?:\{[^}]*\})? -?[\d.e+-]+)$/)
  })
})
