/** What the edge says to requests that are wrong, and that it is still well afterwards. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { errorTable, openAiErrorSchema, problemSchema, type ErrorCode } from '@cairn/contract'
import fc from 'fast-check'
import { CairnError } from '../src/base/index.ts'
import { respondError } from '../src/http/respond-error.ts'
import { guestKey, ownerKey, sendRaw, startRig, type Rig } from './http-kit.ts'

let rig: Rig

beforeAll(() => {
  rig = startRig()
})

afterAll(async () => {
  const health = await rig.call('/readyz')
  expect(health.status).toBe(200)
  await rig.server.stop(500)
})

async function expectError(response: Response, code: ErrorCode): Promise<string> {
  const text = await response.text()
  expect(text).toContain(code)
  expect(response.status).toBe(errorTable[code].status)
  expect(response.headers.get('x-request-id')).toMatch(/^[A-Za-z0-9._-]{8,64}$/)
  const isOpenAi = new URL(response.url).pathname.startsWith('/v1')
  const body: unknown = JSON.parse(text)
  if (isOpenAi) return openAiErrorSchema.parse(body).error.message
  const problem = problemSchema.parse(body)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(problem.status).toBe(response.status)
  return problem.detail
}

const send = (path: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
  rig.call(path, { method: 'POST', body: body as string, headers: { 'content-type': 'application/json', ...headers } })

describe('a body', () => {
  test('that is not JSON is refused with the position and without its content', async () => {
    const message = await expectError(await send('/v1/ask', '{"question":\n  topsecret}'), 'request.invalid-json')
    expect(message).toContain('line 2, column 3')
    expect(message).not.toContain('topsecret')
  })

  test('that is empty, not UTF-8 or nested without end is refused', async () => {
    await expectError(await send('/v1/ask', ''), 'request.invalid-json')
    await expectError(await send('/v1/ask', new Uint8Array([0x22, 0xff, 0x22])), 'request.invalid-json')
    await expectError(await send('/v1/ask', '['.repeat(100_000)), 'request.invalid-json')
    await expectError(
      await send('/v1/ask', `{"question":${'['.repeat(201)}${']'.repeat(201)}}`),
      'request.invalid-json',
    )
  })

  test('of another type is refused', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/jsonp',
      'application/json; charset=latin1',
    ]) {
      await expectError(await send('/v1/ask', '{}', { 'content-type': type }), 'request.media-type')
    }
    await expectError(await send('/v1/ask', '{}', { 'content-encoding': 'gzip' }), 'request.media-type')
    const taken = await send('/v1/search', '{"query":"x"}', {
      'content-type': 'application/vnd.x+json; charset="UTF-8"',
    })
    expect(taken.status).toBe(200)
  })

  test('with wrong fields is told all mistakes at once, quoting only what is safe', async () => {
    const body = {
      question: 12345,
      limit: 'ninety',
      vault: 7,
      strange: 1,
      history: [{ role: 'king', content: 99887766 }],
    }
    const message = await expectError(await rig.post('/v1/ask', body), 'request.invalid')
    for (const part of [
      'question: expected a text',
      'limit: expected a number, got "ninety"',
      'vault: expected a text, got 7',
      'history[0].role: expected user or assistant, got "king"',
      'unknown field "strange"',
    ]) {
      expect(message).toContain(part)
    }
    expect(message).not.toContain('12345')
    expect(message).not.toContain('99887766')
  })

  test('quotes at most 80 characters of a value', async () => {
    const message = await expectError(
      await rig.post('/v1/ask', { question: 'x', model: 'm'.repeat(500) }),
      'request.invalid',
    )
    expect(message).toContain('at most 200 characters, got 500')
    const modes = await expectError(
      await rig.post('/v1/search', { query: 'x', mode: '\u0000ñ'.repeat(500) }),
      'request.invalid',
    )
    expect(modes.length).toBeLessThan(250)
    expect(modes).toContain('\\u0000')
  })

  test('never quotes questions, messages, names or tokens', () =>
    fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[a-z]{12,20}$/), async (canary) => {
        const replies = await Promise.all([
          rig.post('/v1/ask', { question: { text: canary }, history: canary }),
          rig.post('/v1/ask', { question: canary.repeat(1_000) }),
          rig.post('/v1/ask', { question: 'x', history: [{ role: 'user', content: [canary], label: 5 }] }),
          rig.post('/v1/chat/completions', { model: 'm', messages: [{ role: 3, content: canary }] }),
          rig.post('/v1/chat/completions', { model: 'm', messages: canary }),
          rig.post('/v1/embeddings', { model: 'm', input: { text: canary } }),
          rig.post('/api/access/keys', { name: [canary] }),
          rig.post('/auth/sign-in', { token: canary.slice(0, 19) }),
          send('/v1/ask', `{"question": "${canary}`),
          send('/v1/ask', canary),
        ])
        for (const reply of replies) {
          expect(reply.status).toBe(400)
          expect(await reply.text()).not.toContain(canary.slice(0, 19))
        }
      }),
      { numRuns: 25 },
    ))

  test('of 50 MB is refused, and the client gets to read that', async () => {
    const big = new Uint8Array(50_000_000)
    await expectError(await send('/v1/chat/completions', big), 'request.too-large')
    await expectError(await send('/api/vaults', big), 'request.too-large')
  })

  test('that hides its length is cut at the limit', async () => {
    let sent = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (++sent > 400) controller.close()
        else controller.enqueue(new Uint8Array(65_536))
      },
    })
    const before = process.memoryUsage.rss()
    const response = await rig
      .call('/v1/ask', { method: 'POST', body, headers: { 'content-type': 'application/json' } })
      .catch(() => null)
    if (response) await expectError(response, 'request.too-large')
    expect(process.memoryUsage.rss() - before).toBeLessThan(60_000_000)
  })

  test('that does not arrive in time is refused and the connection closed', async () => {
    const head = `POST /v1/ask HTTP/1.1\r\nHost: 127.0.0.1:${rig.port}\r\nAuthorization: Bearer ${ownerKey}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"question`
    const startedAt = performance.now()
    const reply = await sendRaw(rig.port, head, 5_000)
    expect(reply).toStartWith('HTTP/1.1 408')
    expect(reply).toContain('"code":"request.timeout"')
    expect(reply.toLowerCase()).toContain('connection: close')
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })
})

describe('an address', () => {
  test('that does not exist has the error shape of its family', async () => {
    await expectError(await rig.call('/v1/nothing'), 'request.not-found')
    await expectError(await rig.call('/api/nothing'), 'request.not-found')
    await expectError(await rig.call('/nothing'), 'request.not-found')
    await expectError(await rig.post('/', {}), 'request.method')
    expect((await rig.call('/api/vaults/')).status).toBe(404)
  })

  test('refuses a method it does not take and says which it takes', async () => {
    const response = await rig.call('/v1/ask')
    expect(response.headers.get('allow')).toBe('OPTIONS, POST')
    await expectError(response, 'request.method')
    const patched = await rig.call('/api/vaults/field-notes/notes/Tides.md', { method: 'PATCH' })
    expect(patched.headers.get('allow')).toBe('DELETE, GET, HEAD, OPTIONS, PUT')
    await expectError(patched, 'request.method')
  })

  test('answers OPTIONS with the methods and no CORS header', async () => {
    const response = await rig.call('/v1/ask', {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    })
    expect(response.status).toBe(204)
    expect(response.headers.get('allow')).toBe('OPTIONS, POST')
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  test('answers HEAD like GET without a body', async () => {
    const response = await rig.call('/api/vaults', { method: 'HEAD' })
    expect([response.status, await response.text()]).toEqual([200, ''])
  })

  test('of an unknown vault, note or key is 404', async () => {
    await expectError(await rig.call('/api/vaults/other/notes'), 'vault.not-found')
    await expectError(await rig.call('/api/vaults/other/notes/Tides.md'), 'vault.not-found')
    await expectError(await rig.call('/api/vaults/other/reindex', { method: 'POST' }), 'vault.not-found')
    await expectError(await rig.call('/api/vaults/other', { method: 'DELETE' }), 'vault.not-found')
    await expectError(await rig.call('/api/vaults/field-notes/notes/Missing.md'), 'note.not-found')
    await expectError(await rig.call('/api/access/keys/key_9', { method: 'DELETE' }), 'access.key-missing')
    await expectError(await rig.post('/v1/ask', { vault: 'other', question: 'x' }), 'vault.not-found')
  })

  test('with tricks in its path never reaches a note', async () => {
    const before = [...rig.pathsRead]
    const tricks = [
      '..%2f..%2fetc%2fpasswd',
      '%2e%2e%2fTides.md',
      'a/..%2fTides.md',
      '..%5cTides.md',
      '%5c%5chost%5cshare',
      'Tides.md%00.png',
      'a%2f%2fb',
      '%2fetc%2fpasswd',
      'a/./b%2f.',
      '%c0%ae%c0%ae/x',
      '%ff',
      '%zz',
      'x'.repeat(5_000),
      '',
      'a//b',
    ]
    for (const trick of tricks) {
      const reply = await sendRaw(
        rig.port,
        `GET /api/vaults/field-notes/notes/${trick} HTTP/1.1\r\nHost: 127.0.0.1:${rig.port}\r\nAuthorization: Bearer ${ownerKey}\r\nConnection: close\r\n\r\n`,
      )
      expect(`${trick.slice(0, 40)} ${reply.slice(9, 12)}`).toMatch(/ 40[04]$/)
      expect(reply).toContain('application/problem+json')
      expect(reply).not.toContain('text of')
    }
    expect(rig.pathsRead).toEqual(before)
    const ids = await rig.call('/api/vaults/%2e%2e%2f/notes')
    expect(ids.status).toBe(400)
  })

  test('decodes a path once and brings it to NFC', async () => {
    const path = encodeURIComponent('Ordner/Größe 潮.md'.normalize('NFD'))
    const response = await rig.call(`/api/vaults/field-notes/notes/${path}`)
    expect(response.status).toBe(200)
    expect(response.headers.get('etag')).toBe('"v1"')
    expect((await rig.call('/api/vaults/field-notes/notes/Tides%252Emd')).status).toBe(404)
  })

  test('takes a query by its schema', async () => {
    expect((await rig.call('/api/vaults/field-notes/notes?limit=1')).status).toBe(200)
    await expectError(await rig.call('/api/vaults/field-notes/notes?limit=many'), 'request.invalid')
    await expectError(await rig.call('/api/vaults/field-notes/notes?limit=1&limit=2'), 'request.invalid')
    await expectError(await rig.call('/api/vaults/field-notes/notes?colour=red'), 'request.invalid')
  })

  test('of a note in a watched folder answers writes with 409', async () => {
    for (const method of ['PUT', 'DELETE']) {
      await expectError(
        await rig.call('/api/vaults/field-notes/notes/Tides.md', {
          method,
          ...(method === 'PUT'
            ? { body: JSON.stringify({ text: 'x' }), headers: { 'content-type': 'application/json' } }
            : {}),
        }),
        'vault.watched',
      )
    }
  })
})

describe('a caller', () => {
  test('without a key, with an unknown one, and with no permission is told so', async () => {
    const nobody = await rig.call('/v1/models', { headers: { authorization: '' } })
    expect(nobody.headers.get('www-authenticate')).toContain('Bearer')
    await expectError(nobody, 'access.unauthenticated')
    await expectError(
      await rig.call('/api/vaults', { headers: { authorization: 'Bearer wrong' } }),
      'access.key-unknown',
    )
    await expectError(
      await rig.call('/api/vaults', { headers: { authorization: `Bearer ${guestKey}` } }),
      'access.forbidden',
    )
    expect((await rig.call('/v1/models', { headers: { authorization: '', 'x-api-key': ownerKey } })).status).toBe(200)
    expect(rig.audited).toContainEqual(
      expect.objectContaining({
        type: 'access.refused',
        actor: 'guest',
        fields: { code: 'access.forbidden', route: '/api/vaults' },
      }),
    )
  })

  test('is asked who they are before the body is read', async () => {
    await expectError(await send('/v1/ask', 'not json', { authorization: '' }), 'access.unauthenticated')
  })

  test('gets its own id back when it is harmless, beside ours', async () => {
    const ids = await Promise.all(
      ['my-request-0001', 'short', 'x'.repeat(65), 'has space in it'].map(async (id) =>
        (await rig.call('/healthz', { headers: { 'x-request-id': id } })).headers.get('x-request-id'),
      ),
    )
    expect(ids[0]).toBe('my-request-0001')
    const both = await Promise.all(
      [1, 2].map(() => rig.call('/healthz', { headers: { 'x-request-id': 'my-request-0001' } })),
    )
    expect(new Set(both.map(({ headers }) => headers.get('x-cairn-request-id'))).size).toBe(2)
    for (const id of ids.slice(1)) expect(id).toMatch(/^req_/)
  })
})

describe('an error', () => {
  test('of any code keeps its internal words and cause inside', () =>
    fc.assert(
      fc.property(
        fc.constantFrom(...(Object.keys(errorTable) as ErrorCode[])),
        fc.constantFrom('openai', 'problem'),
        fc.stringMatching(/^[a-z]{16}$/),
        (code, audience, secret) => {
          const error = new CairnError(code, { internal: secret, cause: new Error(secret), retryAfterMs: 1_500 })
          const { status, headers, body } = respondError(error, { audience, requestId: 'req_12345678' })
          expect(status).toBe(errorTable[code].status)
          expect(headers['retry-after']).toBe('2')
          expect(JSON.stringify([headers, body])).not.toContain(secret)
          const parsed: unknown = JSON.parse(body as string)
          const told =
            audience === 'openai' ? openAiErrorSchema.parse(parsed).error.code : problemSchema.parse(parsed).code
          expect(told).toBe(code)
        },
      ),
    ))

  test('that nobody expected is internal.error, logged without the request', async () => {
    const message = await expectError(await rig.post('/v1/ask', { question: 'throw' }), 'internal.error')
    expect(message).toBe('Something went wrong inside Cairn.')
    const line = rig.logLines.find((each) => each.includes('"level":"error"'))
    expect(line).toContain('internal.error')
    expect(line).toContain('/v1/ask')
  })
})

test('the access log names the route and never the path, the question or the key', async () => {
  await rig.call('/api/vaults/field-notes/notes/Tides.md?', { headers: { 'x-request-id': 'log-test-0001' } })
  await rig.post('/v1/ask', { question: 'where is the canary-question' })
  const line = rig.logLines.find((each) => each.includes('log-test-0001') && each.includes('"message":"request"'))
  expect(JSON.parse(line ?? '{}')).toMatchObject({
    level: 'debug',
    method: 'GET',
    route: '/api/vaults/:id/notes/*path',
    status: 200,
    requestId: expect.stringMatching(/^req_/),
    clientRequestId: 'log-test-0001',
  })
  const all = rig.logLines.join('')
  for (const word of ['Tides.md', 'canary-question', ownerKey]) expect(all).not.toContain(word)
})
