/**
 * The route table against who may call it. Every row is walked, so a new one is covered the moment it is added: a
 * public one has to be listed here, and one for everybody with a credential has to say what a stranger gets.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { actions, type Action, type SessionItem } from '@cairn/contract'
import { routes } from '../src/http/index.ts'
import { isProtected, type ProtectedRoute, type Route } from '../src/http/route.ts'
import { signedInRows, type Sent, type Things } from './access/signed-in-rows.ts'
import { openTeam, take, type Member, type Team } from './kit/team.ts'

setDefaultTimeout(120_000)

/** For everybody, with or without a credential. A new row is added here knowingly or not at all. */
const publicRows = [
  'GET /',
  'GET /.well-known/authzen-configuration',
  'GET /auth/methods',
  'GET /auth/openid/begin',
  'GET /auth/openid/return',
  'GET /healthz',
  // Callers on this machine; `http-security.test.ts` has those of others.
  'GET /metrics',
  'GET /openapi.json',
  'GET /readyz',
  'POST /api/access/devices',
  'POST /api/access/devices/token',
  'POST /auth/links/describe',
  'POST /auth/links/redeem',
  'POST /auth/password',
  'POST /auth/sign-in',
]

const nameOf = ({ method, path }: Route) => `${method} ${path}`
const protectedRows = routes.filter(isProtected)
const isGuarded = (row: ProtectedRoute): row is ProtectedRoute & { permission: Action } =>
  row.permission !== 'signed-in'
const guardedRows = protectedRows.filter(isGuarded)
const neededActions = [...new Set(guardedRows.map(({ permission }) => permission))]

/** A word that stands in the foreign team’s notes, folder names, groups, models and people, and nowhere else. */
const canary = 'zebrafinch'

let team: Team
let stranger: Member
let foreign: Things
/** Somebody for each action: who may do everything but this, and who may do only this. */
const without = new Map<Action, Member>()
const withOnly = new Map<Action, Member>()

beforeAll(async () => {
  team = await openTeam({
    vaults: {
      own: { 'mine.md': '# Mine\n\nThe boat is mine.' },
      [canary]: {
        [`${canary}/one.md`]: `# ${canary}\n\nThe limpet store of ${canary} is below the pier. [[two]]`,
        'two.md': `# Two\n\nMore of the ${canary}.`,
      },
    },
    config: {
      upstreams: [{ id: 'lab', dialect: 'openai', baseUrl: 'http://127.0.0.1:9/v1', models: [`${canary}-chat`] }],
    },
  })
  const [ann, security] = [await team.person(`Ann ${canary}`), await team.person('Sec')]
  stranger = await team.person('Otto')
  const group = await team.group(`Group ${canary}`, ann)
  await team.change((document) => ({
    ...document,
    roles: neededActions.flatMap((action) => [
      { id: `without.${action}`, inherits: [], actions: actions.filter((each) => each !== action) },
      { id: `only.${action}`, inherits: [], actions: [action, 'discover'] },
    ]),
    grants: document.grants.filter(({ id }) => id !== 'everyone.models'),
    breakGlass: [`group:${group}`],
  }))
  for (const action of neededActions) {
    without.set(action, await team.service(`without ${action}`))
    withOnly.set(action, await team.service(`only ${action}`))
    await team.grant(without.get(action)?.principal ?? '', `without.${action}`, 'org:cairn')
    await team.grant(withOnly.get(action)?.principal ?? '', `only.${action}`, 'org:cairn')
  }
  await team.grant(stranger.principal, 'editor', 'vault:own')
  foreign = await makeThings(ann, security, group)
})
afterAll(() => team[Symbol.asyncDispose]())

/** One of everything that a stranger must not know of. */
async function makeThings(ann: Member, security: Member, group: string): Promise<Things> {
  const vault = team.vaultIds[canary] ?? ''
  const grant = await team.grant(ann.principal, 'curator', `folder:${canary}/${canary}`, { delegable: true })
  await team.grant(ann.principal, 'curator', `vault:${canary}`, { delegable: true })
  const soon = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString()
  const scope = `folder:${vault}/${canary}`
  await take(ann.send('/api/access/barriers', { scope: `folder:${vault}/${canary}` }))
  const { delegation } = await take<{ delegation: { id: string } }>(
    ann.act('/api/access/delegations', {
      to: security.principal,
      role: 'viewer',
      scope,
      from: soon(0),
      until: soon(24),
    }),
  )
  const emergency = await take<{ id: string }>(
    ann.act('/api/access/emergencies', { actions: ['read'], scope, until: soon(2), reason: canary }),
  )
  const { keys } = await take<{ keys: { id: string }[] }>(ann.call('/api/access/keys'))
  const { sessions } = await take<{ sessions: SessionItem[] }>(
    fetch(`${team.url}/api/account/sessions`, { headers: ann.session }),
  )
  await team.grant(security.principal, 'security-admin', 'org:cairn')
  const { seq, document } = await team.policy()
  const { proposal } = await take<{ proposal: { id: string } }>(
    team.owner.send('/api/access/policy', { base: seq, note: canary, document }, 'PUT'),
  )
  return {
    vault,
    note: `${canary}/one.md`,
    barrier: canary,
    model: `${canary}-chat`,
    grant,
    proposal: proposal.id,
    delegation: delegation.id,
    emergency: emergency.id,
    key: keys[0]?.id ?? '',
    session: sessions[0]?.id ?? '',
    person: ann.id,
    group,
  }
}

