/** The vendors’ dialects at the edge: what reaches the pipeline, the shapes of errors, and when to try again. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { anthropicErrorSchema, errorTable, openAiErrorSchema, type ErrorCode } from '@cairn/contract'
import fc from 'fast-check'
import OpenAI from 'openai'
import { CairnError } from '../src/base/index.ts'
import { respondError } from '../src/http/respond-error.ts'
import { guestKey, ownerKey, sendRaw, startRig, type Rig } from './http-kit.ts'

let rig: Rig
let failure: CairnError | null = null
const failing = async () => {
  throw failure ?? new CairnError('internal.error')
}
let broken: Rig
beforeAll(() => {
  rig = startRig()
  broken = startRig({ pipeline: { chat: failing, responses: failing, messages: failing, embeddings: failing } })
})
afterAll(async () => {
  await rig.server.stop(500)
  await broken.server.stop(500)
})

const messages = { model: 'm', max_tokens: 8, messages: [{ role: 'user', content: 'hello' }] }
const bodies: [path: string, body: object][] = [
  ['/v1/chat/completions', { model: 'm', messages: [{ role: 'user', content: 'hello' }] }],
  ['/v1/responses', { model: 'm', input: 'hello' }],
  ['/v1/messages', messages],
  ['/v1/embeddings', { model: 'm', input: 'hello' }],
]

test.each(['/v1/responses', '/v1/messages'])('%s hands over the bytes as they came', async (path) => {
  const text = '{"model":"m", "max_tokens":1.0e1,"input":"ü" , "messages":[{"role":"user","content":"ü"}]}'
  const response = await rig.call(path, { method: 'POST', body: text, headers: { 'content-type': 'application/json' } })
  expect([response.status, await response.text()]).toEqual([200, text])
})

test('of the headers, messages get the version and betas and nothing else; responses get none', async () => {
  const headers = {
    'anthropic-version': '2023-06-01',
    'Anthropic-Beta': 'a-1,b-2',
    'anthropic-dangerous-direct-browser-access': 'true',
    'x-api-key': ownerKey,
    cookie: 'a=b',
  }
  const taken = async (path: string, body: object) =>
    JSON.parse((await rig.post(path, body, { headers })).headers.get('x-cairn-test-headers') ?? 'null') as unknown
  expect(await taken('/v1/messages', messages)).toEqual({
    'anthropic-version': '2023-06-01',
    'anthropic-beta': 'a-1,b-2',
  })
  expect(await taken('/v1/responses', { model: 'm', input: 'hello' })).toEqual({})
  const long = await rig.post('/v1/messages', messages, { headers: { 'anthropic-beta': 'x'.repeat(1_001) } })
  expect([long.status, await long.text()]).toEqual([400, expect.stringContaining('anthropic-beta')])
})

describe('the header x-cairn-label', () => {
  test.each(bodies)('labels what is sent to %s', async (path, body) => {
    const seen: unknown[] = []
    const look = async (call: { label?: string }) => {
      seen.push(call.label)
      return { status: 200, headers: {}, body: new Uint8Array() }
    }
    const rigged = startRig({ pipeline: { chat: look, responses: look, messages: look, embeddings: look } })
    for (const label of ['public', 'internal', 'confidential', 'restricted', ' Restricted '])
      expect((await rigged.post(path, body, { headers: { 'x-cairn-label': label } })).status).toBe(200)
    expect((await rigged.post(path, body)).status).toBe(200)
    expect(seen).toEqual(['public', 'internal', 'confidential', 'restricted', 'restricted', undefined])
    await rigged.server.stop(500)
  })

  test.each(bodies)('with another word is refused by %s, by name, before anything is asked', async (path, body) => {
    for (const label of ['secret', '', 'public, restricted', 'x'.repeat(500)]) {
      const reply = await rig.post(path, body, { headers: { 'x-cairn-label': label } })
      const text = await reply.text()
      expect(reply.status).toBe(400)
      expect(text).toContain('x-cairn-label')
      expect(text.length).toBeLessThan(500)
    }
  })
})

describe('an error under /v1/messages', () => {
  test('has Anthropic’s shape, type and request id, whatever refuses', async () => {
    const key = { authorization: `Bearer ${ownerKey}` }
    const json = { 'content-type': 'application/json' }
    const send = (body: string, headers: Record<string, string>, path = '/v1/messages') =>
      fetch(`${rig.url}${path}`, { method: 'POST', body, headers })
    const whole = JSON.stringify(messages)
    const cases: [reply: Promise<Response>, status: number, type: string][] = [
      [send(whole, json), 401, 'authentication_error'],
      [send(whole, { ...json, 'x-api-key': 'wrong' }), 401, 'authentication_error'],
      [send(whole, { ...json, authorization: `Bearer ${guestKey}` }), 403, 'permission_error'],
      [send('{', { ...key, ...json }), 400, 'invalid_request_error'],
      [send('{"model":"m"}', { ...key, ...json }), 400, 'invalid_request_error'],
      [send(whole, { ...key, 'content-type': 'text/plain' }), 415, 'invalid_request_error'],
      [
        send(JSON.stringify({ ...messages, system: 'x'.repeat(1_100_000) }), { ...key, ...json }),
        413,
        'request_too_large',
      ],
      [send(whole, { ...key, ...json }, '/v1/messages/count_tokens'), 404, 'not_found_error'],
      [fetch(`${rig.url}/v1/messages`, { headers: key }), 405, 'invalid_request_error'],
    ]
    for (const [pending, status, type] of cases) {
      const reply = await pending
      const error = anthropicErrorSchema.parse(await reply.json())
      expect([reply.status, error.error.type]).toEqual([status, type])
      expect(error.request_id).toBe(reply.headers.get('request-id') ?? '')
      expect(reply.headers.get('x-request-id')).toBe(error.request_id)
    }
    const foreign = await sendRaw(
      rig.port,
      'POST /v1/messages HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    )
    expect(foreign).toStartWith('HTTP/1.1 421')
    expect(foreign).toContain('{"type":"error","error":{"type":"invalid_request_error"')
  })

  test('of any code holds no internal word and has a type of Anthropic’s', () =>
    fc.assert(
      fc.property(
        fc.constantFrom(...(Object.keys(errorTable) as ErrorCode[])),
        fc.stringMatching(/^[a-z]{16}$/),
        (code, secret) => {
          const error = new CairnError(code, { internal: secret, cause: new Error(secret) })
          const { status, headers, body } = respondError(error, { audience: 'anthropic', requestId: 'req_12345678' })
          expect(status).toBe(errorTable[code].status)
          expect(JSON.stringify([headers, body])).not.toContain(secret)
          const told = anthropicErrorSchema.parse(JSON.parse(body as string))
          expect(told.error.type).toMatch(
            /^(?:invalid_request|authentication|billing|permission|not_found|conflict|rate_limit|timeout|api|overloaded)_error$|^request_too_large$/,
          )
        },
      ),
    ))

  test('is thrown by Anthropic’s client as the class it has for it, with the request id', async () => {
    const client = new Anthropic({ baseURL: broken.url, apiKey: ownerKey, maxRetries: 0 })
    const classes: [ErrorCode, new (...args: never[]) => Error][] = [
      ['model.not-cleared', Anthropic.PermissionDeniedError],
      ['model.not-found', Anthropic.NotFoundError],
      ['limit.requests', Anthropic.RateLimitError],
      ['upstream.failed', Anthropic.InternalServerError],
      ['upstream.rejected', Anthropic.BadRequestError],
    ]
    for (const [code, kind] of classes) {
      failure = new CairnError(code)
      const thrown: unknown = await client.messages
        .create({ model: 'm', max_tokens: 8, messages: [{ role: 'user', content: 'hello' }] })
        .catch((error: unknown) => error)
      expect(thrown).toBeInstanceOf(kind)
      expect((thrown as { requestID?: string }).requestID).toMatch(/^req_/)
    }
  })
})

test('a reply under /v1/messages has the request id under Anthropic’s name too, and no other reply has', async () => {
  const reply = await rig.post('/v1/messages', messages)
  expect(reply.headers.get('request-id')).toBe(reply.headers.get('x-request-id'))
  expect(reply.headers.get('request-id')).toMatch(/^req_/)
  expect((await rig.post('/v1/responses', { model: 'm', input: 'x' })).headers.get('request-id')).toBeNull()
})

test('the list of models is read by both vendors’ clients', async () => {
  const openai = new OpenAI({ baseURL: `${rig.url}/v1`, apiKey: ownerKey })
  const anthropic = new Anthropic({ baseURL: rig.url, apiKey: ownerKey })
  const ids = async (list: AsyncIterable<{ id: string }>) => {
    const all: string[] = []
    for await (const { id } of list) all.push(id)
    return all
  }
  expect(await ids(await openai.models.list())).toEqual(['extractive'])
  expect(await ids(await anthropic.models.list())).toEqual(['extractive'])
})

describe('when to try again', () => {
  const headersOf = (detail: ConstructorParameters<typeof CairnError>[1], code: ErrorCode = 'upstream.failed') =>
    respondError(new CairnError(code, detail), { audience: 'openai', requestId: 'req_12345678' }).headers

  test('is told in seconds and in milliseconds, never as zero', () => {
    for (const [ms, seconds, exact] of [
      [0, '1', '1'],
      [1, '1', '1'],
      [1_000, '1', '1000'],
      [1_000.5, '2', '1001'],
      [90_000, '90', '90000'],
    ] as const)
      expect(headersOf({ retryAfterMs: ms })).toMatchObject({ 'retry-after': seconds, 'retry-after-ms': exact })
    expect(Object.keys(headersOf({}))).toEqual(['content-type'])
  })

  test('is never, after the server has tried again itself and when a budget is used up', () => {
    expect(headersOf({ retried: true })['x-should-retry']).toBe('false')
    expect(headersOf({}, 'budget.exceeded')['x-should-retry']).toBe('false')
    expect(headersOf({ retried: false })['x-should-retry']).toBeUndefined()
    expect(headersOf({}, 'limit.requests')['x-should-retry']).toBeUndefined()
  })

  test.each([
    ['openai', '/v1/chat/completions'],
    ['@anthropic-ai/sdk', '/v1/messages'],
  ])('is obeyed by %s: a failure that we retried is asked for once, another one three times', async (vendor, path) => {
    const chat = new OpenAI({ baseURL: `${broken.url}/v1`, apiKey: ownerKey, maxRetries: 2 })
    const claude = new Anthropic({ baseURL: broken.url, apiKey: ownerKey, maxRetries: 2 })
    const ask = (): PromiseLike<unknown> =>
      vendor === 'openai'
        ? chat.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'hello' }] })
        : claude.messages.create({ model: 'm', max_tokens: 8, messages: [{ role: 'user', content: 'hello' }] })
    const count = async (error: CairnError) => {
      failure = error
      const before = broken.logLines.length
      await Promise.resolve(ask()).catch(() => undefined)
      const lines = broken.logLines.slice(before)
      return lines.filter((line) => line.includes('"message":"request"') && line.includes(`"route":"${path}"`)).length
    }
    expect(await count(new CairnError('upstream.failed', { retried: true }))).toBe(1)
    expect(await count(new CairnError('budget.exceeded'))).toBe(1)
    expect(await count(new CairnError('upstream.failed', { retryAfterMs: 5 }))).toBe(3)
  })
})

test('OpenAI’s shape stays as it was for responses', async () => {
  failure = new CairnError('model.not-cleared')
  const reply = await broken.post('/v1/responses', { model: 'm', input: 'hello' })
  expect(openAiErrorSchema.parse(await reply.json()).error).toMatchObject({
    code: 'model.not-cleared',
    type: 'permission_error',
  })
})
