/**
 * Every row of the route table is on record: what changes something before and after, what shows others’ data, what is
 * refused and what fails. A row that is added without its event, or without its call here, fails.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { auditEventTable, type AuditEventType } from '@cairn/contract'
import type { OpenedEntry } from '../src/audit/index.ts'
import { routes } from '../src/http/index.ts'
import { isProtected, type Route } from '../src/http/route.ts'
import type { Day, Step } from './audit/day.ts'
import { steps } from './audit/scripted-day.ts'
import { readAuditLog } from './kit/audit-log.ts'
import { openTeam, type Member, type Team } from './kit/team.ts'
import { startUpstream, type Upstream } from './kit/upstream.ts'
import { until } from './harness.ts'

setDefaultTimeout(120_000)

/** Rows whose success takes more than a call, and the test that looks at their entries. */
const elsewhere: Readonly<Record<string, string>> = {
  'GET /auth/openid/return': 'identity-openid.test.ts',
  // A run with named folders, as this one is, has no vaults that devices sync.
  'POST /api/vaults/:id/sync': 'vault-sync-http.test.ts',
  'PUT /api/vaults/:id/notes': 'vault-sync-http.test.ts',
  'PUT /api/vaults/:id/notes/*path': 'vault-sync-http.test.ts',
  'DELETE /api/vaults/:id/notes/*path': 'vault-sync-http.test.ts',
}

const nameOf = ({ method, path }: Route) => `${method} ${path}`
const onRecord = routes.filter(({ audit }) => !('exempt' in audit))
const typesOf = ({ audit }: Route): readonly AuditEventType[] =>
  'changes' in audit ? audit.changes : 'tells' in audit ? audit.tells : 'reads' in audit ? [audit.reads] : []
const idOf = (reply: Response) => reply.headers.get('x-request-id') ?? ''

let team: Team
let upstream: Upstream
let day: Day
const answered = new Map<string, { status: number; requestId: string }>()
let entries: readonly OpenedEntry[] = []

beforeAll(async () => {
  const models = ['test-chat', 'test-embed']
  upstream = await startUpstream({ models })
  team = await openTeam({
    vaults: { eng: { 'Mast.md': '# Mast\n\nThe mast is nine metres high.', 'log/Day.md': '# Day' } },
    config: { upstreams: [{ id: 'kit', dialect: 'openai', baseUrl: upstream.url, models }] },
  })
  await team.write('other', 'One.md', '# One')
  const [sam, tess, ben] = [await team.person('Sam'), await team.person('Tess'), await team.person('Ben')]
  const ada = await team.person('Ada')
  await team.change((document) => ({
    ...document,
    breakGlass: [ben.principal],
    roles: [...document.roles, { id: 'text-auditor', inherits: ['auditor'], actions: ['audit.content'] }],
  }))
  await team.grant(ada.principal, 'text-auditor', 'org:cairn')
  for (const { principal } of [sam, tess]) await team.grant(principal, 'security-admin', 'org:cairn')
  for (const role of ['curator', 'asker', 'model-user'])
    await team.grant(ben.principal, role, 'org:cairn', { delegable: true })
  day = { team, owner: team.owner, sam, tess, ada, ben, left: new Map() }
  for (const each of steps) {
    const reply = await each
      .send(day)
      .catch((thrown: unknown) => Promise.reject(new Error(`${each.row}: ${String(thrown)}`)))
    answered.set(each.row, { status: reply.status, requestId: idOf(reply) })
    const text = await reply.text()
    if (!reply.ok) throw new Error(`${each.row} was answered with ${reply.status}: ${text.slice(0, 300)}`)
  }
  entries = await readLog()
})
afterAll(async () => {
  await team[Symbol.asyncDispose]()
  await upstream.close()
})

function readLog(): Promise<OpenedEntry[]> {
  const home = join(team.folderOf(''), '..')
  return readAuditLog(join(home, 'data'), join(home, 'config', 'keyring.json'))
}

const of = (requestId: string) => entries.filter(({ context }) => context['requestId'] === requestId)

test('each row that is on record has its call here, and no other has', () => {
  const named = steps.map(({ row }) => row)
  expect(named.filter((row, at) => named.indexOf(row) !== at)).toEqual([])
  expect([...named, ...Object.keys(elsewhere)].toSorted()).toEqual(onRecord.map(nameOf).toSorted())
  for (const { audit } of routes) if ('exempt' in audit) expect(audit.exempt.length).toBeGreaterThan(10)
})