/** As long, and nobody’s. */
function missingOf(things: Things): Things {
  const turn = (text: string) =>
    text
      .split('/')
      .map((part) => part.replace(/[a-z0-9]{6}(?=(?:-chat|\.md)?$)/, 'qqqqqq'))
      .join('/')
  return Object.fromEntries(Object.entries(things).map(([name, value]) => [name, turn(value as string)])) as never
}

interface Asked extends Sent {
  readonly method: string
  readonly headers?: Readonly<Record<string, string>>
}

function ask({ method, path, body, headers = {} }: Asked): Promise<Response> {
  return fetch(`${team.url}${path}`, {
    method,
    redirect: 'manual',
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

const bearer = ({ key }: Member) => ({ authorization: `Bearer ${key}` })

/** A path of the row with ids of nothing. */
const fill = ({ path }: Route, id = 'nothing', rest = 'nothing.md') =>
  path
    .replace(/:id\b/, id)
    .replace(/:kind\b/, 'users')
    .replace(/:\w+/g, 'nothing')
    .replace(/\*\w+/, rest)

const bodyFor = (row: Route) => (row.body === undefined ? {} : { body: {} })

async function codeOf(reply: Response): Promise<string> {
  const { code, error } = (await reply.json()) as { code?: string; error?: { code?: string; type?: string } }
  return code ?? error?.code ?? error?.type ?? ''
}

/** Everything of a reply but what is each reply’s own; names of what was asked for read alike. */
async function bytesOf(reply: Response, things: Things): Promise<string> {
  const headers = [...reply.headers].filter(
    ([name]) => !/^(date|x-request-id|request-id|x-cairn-overhead.*)$/.test(name),
  )
  const text = `${reply.status}\n${headers.map((each) => each.join(': ')).join('\n')}\n\n${await reply.text()}`
  return (
    Object.entries(things)
      .toSorted(([, one], [, other]) => (other as string).length - (one as string).length)
      .reduce((sum, [name, value]) => sum.replaceAll(value as string, `{${name}}`), text)
      .replace(/req_[a-z0-9]+/g, 'req')
      // How long it took, and how much is on record by then.
      .replace(/"(?:overheadMs|auditSeq|ms|size|seen|behind)":[\d.]+/g, '"number"')
      .replace(/^content-length: \d+$/m, '')
  )
}

describe('public rows', () => {
  test('are these and no others', () => {
    expect(
      routes
        .filter((row) => !isProtected(row))
        .map(nameOf)
        .toSorted(),
    ).toEqual(publicRows)
  })
})

describe('without a credential that is in force', () => {
  for (const row of protectedRows)
    test(`${nameOf(row)} answers 401`, async () => {
      const path = fill(row)
      const asked = { method: row.method, path, ...bodyFor(row) }
      for (const headers of [
        {},
        { authorization: 'Bearer ck_nobody_0123456789abcdef0123456789' },
        { 'x-api-key': 'x' },
        { authorization: 'Basic b3duZXI6b3duZXI=' },
      ]) {
        const reply = await ask({ ...asked, headers })
        expect([reply.status, reply.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="cairn"'])
      }
    })
})

describe('with a credential without the permission', () => {
  for (const row of guardedRows)
    test(`${nameOf(row)} is refused to who may do all but ${row.permission}, and not to who may do only that`, async () => {
      const path = fill(row, row.on === 'vault' ? team.vaultIds['own'] : undefined)
      const asked = { method: row.method, path, ...bodyFor(row) }
      const bounded = await team.keyOf(team.owner, {
        actions: actions.filter((each) => each !== row.permission && each !== 'audit.content'),
        scopes: ['org:cairn'],
      })
      for (const member of [without.get(row.permission), bounded]) {
        const reply = await ask({ ...asked, headers: member ? bearer(member) : {} })
        expect([reply.status, await codeOf(reply)]).toEqual([403, 'access.forbidden'])
      }
      const outside = await ask({ ...asked, headers: bearer(stranger) })
      expect(outside.status).toBe(403)

      const only = withOnly.get(row.permission)
      // Nothing is removed by this: the vault is none that is there.
      const allowed = await ask({ ...asked, path: fill(row), headers: only ? bearer(only) : {} })
      expect([401, 403]).not.toContain(allowed.status)
      expect(allowed.status).toBeLessThan(500)
    })

  for (const row of guardedRows.filter(({ on }) => on === 'vault'))
    test(`${nameOf(row)} answers for a foreign vault as for a missing one`, async () => {
      const things = [foreign, missingOf(foreign)]
      const replies = await Promise.all(
        things.map(async (each) =>
          bytesOf(await ask({ method: row.method, path: fill(row, each.vault), headers: bearer(stranger) }), each),
        ),
      )
      expect(replies[0]).toStartWith('404\n')
      expect(replies[0]).toBe(replies[1] as string)
    })
})

describe('no way around a bound', () => {
  test('a key that is bounded or expires and a service account make no session, whoever they are of', async () => {
    const bounded = await team.keyOf(team.owner, { actions: ['read'], scopes: ['org:cairn'] })
    const within = await team.keyOf(bounded, { actions: ['read'], scopes: ['vault:own'] })
    for (const member of [bounded, within, await team.service('bot')]) {
      const reply = await member.send('/auth/links')
      expect([reply.status, await codeOf(reply)]).toEqual([403, 'access.forbidden'])
    }
    const expiring = await take<{ key: string }>(team.owner.send('/api/access/keys', { name: 'k', expiresInDays: 1 }))
    const inside = await take<{ key: string }>(
      team.owner.call('/api/access/keys', {
        method: 'POST',
        body: JSON.stringify({ name: 'k2' }),
        headers: { authorization: `Bearer ${expiring.key}`, 'content-type': 'application/json' },
      }),
    )
    for (const { key } of [expiring, inside]) {
      const reply = await ask({ method: 'POST', path: '/auth/links', headers: { authorization: `Bearer ${key}` } })
      expect([reply.status, await codeOf(reply)]).toEqual([403, 'access.forbidden'])
    }
    expect((await team.owner.send('/auth/links')).status).toBe(201)
  })

  test('a device is paired for no vault that its person may not know of, in the words of a missing one', async () => {
    const decide = async (vault: string) => {
      const begun = await fetch(`${team.url}/api/access/devices`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ clientName: 'Obsidian', vault }),
      })
      const { user_code: userCode } = await take<{ user_code: string }>(begun)
      const reply = await stranger.act('/api/access/devices/decide', { userCode, approve: true })
      return bytesOf(reply, foreign)
    }
    const missing = await decide('nowhere')
    expect(missing).toStartWith('404\n')
    expect([await decide(canary), await decide(foreign.vault)]).toEqual([missing, missing])
    expect(await decide('own')).toStartWith('204\n')
  })
})

describe('a member of a foreign team', () => {
  test('has a case for every row that asks for no more than a credential, and no case for another', () => {
    const rows = protectedRows.filter((row) => !isGuarded(row)).map(nameOf)
    expect(Object.keys(signedInRows).toSorted()).toEqual(rows.toSorted())
  })

  for (const [name, send] of Object.entries(signedInRows))
    test(`${name} answers for what is foreign as for what is missing, byte for byte`, async () => {
      const method = name.slice(0, name.indexOf(' '))
      const missing = missingOf(foreign)
      const [ofForeign, ofMissing] = [send(foreign), send(missing)]
      for (const headers of [bearer(stranger), stranger.session])
        for (const [at, sent] of ofForeign.entries()) {
          const got = await bytesOf(await ask({ ...sent, method, headers }), foreign)
          const other = await bytesOf(await ask({ ...(ofMissing[at] as Sent), method, headers }), missing)
          expect(Number(got.slice(0, 3))).toBeLessThan(500)
          expect(got).not.toMatch(/access\.(?:unauthenticated|key-unknown)/)
          if (JSON.stringify(sent) !== JSON.stringify(ofMissing[at])) expect(got).toBe(other)
          expect(got.toLowerCase()).not.toContain(canary)
        }
    })
})

describe('broken twins are caught', () => {
  test('a vault that shows itself, by the words of its refusal', async () => {
    const { access } = team.app
    const sees = access.seesVault
    try {
      Object.assign(access, { seesVault: () => true })
      const asked = { method: 'GET', headers: bearer(stranger) }
      const missing = missingOf(foreign)
      const got = await bytesOf(await ask({ ...asked, path: `/api/vaults/${foreign.vault}/notes` }), foreign)
      const other = await bytesOf(await ask({ ...asked, path: `/api/vaults/${missing.vault}/notes` }), missing)
      expect(got).not.toBe(other)
    } finally {
      Object.assign(access, { seesVault: sees })
    }
  })

  test('a permission that is not asked for', async () => {
    const { access } = team.app
    const require = access.require
    try {
      Object.assign(access, { require: () => {} })
      const missed: string[] = []
      for (const row of guardedRows.filter(({ on, body }) => on === undefined && body !== undefined)) {
        const reply = await ask({ method: row.method, path: fill(row), body: {}, headers: bearer(stranger) })
        if (reply.status === 403) missed.push(nameOf(row))
      }
      // What takes long is also cut when the permission is found gone, if it takes long enough.
      expect(missed.filter((row) => row !== 'POST /api/audit/verify')).toEqual([])
    } finally {
      Object.assign(access, { require })
    }
  })
})
