/**
 * The 81 decisions of the design over HTTP: people, groups, keys and rules are made through the API at their times, and
 * each decision is asked where it shows. `surfaces` says for each where that is.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import {
  scenarioFileSchema,
  type AskDryRun,
  type KeyBound,
  type PolicyChanged,
  type PolicyDocument,
  type Scenario,
} from '@cairn/contract'
import { systemClock } from '../src/base/index.ts'
import decisions from './access/decisions.json'
import { openTeam, take, type Member, type Team } from './kit/team.ts'

setDefaultTimeout(120_000)

const file = scenarioFileSchema.parse(decisions)
const world = file.world ?? scenarioFileSchema.parse(null).world
if (!world) throw new Error('the scenarios have no world')

/** Where a scenario is asked beside `POST /api/access/explain`, or in its place and why. */
const special: Readonly<Record<number, string>> = {
  36: 'ben’s key without a bound, as no key wider than its owner is issued: explain with the key',
  37: 'a key of a suspended person: 401 at the door',
  38: 'an expired key: 401 at the door',
  41: 'the child key is refused when it is issued: POST /api/access/keys',
  44: 'no agent acts over HTTP; a key with the agent’s bound in its place: explain with the key',
  45: 'no agent acts over HTTP; a key with the agent’s bound in its place: explain with the key',
  46: 'no agent acts over HTTP; a key with the agent’s bound in its place is refused when it is issued',
  50: 'the delegation is refused when it is made: POST /api/access/delegations; then explain',
  56: 'the emergency is refused when it is asked for: POST /api/access/emergencies; then explain',
  68: 'POST /api/access/proposals/:id/decision; an auditor proposes nothing over HTTP, so the server’s owner does',
  74: 'explain: cache.hit, model.use and cite of each source',
  75: 'explain: cache.hit, model.use and cite of each source',
  76: 'explain: cache.hit, model.use and cite of each source',
  77: 'explain: cache.hit, model.use and cite of each source',
  79: 'explain by the auditor only: to oneself a missing note reads like a hidden one',
  80: 'explain by the auditor only: nobody has no credential',
}

function surfaceOf(scenario: Scenario, number: number): string {
  if (special[number] !== undefined) return special[number]
  if ('assign' in scenario) return 'POST /api/access/grants'
  if ('issueKey' in scenario) return 'POST /api/access/keys'
  if ('approve' in scenario) return 'POST /api/access/proposals/:id/decision'
  if ('ask' in scenario) return 'POST /v1/ask with dryRun'
  const isRead = 'check' in scenario && scenario.check.action === 'read' && scenario.context === undefined
  return isRead ? 'explain by auditor and person, GET /api/vaults/:id/notes/*' : 'explain by auditor and person'
}

const dayMs = 24 * 60 * 60_000
const noon = Date.parse('2026-02-28T12:00Z')
let now = noon
const clock = { ...systemClock, now: () => now }

let team: Team
const members = new Map<string, Member>()
const groups = new Map<string, string>()
const keys = new Map<string, Member>()
/** What was refused on the way, by what it was. */
const refused = new Map<string, number>()

/**
 * With ids of this server in place of the names of the scenarios. Their provider `local` is called `desk`: here `local` is
 * a name for several models, which no provider has.
 */
function place(written: string): string {
  if (written.startsWith('model:local/')) return written.replace('local', 'desk')
  const [kind, name] = [written.slice(0, written.indexOf(':')), written.slice(written.indexOf(':') + 1)]
  if (kind === 'org') return 'org:cairn'
  if (kind === 'user' || kind === 'service') return members.get(name)?.principal ?? written
  if (kind === 'group') return `group:${groups.get(name) ?? name}`
  return team.scope(written)
}

const memberOf = (principal: string): Member => {
  const member = members.get(principal.slice(principal.indexOf(':') + 1))
  if (!member) throw new Error(`there is no ${principal}`)
  return member
}

const textOf = (path: string, tags: readonly string[]) =>
  `---\ntags: [${tags.join(', ')}]\n---\n# ${path}\n\nThe kestrel hovers above what ${path} says.\n`

