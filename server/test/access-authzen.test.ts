/** AuthZEN 1.0 over the engine: the certification scenario, the Todo interop decisions, and lists that equal checks. */
import { describe, expect, test } from 'bun:test'
import { worldSchema } from '@cairn/contract'
import { createOwnAdapter, type Adapter, type KnownEntity } from '../src/access/authzen-adapter.ts'
import { createAuthZen, describeAuthZen, type AuthZen, type AuthZenReply } from '../src/access/authzen.ts'
import { compile } from '../src/access/engine/index.ts'
import certification from './access/authzen/certification.json'
import certificationWorld from './access/authzen/certification-world.json'
import todo from './access/authzen/todo.json'
import todoWorld from './access/authzen/todo-world.json'

interface Setup {
  readonly world: unknown
  readonly adapter: unknown
  readonly known: { readonly subject: readonly KnownEntity[]; readonly resource: readonly KnownEntity[] }
}

function open({ world, adapter, known }: Setup): AuthZen {
  const engine = compile(worldSchema.parse(world))
  const complete: Adapter = {
    ...(adapter as Omit<Adapter, 'known' | 'find'>),
    known: (kind, type) => known[kind].filter((each) => each.type === type),
    find: (kind, type, id) => known[kind].find((each) => each.type === type && each.id === id),
  }
  return createAuthZen({ engine: () => engine, adapter: complete, now: () => 0 })
}

const calls = {
  evaluation: 'evaluate',
  evaluations: 'evaluations',
  'search/subject': 'searchSubject',
  'search/resource': 'searchResource',
  'search/action': 'searchAction',
} as const

interface Case {
  readonly id: string
  readonly title: string
  readonly api: string
  readonly request: object
  readonly status: number
  readonly decision?: boolean
  readonly decisions?: readonly boolean[]
  readonly includes?: readonly object[]
  readonly results?: readonly object[]
}

interface Body {
  readonly decision?: boolean
  readonly evaluations?: readonly { readonly decision: boolean }[]
  readonly results?: readonly { readonly type?: string; readonly id?: string; readonly name?: string }[]
  readonly page?: { readonly next_token: string; readonly count: number; readonly total: number }
}

const bodyOf = (reply: AuthZenReply): Body => reply.body as Body

describe('the certification scenario', () => {
  const pdp = open(certificationWorld as Setup)
  const cases = certification.cases as readonly Case[]

  test('has its 50 requests', () => {
    expect(cases).toHaveLength(50)
  })

  test.each(cases.map((each) => [`${each.id} ${each.title}`, each] as const))('%s', (_, each) => {
    const call = pdp[calls[each.api as keyof typeof calls]]
    const request = structuredClone(each.request) as { page?: { token?: string } }
    if (request.page?.token !== undefined)
      request.page.token = bodyOf(call({ ...request, page: { limit: 1 } })).page?.next_token ?? ''
    const reply = call(request)
    const body = bodyOf(reply)
    expect(reply.status).toBe(each.status as 200)
    if (each.decision !== undefined) expect(body).toEqual({ decision: each.decision })
    if (each.decisions !== undefined)
      expect(body.evaluations?.map(({ decision }) => decision)).toEqual([...each.decisions])
    if (each.api === 'evaluations' && each.status === 200 && each.decision === undefined)
      expect(body.evaluations).toHaveLength((each.request as { evaluations: unknown[] }).evaluations.length)
    if (each.includes !== undefined) expect(body.results).toEqual(expect.arrayContaining([...each.includes]))
    if (each.results !== undefined) expect(body.results).toEqual([...each.results] as [])
    if (each.api.startsWith('search') && each.status === 200) expect(Array.isArray(body.results)).toBe(true)
  })
})

describe('the Todo interop decisions', () => {
  const pdp = open(todoWorld as Setup)

  test('are 120 and 3 batches, and all as expected', () => {
    const wrong = todo.evaluation.filter(({ request, expected }) => bodyOf(pdp.evaluate(request)).decision !== expected)
    const wrongBatches = todo.evaluations.filter(
      ({ request, expected }) => !Bun.deepEquals(bodyOf(pdp.evaluations(request)).evaluations, expected),
    )
    expect([todo.evaluation.length, todo.evaluations.length, wrong, wrongBatches]).toEqual([120, 3, [], []])
  })
})

