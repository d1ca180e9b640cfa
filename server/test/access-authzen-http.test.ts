/** AuthZEN 1.0 over HTTP against the whole server: foreign names by configuration, our own names without, who may ask. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { GroupInfo, PolicyView, UserInfo } from '@cairn/contract'
import certification from './access/authzen/certification.json'
import certificationWorld from './access/authzen/certification-world.json'
import todo from './access/authzen/todo.json'
import todoWorld from './access/authzen/todo-world.json'
import { openServer, type OpenServer } from './kit/open-server.ts'

interface World {
  readonly world: {
    readonly policy: { readonly grants: readonly { principal: string }[]; readonly denies?: readonly object[] }
    readonly users: readonly { readonly id: string; readonly groups?: readonly string[] }[]
    readonly groups?: readonly { readonly id: string }[]
  }
  readonly adapter: { readonly subjects: readonly { readonly principal: string }[]; readonly aliases?: object }
  readonly known: object
}

const post = (server: OpenServer, path: string, body: unknown, headers: Record<string, string> = {}) =>
  server.call(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  })

/** A server whose policy and configuration are those of a foreign world. Ids of people are made by the server first. */
async function openWorld({ world, adapter, known }: World): Promise<OpenServer> {
  const first = await openServer({}, { keepsHome: true })
  const ids = new Map<string, string>()
  for (const { id } of world.users) {
    const email = id.includes('@') ? id : `${id}@example.org`
    const made = (await (await post(first, '/api/access/users', { name: id, email })).json()) as { user: UserInfo }
    ids.set(id, made.user.id)
  }
  for (const { id } of world.groups ?? []) {
    const made = (await (await post(first, '/api/access/groups', { name: id })).json()) as GroupInfo
    ids.set(`group ${id}`, made.id)
    for (const user of world.users.filter(({ groups = [] }) => groups.includes(id)))
      await post(first, `/api/access/groups/${made.id}/members`, { kind: 'user', id: ids.get(user.id) })
  }
  const renamed = (principal: string) =>
    principal
      .replace(/^user:([^{]+)$/, (_, id: string) => `user:${ids.get(id)}`)
      .replace(/^group:(.+)$/, (whole, id: string) => (id === 'everyone' ? whole : `group:${ids.get(`group ${id}`)}`))
  const { document, seq } = (await (await first.call('/api/access/policy')).json()) as PolicyView & { seq: number }
  const rename = <T extends { principal: string }>(items: readonly T[]) =>
    items.map((each) => ({ ...each, principal: renamed(each.principal) }))
  const {
    grants,
    denies = [],
    ...rest
  } = world.policy as { grants: { principal: string }[]; denies?: { principal: string }[] }
  const written = await first.call('/api/access/policy', {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      base: seq,
      note: 'the world of the specification',
      document: { ...document, ...rest, grants: [...document.grants, ...rename(grants)], denies: rename(denies) },
    }),
  })
  expect([written.status, await written.json()]).toMatchObject([200, { status: 'applied' }])
  await first[Symbol.asyncDispose]()
  const authzen = {
    ...adapter,
    subjects: adapter.subjects.map((each) => ({ ...each, principal: renamed(each.principal) })),
    aliases: {
      ...Object.fromEntries(ids),
      ...Object.fromEntries(
        Object.entries(adapter.aliases ?? {}).map(([from, to]) => [from, ids.get(String(to)) ?? to]),
      ),
    },
    known,
  }
  return openServer({ access: { authzen } }, { home: first.home })
}

interface Case {
  readonly id: string
  readonly title: string
  readonly api: string
  readonly request: { page?: { token?: string } }
  readonly status: number
  readonly decision?: boolean
  readonly decisions?: readonly boolean[]
  readonly includes?: readonly object[]
  readonly results?: readonly object[]
}

interface Body {
  readonly decision?: boolean
  readonly evaluations?: readonly { readonly decision: boolean }[]
  readonly results?: readonly object[]
  readonly page?: { readonly next_token: string }
}

