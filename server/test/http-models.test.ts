/** Models, providers, explained routes, usage and budgets at the edge: who may, what is refused, what is recorded. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  budgetsReplySchema,
  modelsReplySchema,
  problemSchema,
  providerReplySchema,
  providerTestSchema,
  routeExplanationSchema,
  usageReplySchema,
} from '@cairn/contract'
import { guestKey, startRig, type Rig } from './http-kit.ts'

let rig: Rig
beforeAll(() => {
  rig = startRig()
})
afterAll(() => rig.server.stop(500))

const canary = 'sk-canary-0123456789abcdef'
const settings = { dialect: 'openai', baseUrl: 'https://models.example.org/v1', models: ['m-1'] }
const send = (method: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
  rig.call(path, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } })
const put = (path: string, body: unknown) => send('PUT', path, body)
const problemOf = async (response: Response) => problemSchema.parse(await response.json())
const recorded = (type: string) => rig.audited.filter((entry) => entry.type === type).map(({ fields }) => fields)

describe('a provider', () => {
  test('is added, shown, changed and removed; its key is in no reply and each change is on record', async () => {
    const added = await put('/api/providers/acme', { ...settings, apiKey: canary })
    expect(added.status).toBe(201)
    const replies = [added, await rig.call('/api/providers/acme'), await put('/api/providers/acme', settings)]
    expect(replies.map(({ status }) => status)).toEqual([201, 200, 200])
    for (const reply of replies) {
      const text = await reply.text()
      expect(text).not.toContain('canary')
      expect(providerReplySchema.parse(JSON.parse(text))).toMatchObject({ id: 'acme', hasKey: true, settings })
    }
    expect((await rig.call('/api/providers/acme', { method: 'DELETE' })).status).toBe(204)
    expect((await rig.call('/api/providers/acme')).status).toBe(404)
    expect((await rig.call('/api/providers/acme', { method: 'DELETE' })).status).toBe(404)
    expect(recorded('provider.changed')).toEqual([
      { provider: 'acme', changes: ['baseUrl', 'apiKey'] },
      { provider: 'acme', changes: ['baseUrl'] },
    ])
    expect(recorded('provider.removed')).toEqual([{ provider: 'acme' }])
    expect(JSON.stringify([rig.audited, rig.logLines])).not.toContain('canary')
  })

  test.each(['auto', 'local', 'fast', 'cheap', 'best', 'extractive', 'cairn', 'writer'])(
    'is not called “%s”, which means something else already',
    async (id) => {
      const problem = await problemOf(await put(`/api/providers/${id}`, settings))
      expect(problem).toMatchObject({ code: 'request.invalid', param: 'id' })
      expect(problem.detail).toContain(`“${id}”`)
      expect((await rig.call(`/api/providers/${id}`)).status).toBe(404)
    },
  )

  test.each(['configuration', 'found', 'built-in'])('of the origin “%s” is shown and cannot be changed', async (id) => {
    const shown = providerReplySchema.parse(await (await rig.call(`/api/providers/${id}`)).json())
    expect(shown).toMatchObject({ origin: id, settings: null })
    for (const reply of [
      await put(`/api/providers/${id}`, settings),
      await rig.call(`/api/providers/${id}`, { method: 'DELETE' }),
    ])
      expect([reply.status, (await problemOf(reply)).code]).toEqual([409, 'provider.read-only'])
  })

  test.each([
    'http://169.254.169.254/latest',
    'http://2852039166/v1',
    'http://0xa9fea9fe/v1',
    'http://0251.0376.0251.0376/v1',
    'http://169.254.1.1:8080/v1',
    'http://[fe80::1]/v1',
    'http://[::ffff:169.254.169.254]/v1',
    'http://[fd00:ec2::254]/v1',
    'http://100.100.100.200/v1',
    'http://metadata.google.internal/v1',
    'http://METADATA.google.internal./v1',
    'https://user:sk-canary@models.example.org/v1',
    'https://models.example.org/v1#part',
    'ftp://models.example.org/v1',
    'file:///etc/passwd',
    'models.example.org',
  ])('at the address %s is refused before it is stored', async (baseUrl) => {
    const response = await put('/api/providers/acme', { ...settings, baseUrl })
    const problem = await problemOf(response)
    expect([response.status, problem.code, problem.param]).toEqual([400, 'request.invalid', 'baseUrl'])
    expect(problem.detail).not.toContain('canary')
    expect((await rig.call('/api/providers/acme')).status).toBe(404)
  })

  test('on this machine or in its network may be added: that is where many model servers are', async () => {
    for (const baseUrl of ['http://127.0.0.1:11434/v1', 'http://192.168.1.5:8000/v1', 'http://[::1]:1234/v1']) {
      expect((await put('/api/providers/near', { ...settings, baseUrl })).status).toBeWithin(200, 202)
    }
    await rig.call('/api/providers/near', { method: 'DELETE' })
  })

  test('with a wrong id, field or key is refused without quoting the key', async () => {
    for (const id of ['Acme', '-a', 'a_b', 'a'.repeat(64), 'a%20b'])
      expect((await problemOf(await put(`/api/providers/${id}`, settings))).param).toBe('id')
    const wrong: [param: string, change: object][] = [
      ['dialect', { dialect: 'telepathy' }],
      ['apiKey', { apiKey: `${canary} with spaces` }],
      ['apiKey', { apiKey: `${canary}\u0000` }],
      ['apiKey', { apiKey: `${canary}ü` }],
      ['apiKey', { apiKey: '' }],
      ['apiKey', { apiKey: `${canary}${'x'.repeat(9_000)}` }],
      ['maxInFlight', { maxInFlight: 0 }],
      ['models', { models: 'm' }],
      ['clearance', { clearance: 'secret' }],
    ]
    for (const [param, change] of wrong) {
      const problem = await problemOf(await put('/api/providers/acme', { ...settings, ...change }))
      expect([problem.code, problem.param]).toEqual(['request.invalid', param])
      expect(problem.detail).not.toContain('canary')
    }
    expect((await put('/api/providers/acme', { ...settings, headers: {} })).status).toBe(400)
  })

  test('is tested: how it went is the reply, also when it failed, and is on record', async () => {
    const response = await rig.call('/api/providers/configuration/test', { method: 'POST' })
    expect(response.status).toBe(200)
    expect(providerTestSchema.parse(await response.json())).toMatchObject({ ok: false, code: 'upstream.unreachable' })
    expect(recorded('provider.tested')).toEqual([{ provider: 'configuration', code: 'upstream.unreachable' }])
    const missing = await rig.call('/api/providers/nobody/test', { method: 'POST' })
    expect([missing.status, (await problemOf(missing)).code]).toEqual([404, 'provider.not-found'])
  })
})

test('models come with their health, virtual models and providers', async () => {
  const reply = modelsReplySchema.parse(await (await rig.call('/api/models')).json())
  expect(reply.models[0]).toMatchObject({ id: 'extractive', health: { state: 'ok' } })
  expect(reply.providers.map(({ id }) => id)).toContain('configuration')
})

test('a route is explained with the defaults of the contract, and wrong questions are refused', async () => {
  const reply = await rig.post('/api/routing/explain', { model: 'm', label: 'confidential' })
  expect(routeExplanationSchema.parse(await reply.json())).toMatchObject({ asked: 'm', label: 'confidential' })
  for (const body of [
    { label: 'secret' },
    { kind: 'dream' },
    { needs: ['flight'] },
    { inputTokens: -1 },
    { prompt: 'p' },
  ])
    expect((await rig.post('/api/routing/explain', body)).status).toBe(400)
})

describe('usage', () => {
  test('is given by what was asked, and the look is on record', async () => {
    const reply = await rig.call('/api/usage?by=user&from=1000&to=2000')
    expect(usageReplySchema.parse(await reply.json())).toMatchObject({ by: 'user', from: 1_000, to: 2_000, rows: [] })
    expect(recorded('usage.read')).toEqual([{ by: 'user' }])
  })

  test.each([
    'by=person',
    'from=2000&to=1000',
    'from=1&to=1',
    'from=-1',
    'from=x',
    'to=1.5',
    'to=1e99',
    'limit=3',
    'by=key&by=user',
  ])('with %s is refused', async (query) => {
    const reply = await rig.call(`/api/usage?${query}`)
    expect([reply.status, (await problemOf(reply)).code]).toEqual([400, 'request.invalid'])
  })
})

describe('budgets', () => {
  const rule = (kind: string, id: string) => ({ subject: { kind, id }, usdPerDay: 1 })

  test('are set as a whole and listed with their state', async () => {
    const rules = [rule('all', '*'), { ...rule('key', 'key_1'), requestsPerMinute: 60 }]
    expect(budgetsReplySchema.parse(await (await put('/api/budgets', { rules })).json()).rules).toHaveLength(2)
    const listed = budgetsReplySchema.parse(await (await rig.call('/api/budgets')).json()).rules
    expect(listed).toMatchObject(rules)
    expect(recorded('budget.changed')).toEqual([{ rules: 2 }])
  })

  test.each([
    ['two rules for one subject', [rule('key', 'k'), rule('user', 'k'), rule('key', 'k')], 'rules[2].subject'],
    ['an id beside “all”', [rule('all', 'me')], 'rules[0].subject'],
    ['“*” for something else', [rule('user', '*')], 'rules[0].subject'],
    ['a negative amount', [{ ...rule('user', 'u'), usdPerDay: -1 }], 'rules[0].usdPerDay'],
    ['an unknown kind', [rule('dog', 'rex')], 'rules[0].subject.kind'],
    ['an unknown field', [{ ...rule('user', 'u'), usdPerYear: 1 }], 'rules[0]'],
  ])('with %s are refused, and those before stay', async (_, rules, param) => {
    const before = await (await rig.call('/api/budgets')).text()
    const problem = await problemOf(await put('/api/budgets', { rules }))
    expect([problem.code, problem.param]).toEqual(['request.invalid', param])
    expect(await (await rig.call('/api/budgets')).text()).toBe(before)
  })
})

test('who has no permission learns and changes nothing', async () => {
  const headers = { authorization: `Bearer ${guestKey}` }
  const before = rig.audited.filter(({ type }) => type !== 'access.refused').length
  const calls: [method: string, path: string, body?: object][] = [
    ['GET', '/api/models'],
    ['GET', '/api/providers/configuration'],
    ['GET', '/api/providers/nobody'],
    ['PUT', '/api/providers/acme', settings],
    ['DELETE', '/api/providers/acme'],
    ['POST', '/api/providers/configuration/test', {}],
    ['POST', '/api/routing/explain', {}],
    ['GET', '/api/usage'],
    ['GET', '/api/budgets'],
    ['PUT', '/api/budgets', { rules: [] }],
  ]
  for (const [method, path, body] of calls) {
    const reply = await (body ? send(method, path, body, headers) : rig.call(path, { method, headers }))
    expect([method, path, reply.status, (await problemOf(reply)).code]).toEqual([method, path, 403, 'access.forbidden'])
  }
  expect(rig.audited.filter(({ type }) => type !== 'access.refused')).toHaveLength(before)
})