describe.each([
  ['certification', certificationWorld],
  ['Todo', todoWorld],
])('every search of the world of %s', (_, setup) => {
  const { known, adapter } = setup as unknown as Setup & { adapter: Adapter }
  const pdp = open(setup as unknown as Setup)
  const names = [...new Set(adapter.actions.map(({ name }) => name))]
  const isAllowed = (subject: KnownEntity, action: string, resource: KnownEntity) =>
    bodyOf(pdp.evaluate({ subject, action: { name: action }, resource })).decision === true
  const sorted = (ids: readonly (string | undefined)[]) => ids.map(String).toSorted((a, b) => (a < b ? -1 : 1))

  test('lists exactly what an evaluation allows', () => {
    for (const resource of known.resource)
      for (const subject of known.subject) {
        const actions = bodyOf(pdp.searchAction({ subject, resource })).results?.map(({ name }) => name) ?? []
        expect(sorted(actions)).toEqual(sorted(names.filter((name) => isAllowed(subject, name, resource))))
      }
    for (const name of names) {
      for (const resource of known.resource) {
        const found = bodyOf(pdp.searchSubject({ subject: { type: 'user' }, action: { name }, resource })).results ?? []
        const allowed = known.subject.filter((subject) => isAllowed(subject, name, resource))
        expect(sorted(found.map(({ id }) => id))).toEqual(sorted(allowed.map(({ id }) => id)))
      }
      for (const subject of known.subject)
        for (const type of new Set(known.resource.map((each) => each.type))) {
          const found = bodyOf(pdp.searchResource({ subject, action: { name }, resource: { type } })).results ?? []
          const allowed = known.resource.filter(
            (resource) => resource.type === type && isAllowed(subject, name, resource),
          )
          expect(sorted(found.map(({ id }) => id))).toEqual(sorted(allowed.map(({ id }) => id)))
        }
    }
  })
})

describe('a batch', () => {
  const pdp = open(certificationWorld as Setup)
  const batch = (semantic: string | undefined, actions: (string | null)[]) =>
    pdp.evaluations({
      subject: { type: 'user', id: 'alice' },
      resource: { type: 'record', id: 'record-1' },
      evaluations: actions.map((name) => (name === null ? { action: {} } : { action: { name } })),
      ...(semantic === undefined ? {} : { options: { evaluations_semantic: semantic } }),
    })
  const decisions = (reply: AuthZenReply) => bodyOf(reply).evaluations?.map(({ decision }) => decision)

  test('ends at the first no or the first yes when it is asked to', () => {
    expect(decisions(batch(undefined, ['read', 'delete', 'write']))).toEqual([true, false, true])
    expect(decisions(batch('execute_all', ['read', null, 'write']))).toEqual([true, false, true])
    expect(decisions(batch('deny_on_first_deny', ['read', 'delete', 'write']))).toEqual([true, false])
    expect(decisions(batch('deny_on_first_deny', ['read', null, 'write']))).toEqual([true, false])
    expect(decisions(batch('permit_on_first_permit', ['delete', 'read', 'write']))).toEqual([false, true])
    expect(decisions(batch('permit_on_first_permit', [null, 'read', 'write']))).toEqual([false, true])
  })

  test('is refused for an unknown semantic, too many items or a default of another kind', () => {
    expect(batch('guess', ['read']).status).toBe(400)
    expect(
      batch(
        'execute_all',
        Array.from({ length: 1_001 }, () => 'read'),
      ).status,
    ).toBe(400)
    expect(pdp.evaluations({ subject: 'alice', evaluations: [{}] }).status).toBe(400)
    expect(pdp.evaluations({ evaluations: 'all' }).status).toBe(400)
  })

  test('replaces a default whole', () => {
    const reply = pdp.evaluations({
      subject: { type: 'user', id: 'alice' },
      action: { name: 'delete', properties: { soft: true } },
      resource: { type: 'record', id: 'record-1' },
      evaluations: [{}, { action: { name: 'delete' } }],
    })
    expect(decisions(reply)).toEqual([true, false])
  })
})

describe('paging', () => {
  const pdp = open(todoWorld as Setup)
  const question = {
    subject: { type: 'user' },
    action: { name: 'can_read_todos' },
    resource: { type: 'todo', id: 'todo-1' },
  }

  test('comes to every result once, in order, and ends with an empty token', () => {
    const ids: (string | undefined)[] = []
    let token: string | undefined
    let pages = 0
    for (; token !== '' && pages < 9; pages++) {
      const { results = [], page } = bodyOf(
        pdp.searchSubject({ ...question, page: { limit: 2, ...(token === undefined ? {} : { token }) } }),
      )
      expect([page?.count, page?.total]).toEqual([results.length, 5])
      ids.push(...results.map(({ id }) => id))
      token = page?.next_token
    }
    expect(pages).toBe(3)
    expect(ids).toEqual(ids.toSorted((a, b) => (String(a) < String(b) ? -1 : 1)))
    expect(new Set(ids).size).toBe(5)
  })

  test('refuses a token of another search, and one that is none', () => {
    const token = bodyOf(pdp.searchSubject({ ...question, page: { limit: 1 } })).page?.next_token
    const other = { ...question, action: { name: 'can_read_user' } }
    expect(pdp.searchSubject({ ...other, page: { token } }).status).toBe(400)
    for (const wrong of ['x', 'bnVsbA', '%'])
      expect(pdp.searchSubject({ ...question, page: { token: wrong } }).status).toBe(400)
    expect(pdp.searchSubject({ ...question, page: { limit: 0 } }).status).toBe(400)
  })
})