describe('the certification scenario', () => {
  let server: OpenServer
  beforeAll(async () => {
    server = await openWorld(certificationWorld as unknown as World)
  }, 60_000)
  afterAll(() => server[Symbol.asyncDispose]())

  test('all fifty requests are answered as the specification says', async () => {
    for (const each of certification.cases as readonly Case[]) {
      const path = `/access/v1/${each.api}`
      const request = structuredClone(each.request)
      if (request.page?.token !== undefined) {
        const firstPage = (await (await post(server, path, { ...request, page: { limit: 1 } })).json()) as Body
        request.page.token = firstPage.page?.next_token ?? ''
      }
      const reply = await post(server, path, request, { 'x-request-id': 'certification-1' })
      const body = (await reply.json()) as Body
      expect([each.id, each.title, reply.status]).toEqual([each.id, each.title, each.status])
      expect(reply.headers.get('x-request-id')).toBe('certification-1')
      if (each.decision !== undefined) expect([each.title, body]).toEqual([each.title, { decision: each.decision }])
      if (each.decisions !== undefined)
        expect(body.evaluations?.map(({ decision }) => decision)).toEqual([...each.decisions])
      if (each.includes !== undefined) expect(body.results).toEqual(expect.arrayContaining([...each.includes]))
      if (each.results !== undefined) expect(body.results).toEqual([...each.results])
    }
  }, 60_000)

  test('without a credential nothing is decided, and what is no JSON is refused', async () => {
    const bare = await fetch(`${server.url}/access/v1/evaluation`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    })
    expect(bare.status).toBe(401)
    const broken = await server.call('/access/v1/evaluation', {
      method: 'POST',
      body: '{',
      headers: { 'content-type': 'application/json' },
    })
    expect(broken.status).toBe(400)
  })

  test('the metadata document names the endpoints of this server', async () => {
    const found = await fetch(`${server.url}/.well-known/authzen-configuration`)
    expect([found.status, await found.json()]).toMatchObject([
      200,
      { policy_decision_point: server.url, access_evaluation_endpoint: `${server.url}/access/v1/evaluation` },
    ])
  })
})

test('the Todo interop decisions come out as published', async () => {
  await using server = await openWorld(todoWorld as unknown as World)
  const wrong: unknown[] = []
  for (const { request, expected } of todo.evaluation) {
    const { decision } = (await (await post(server, '/access/v1/evaluation', request)).json()) as { decision: boolean }
    if (decision !== expected) wrong.push({ request, decision })
  }
  for (const { request, expected } of todo.evaluations) {
    const { evaluations } = (await (await post(server, '/access/v1/evaluations', request)).json()) as Body
    if (!Bun.deepEquals(evaluations, expected)) wrong.push({ request, evaluations })
  }
  expect(wrong).toEqual([])
}, 60_000)

test('with our own names: about oneself anybody, about others who may evaluate', async () => {
  await using server = await openServer({})
  const service = (await (await post(server, '/api/access/services', { name: 'Reader' })).json()) as UserInfo
  const made = await post(server, '/api/access/keys', { name: 'k', service: service.id })
  const { key } = (await made.json()) as { key: string }
  const asReader = { authorization: `Bearer ${key}` }
  const ask = (type: string, id: string) => ({
    subject: { type, id },
    action: { name: 'read' },
    resource: { type: 'vault', id: 'none' },
  })
  const owner = ((await (await server.call('/auth/session')).json()) as { principal: { id: string } }).principal.id
  const status = async (path: string, body: unknown) =>
    (await post(server, `/access/v1/${path}`, body, asReader)).status
  expect(await status('evaluation', ask('service', service.id))).toBe(200)
  expect(await status('evaluation', ask('user', owner))).toBe(403)
  expect(await status('evaluations', { evaluations: [ask('service', service.id), ask('user', owner)] })).toBe(403)
  expect(
    await status('evaluations', { ...ask('service', service.id), evaluations: [{ action: { name: 'cite' } }] }),
  ).toBe(200)
  expect(await status('search/subject', { ...ask('user', owner), subject: { type: 'user' } })).toBe(403)
  const mine = await post(server, '/access/v1/evaluation', ask('user', owner))
  expect(await mine.json()).toEqual({ decision: true })
}, 60_000)