describe('what succeeds is on record', () => {
  test.each(steps.map(({ row }) => row))('%s', (row) => {
    const route = onRecord.find((each) => nameOf(each) === row) as Route
    const { status, requestId } = answered.get(row) ?? { status: 0, requestId: '' }
    expect([row, status < 400]).toEqual([row, true])
    const types = of(requestId).map(({ type, outcome }) => `${type} ${outcome}`)
    if ('changes' in route.audit) expect(types[0]).toBe('call.intended ok')
    expect(typesOf(route).some((type) => types.includes(`${type} ok`))).toBe(true)
    expect(types.filter((type) => type.endsWith(' failed'))).toEqual([])
  })

  test('with who it was, from where and with what', () => {
    const entry = of(answered.get('POST /api/access/keys')?.requestId ?? '').find(({ type }) => type === 'key.created')
    expect(entry).toMatchObject({ actor: day.ben.id, fields: { name: 'k' } })
    expect(entry?.context).toMatchObject({ address: expect.stringContaining('127.0.0.1'), via: 'key' })
    expect(String(entry?.context['credential'])).toStartWith('key_')
  })

  test('in the categories of the table, and what changes something stands before it is done', () => {
    for (const { type, category } of entries) expect(category).toBe(auditEventTable[type].category)
    const changes = entries.filter(({ type }) => type === 'call.intended').length
    expect(changes).toBeGreaterThan(steps.length / 2)
  })
})

const fill = (path: string) =>
  path
    .replace(/:id/g, 'nothing')
    .replace(/:kind/, 'users')
    .replace(/:member/, 'nothing')
    .replace(/\*path/, 'Nothing.md')

test('what is refused is on record, each with its route', async () => {
  const rows = onRecord.filter(isProtected)
  const refused = new Map<string, string>()
  for (const row of rows) {
    const reply = await fetch(`${team.url}${fill(row.path)}`, { method: row.method })
    expect([nameOf(row), reply.status]).toEqual([nameOf(row), 401])
    refused.set(idOf(reply), row.path)
  }
  const told = () =>
    entries.flatMap(({ type, context, fields }) =>
      type === 'access.refused' && refused.has(String(context['requestId']))
        ? [[String(context['requestId']), fields['route']]]
        : [],
    )
  await until('all are recorded', async () => {
    entries = await readLog()
    return told().length >= refused.size
  })
  expect(new Map(told() as [string, string][])).toEqual(refused)
  // Nobody knows who it was; from where is known.
  for (const { context } of entries.filter((entry) => refused.has(String(entry.context['requestId']))))
    expect(context).toMatchObject({ address: expect.stringContaining('127.0.0.1') })
})

test('who is refused what they may not do stands there with their credential', async () => {
  const reply = await day.ben.call('/api/audit/events')
  expect(reply.status).toBe(403)
  const refusal = () => entries.find(({ context }) => context['requestId'] === idOf(reply))
  await until('it is recorded', async () => {
    entries = await readLog()
    return refusal() !== undefined
  })
  expect(refusal()).toMatchObject({ type: 'access.refused', actor: day.ben.id, context: { via: 'key' } })
})

/** Somebody who is let in there, and then told that there is no such thing. */
function whoFails(path: string): Member['send'] {
  if (path.startsWith('/api/account') || path.startsWith('/auth/session')) return day.tess.act
  return /\/(?:proposals|link\/confirm)/.test(path) ? day.sam.act : day.owner.send
}

test('what fails is on record, with its code', async () => {
  const failing = steps.filter((each): each is Step & { missing: unknown } => {
    const [method, path = ''] = each.row.split(' ')
    const route = onRecord.find((one) => nameOf(one) === each.row)
    return (
      route !== undefined &&
      'changes' in route.audit &&
      (each.missing !== undefined || (method === 'DELETE' && path.includes(':')))
    )
  })
  const failed = new Map<string, string>()
  for (const { row, missing } of failing) {
    const [method = '', path = ''] = row.split(' ')
    const send = whoFails(path)
    const reply = await send(fill(path), missing, method)
    await reply.arrayBuffer()
    if (reply.status < 400) throw new Error(`${row} did not fail`)
    failed.set(idOf(reply), row)
  }
  entries = await readLog()
  const silent = [...failed].filter(
    ([requestId]) => !of(requestId).some(({ type, outcome }) => type === 'call.failed' && outcome === 'failed'),
  )
  expect(silent.map(([, row]) => row)).toEqual([])
  expect(failed.size).toBeGreaterThan(25)
})