beforeAll(async () => {
  const vaults: Record<string, Record<string, string>> = { eng: {}, people: {} }
  for (const [id, { tags = [] }] of Object.entries(file.notes)) {
    const [, vault = '', path = ''] = /^note:([^/]+)\/(.+)$/.exec(id) ?? []
    Object.assign(vaults[vault] ?? {}, { [path]: textOf(path, tags) })
  }
  const upstream = (id: string, egress: string, model: string) => ({
    id,
    dialect: 'openai',
    baseUrl: 'http://127.0.0.1:9/v1',
    egress,
    clearance: 'restricted',
    models: [model],
  })
  team = await openTeam({
    clock,
    vaults,
    config: {
      upstreams: [upstream('desk', 'local', 'small'), upstream('cloud', 'external', 'big')],
      retrieval: { passages: 12 },
      // The scenarios span nine days.
      access: { sessionMs: 30 * dayMs, sessionIdleMs: 30 * dayMs },
    },
  })
  for (const { id } of world.users) members.set(id, await team.person(id))
  for (const { id } of world.services) members.set(id, await team.service(id))
  for (const { id } of world.groups) groups.set(id, await team.group(id))
  for (const { id, memberOf: above = [] } of world.groups)
    for (const group of above) await enter(group, { kind: 'group', id: groups.get(id) })
  for (const { id, groups: own = [] } of world.users)
    for (const group of own) await enter(group, { kind: 'user', id: members.get(id)?.id })
  await team.change(withWorld)
  await makeKeys()
  await makePasses()
  const hal = memberOf('user:hal')
  await take(team.owner.send(`/api/access/users/${hal.id}`, { status: 'suspended' }, 'PUT'))
})
afterAll(() => team[Symbol.asyncDispose]())

const enter = (group: string, body: object) =>
  take(team.owner.send(`/api/access/groups/${groups.get(group)}/members`, body))

/** The policy of the scenarios, beside what the owner of this server holds. */
function withWorld(document: PolicyDocument) {
  const { policy } = world as NonNullable<typeof world>
  return {
    ...document,
    ...policy,
    grants: [
      ...document.grants.filter(({ id }) => id.startsWith('first-owner.')),
      // Or else nobody could enter it, which this server does not let happen.
      { id: 'keeper', principal: team.owner.principal, role: 'viewer', scope: place('folder:people/reviews') },
      ...policy.grants.map((each) => ({
        ...each,
        principal: place(each.principal),
        scope: place(each.scope),
        ...(each.id === 'g1' ? { delegable: true } : {}),
      })),
    ],
    denies: policy.denies.map((each) => ({
      ...each,
      principal: place(each.principal),
      scope: place(each.scope),
      ...(each.except ? { except: each.except.map(place) } : {}),
    })),
    barriers: policy.barriers.map((each) => ({ ...each, scope: place(each.scope) })),
    breakGlass: policy.breakGlass.map(place),
  }
}

const placeBound = (bound: KeyBound): KeyBound => ({ ...bound, scopes: bound.scopes.map(place) })

async function makeKeys(): Promise<void> {
  const issue = async (id: string, by: Member, bound: KeyBound, more: object = {}) => {
    const reply = await by.send('/api/access/keys', { name: id, bound: placeBound(bound), ...more })
    if (!reply.ok) return void refused.set(id, reply.status)
    const { key } = (await reply.json()) as { key: string }
    keys.set(id, { ...by, session: {}, key, ...callsWith(key) })
  }
  for (const { id, owner, parent, bound, until } of world?.keys ?? [])
    await issue(
      id,
      parent === undefined ? memberOf(owner) : (keys.get(parent) ?? memberOf(owner)),
      // A key over all is wider than anybody here; over what its owner knows it is not.
      until === undefined ? bound : { ...bound, scopes: ['vault:eng'] },
      until === undefined ? {} : { expiresInDays: 1 },
    )
  for (const id of ['k2', 'k3']) {
    const owner = memberOf(id === 'k2' ? 'user:ben' : 'user:hal')
    expect(refused.get(id)).toBe(403)
    keys.set(id, { ...owner, session: {} })
  }
  for (const { id, bound } of world?.agents ?? [])
    for (const user of ['ana', 'gus'])
      await issue(`${user} ${id}`, memberOf(`user:${user}`), { ...bound, scopes: ['folder:eng/specs'] })
}