describe('our own names', () => {
  const world = worldSchema.parse({
    org: 'org:acme',
    policy: {
      version: 1,
      grants: [
        { id: 'a', principal: 'user:ann', role: 'asker', scope: 'vault:v' },
        { id: 'm', principal: 'user:ben', role: 'viewer', scope: 'vault:v', when: [['session.mfa', '==', true]] },
      ],
      denies: [
        {
          id: 'c',
          principal: 'group:everyone',
          actions: ['retrieve'],
          scope: 'tag:secret',
          when: [['model.egress', '==', 'external']],
        },
        {
          id: 'o',
          principal: 'group:everyone',
          actions: ['read'],
          scope: 'vault:v',
          when: [['resource.property.status', '==', 'draft']],
        },
      ],
    },
    users: [{ id: 'ann' }, { id: 'ben' }],
    agents: [{ id: 'scribe', bound: { actions: ['discover'], scopes: ['vault:v'] } }],
  })
  const engine = compile(world, { factsOf: () => ({ tags: ['secret'], properties: { status: 'final' } }) })
  const pdp = createAuthZen({ engine: () => engine, adapter: createOwnAdapter(() => []), now: () => 0 })
  const decide = (id: string, action: string, context?: object, properties?: object) =>
    bodyOf(
      pdp.evaluate({
        subject: { type: 'user', id },
        action: { name: action },
        resource: { type: 'note', id: 'v/a', properties },
        context,
      }),
    ).decision

  test('are decided with what the store knows of a note, not with what the request says', () => {
    expect(decide('ann', 'read')).toBe(true)
    expect(decide('ann', 'read', undefined, { status: 'draft', tags: [] })).toBe(true)
    expect(decide('ann', 'retrieve', { 'model.egress': 'local' }, { tags: [] })).toBe(true)
    expect(decide('ann', 'retrieve', { 'model.egress': 'external' }, { tags: [] })).toBe(false)
  })

  test('take conditions from the context, flat or nested, and nothing of another kind', () => {
    expect(decide('ben', 'read', { session: { mfa: true } })).toBe(true)
    expect(decide('ben', 'read', { 'session.mfa': true })).toBe(true)
    expect(decide('ben', 'read', { session: { mfa: 'true' } })).toBe(false)
    expect(decide('ben', 'read', { session: 'mfa' })).toBe(false)
    expect(decide('ben', 'read')).toBe(false)
  })

  test('take the agent that acts as a bound, and an agent nobody knows as nobody', () => {
    expect(decide('ann', 'discover', { agent: 'scribe' })).toBe(true)
    expect(decide('ann', 'read', { agent: 'scribe' })).toBe(false)
    expect(decide('ann', 'read', { agent: 'other' })).toBe(false)
    expect(decide('ann', 'read', { agent: { id: 'scribe' } })).toBe(false)
  })

  test.each(['v/../w/a', '', 'v//a', '__proto__', 'v/\ud800'])('deny a hostile id %p', (id) => {
    const reply = pdp.evaluate({
      subject: { type: 'user', id: 'ann' },
      action: { name: 'read' },
      resource: { type: 'note', id },
    })
    expect(reply).toEqual({ status: 200, body: { decision: false } })
  })

  test('a foreign id cannot climb out of the folder it is mapped to', () => {
    const foreign = open(todoWorld as Setup)
    for (const id of ['..', '../people/rick@the-citadel.com', 'a/b', '\ud800', '.']) {
      const reply = foreign.evaluate({
        subject: { type: 'user', id: 'rick@the-citadel.com' },
        action: { name: 'can_update_todo' },
        resource: { type: 'todo', id },
      })
      expect(reply.status).toBe(200)
      if (id !== 'a/b' && !id.includes('/')) expect(bodyOf(reply).decision).toBe(false)
    }
  })
})

test('the metadata document names the five addresses', () => {
  expect(describeAuthZen('https://pdp.example.org')).toEqual({
    policy_decision_point: 'https://pdp.example.org',
    access_evaluation_endpoint: 'https://pdp.example.org/access/v1/evaluation',
    access_evaluations_endpoint: 'https://pdp.example.org/access/v1/evaluations',
    search_subject_endpoint: 'https://pdp.example.org/access/v1/search/subject',
    search_resource_endpoint: 'https://pdp.example.org/access/v1/search/resource',
    search_action_endpoint: 'https://pdp.example.org/access/v1/search/action',
  })
})