function callsWith(key: string): Pick<Member, 'call' | 'send'> {
  const call: Member['call'] = (path, init = {}) =>
    fetch(`${team.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${key}`, ...(init.headers as Record<string, string>) },
    })
  return {
    call,
    send: (path, body, method = 'POST') =>
      call(path, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        headers: { 'content-type': 'application/json' },
      }),
  }
}

async function makePasses(): Promise<void> {
  for (const { id, by, to, ...rest } of world?.delegations ?? []) {
    const body = { ...rest, to: place(to), scope: place(rest.scope) }
    const reply = await memberOf(by).act('/api/access/delegations', body)
    if (!reply.ok) refused.set(id, reply.status)
  }
  for (const { id, user, approvedBy, actions, scope, from, until } of world?.breakGlass ?? []) {
    const body = { actions, scope: place(scope), from, until, reason: 'The storm has cut the line.' }
    const reply = await memberOf(user).act('/api/access/emergencies', body)
    if (!reply.ok) {
      refused.set(id, reply.status)
      continue
    }
    const { id: made } = (await reply.json()) as { id: string }
    await take(memberOf(approvedBy ?? user).act(`/api/access/emergencies/${made}/approve`))
  }
}

// --- Asking -----------------------------------------------------------------------------------------------------------

interface Question {
  readonly action: string
  readonly resource: string
  readonly context?: object | undefined
}

/** By session where there is one: emergency access, for one, is never had through a key. */
function inPerson({
  session,
  act,
  send,
}: Member): (path: string, body?: unknown, method?: string) => Promise<Response> {
  return Object.keys(session).length > 0 ? act : send
}

/** What a person is told of themselves; null when they are not let in. */
async function explainOwn(member: Member, question: Question): Promise<boolean | null> {
  const reply = await inPerson(member)('/api/access/explain', { ...question, resource: place(question.resource) })
  if (reply.status === 401) return null
  return (await take<{ decision: boolean }>(reply)).decision
}

async function explainOf(subject: string, question: Question): Promise<boolean> {
  const body = { subject: place(subject), ...question, resource: place(question.resource) }
  return (await take<{ decision: boolean }>(team.owner.send('/api/access/explain', body))).decision
}

async function readNote(member: Member, resource: string): Promise<number> {
  const [, vault = '', path = ''] = /^note:([^/]+)\/(.+)$/.exec(resource) ?? []
  const where = `/api/vaults/${team.vaultIds[vault]}/notes/${path.split('/').map(encodeURIComponent).join('/')}`
  return (await inPerson(member)(where, undefined, 'GET')).status
}

type Check = Extract<Scenario, { check: unknown }>

async function askCheck({ check: { subject, action, resource }, context }: Check): Promise<string[]> {
  const question = { action, resource, ...(context ? { context } : {}) }
  const say = (decision: boolean | null) => (decision === true ? 'allow' : 'deny')
  const said: string[] = []
  let member: Member | undefined
  if (typeof subject === 'string') {
    said.push(say(await explainOf(subject, question)))
    member = members.get(subject.slice(subject.indexOf(':') + 1))
    // A note that is missing reads like one that is hidden, to all but who sees the policy.
    const isMissing = resource.endsWith('/unknown.md')
    if (!member || isMissing) return said
  } else {
    const id = 'key' in subject ? subject.key : `${subject.principal.slice('user:'.length)} ${subject.agent}`
    member = keys.get(id)
    // It was refused when it was to be issued.
    if (!member) return [refused.get(id) === 403 ? 'deny' : `${id} was not made`]
  }
  said.push(say(await explainOwn(member, question)))
  const isThere = Object.hasOwn(file.notes, resource) || resource.includes('/../')
  if (action === 'read' && isThere && context === undefined) {
    const status = await readNote(member, resource)
    said.push(status === 200 ? 'allow' : [400, 401, 404].includes(status) ? 'deny' : String(status))
  }
  return said
}

async function askNotes({ ask }: Extract<Scenario, { ask: unknown }>): Promise<string[] | 'deny'> {
  const member = memberOf(ask.subject as string)
  const model = place(ask.model).slice('model:'.length)
  const reply = await member.send('/v1/ask', { question: 'Above what does the kestrel hover?', model, dryRun: true })
  if (!reply.ok) return 'deny'
  const { passages, plan } = (await reply.json()) as AskDryRun
  if (plan.length === 0) return 'deny'
  const found = new Set(passages.map(({ vault, note }) => `note:${vault}/${note}`))
  return ask.notes.filter((note) => found.has(place(note)))
}

async function assign({ assign: { actor, to, role, scope } }: Extract<Scenario, { assign: unknown }>) {
  const body = { principal: place(to), role, scope: place(scope) }
  const reply = await memberOf(actor).send('/api/access/grants', body)
  if (reply.status !== 201) return reply.status === 403 ? 'deny' : String(reply.status)
  await team.revoke(((await reply.json()) as { grant: { id: string } }).grant.id)
  return 'allow'
}

async function approve({ approve: { approver, proposer } }: Extract<Scenario, { approve: unknown }>) {
  const { seq, document } = await team.policy()
  const author = approver === proposer ? memberOf(proposer) : team.owner
  const body = { base: seq, note: 'The same again.', document }
  const changed = await take<PolicyChanged>(author.send('/api/access/policy', body, 'PUT'))
  if (changed.status !== 'proposed') return 'it was not proposed'
  const path = `/api/access/proposals/${changed.proposal.id}/decision`
  const { status } = await memberOf(approver).send(path, { approve: true })
  await author.send(path, { approve: false })
  return status === 200 ? 'allow' : status === 403 ? 'deny' : String(status)
}

async function serveFromCache(scenario: Extract<Scenario, { cacheHit: unknown }>): Promise<string> {
  const { subject, namespace, model, sources } = scenario.cacheHit
  const context = file.models[model]
  const questions = [
    { action: 'cache.hit', resource: namespace },
    { action: 'model.use', resource: model, context },
    ...sources.map((resource) => ({ action: 'cite', resource, context })),
  ]
  const told = await Promise.all(questions.map((each) => explainOwn(memberOf(subject as string), each)))
  return told.every((decision) => decision === true) ? 'allow' : 'deny'
}

async function answer(scenario: Scenario): Promise<unknown> {
  if ('check' in scenario) {
    const said = await askCheck(scenario)
    return new Set(said).size === 1 ? said[0] : said
  }
  if ('assign' in scenario) return assign(scenario)
  if ('approve' in scenario) return approve(scenario)
  if ('ask' in scenario) return askNotes(scenario)
  if ('cacheHit' in scenario) return serveFromCache(scenario)
  const { actor, bound } = scenario.issueKey
  const member = typeof actor === 'string' ? memberOf(actor) : keys.get('key' in actor ? actor.key : '')
  const reply = await member?.send('/api/access/keys', { name: 'new', bound: placeBound(bound) })
  return reply?.status === 201 ? 'allow' : reply?.status === 403 ? 'deny' : reply?.status
}

const timeOf = ({ now: at }: Scenario) => Date.parse(at ?? file.now ?? '')

describe('the decisions of the design over HTTP', () => {
  const numbered = file.scenarios.map((scenario, at) => ({ scenario, number: at + 1 }))
  const inTime = numbered.toSorted((one, other) => timeOf(one.scenario) - timeOf(other.scenario))

  test('are 81', () => {
    expect(numbered).toHaveLength(81)
    expect(Object.keys(special).every((number) => Number(number) <= 81)).toBe(true)
  })

  for (const { scenario, number } of inTime)
    test(`${scenario.name}: ${JSON.stringify(scenario.expect)} (${surfaceOf(scenario, number)})`, async () => {
      now = timeOf(scenario)
      expect(await answer(scenario)).toEqual(scenario.expect as never)
    })

  test('what no surface takes was refused where it would begin', () => {
    expect([...refused].toSorted(([one], [other]) => one.localeCompare(other))).toEqual([
      ['b2', 403],
      ['dl2', 403],
      ['gus scribe', 403],
      ['k1w', 403],
      ['k2', 403],
      ['k3', 403],
    ])
  })
})
