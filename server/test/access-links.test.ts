/** Four eyes on credentials: who administers people, and is no owner, becomes nobody else. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import type { AuditEventType, PolicyChanged, UserInfo, UserLink } from '@cairn/contract'
import type { Clock } from '../src/base/index.ts'
import { readAuditLog } from './kit/audit-log.ts'
import { openTeam, take, type Member, type Team } from './kit/team.ts'

setDefaultTimeout(60_000)

const password = 'drei laute Möwen im Hafen'
const hourMs = 3_600_000

interface Lab extends AsyncDisposable {
  readonly team: Team
  /** Who administers people and reads no note. */
  readonly bob: Member
  /** As Bob, and another person. */
  readonly carol: Member
  pass(ms: number): void
}

async function openLab(): Promise<Lab> {
  let passedMs = 0
  const clock: Clock = { now: () => Date.now() + passedMs, monotonic: () => performance.now() + passedMs }
  const team = await openTeam({ vaults: { eng: { 'a.md': '# A\n\nThe limpet waits.' } }, clock })
  const [bob, carol] = [await team.person('Bob'), await team.person('Carol')]
  for (const { principal } of [bob, carol]) await team.grant(principal, 'security-admin', 'org:cairn')
  return {
    team,
    bob,
    carol,
    pass: (ms) => void (passedMs += ms),
    [Symbol.asyncDispose]: () => team[Symbol.asyncDispose](),
  }
}

async function invite(by: Member, name: string): Promise<{ user: UserInfo; link: UserLink }> {
  const body = { name, email: `${name.toLowerCase()}@example.org` }
  return take(by.send('/api/access/users', body))
}

const tokenOf = ({ url }: UserLink) => new URL(url).hash.slice('#set-password='.length)

function post(team: Team, path: string, body: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return fetch(`${team.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
}

async function codeOf(reply: Response | Promise<Response>): Promise<string> {
  const got = await reply
  return got.ok ? String(got.status) : ((await got.json()) as { code: string }).code
}

const open = (team: Team, link: UserLink) =>
  codeOf(post(team, '/auth/links/redeem', { token: tokenOf(link), password }))
const look = (team: Team, link: UserLink) => codeOf(post(team, '/auth/links/describe', { token: tokenOf(link) }))

async function linkOf(by: Member, id: string): Promise<UserInfo['link']> {
  const { users } = await take<{ users: UserInfo[] }>(by.call('/api/access/users'))
  return users.find((user) => user.id === id)?.link ?? null
}

async function confirm(by: Member, id: string, link?: string): Promise<string> {
  const waiting = link ?? (await linkOf(by, id))?.id
  return codeOf(by.act(`/api/access/users/${id}/link/confirm`, { link: waiting }))
}

async function recorded(team: Team, type: AuditEventType): Promise<unknown[]> {
  const home = join(team.folderOf(''), '..')
  const entries = await readAuditLog(join(home, 'data'), join(home, 'config', 'keyring.json'))
  return entries.flatMap((entry) => (entry.type === type ? { actor: entry.actor, ...entry.fields } : []))
}

test('an account that a security-admin makes is entered only after another administrator confirmed it', async () => {
  await using lab = await openLab()
  const { team, bob, carol } = lab
  const { user, link } = await invite(bob, 'Puppet')
  expect(link.isConfirmed).toBe(false)
  expect(await look(team, link)).toBe('access.link-unconfirmed')
  expect(await open(team, link)).toBe('access.link-unconfirmed')
  expect(user.link).toMatchObject({ purpose: 'invitation', madeBy: bob.id, isConfirmed: false })

  // Not by its maker, not with a key, not by who manages nobody, and only what was looked at.
  const id = user.link?.id ?? ''
  expect(await confirm(bob, user.id)).toBe('access.forbidden')
  expect(await codeOf(carol.send(`/api/access/users/${user.id}/link/confirm`, { link: id }))).toBe('access.forbidden')
  const otto = await team.person('Otto')
  expect(await confirm(otto, user.id, id)).toBe('access.forbidden')
  expect(await confirm(carol, user.id, 'link_other')).toBe('access.link-missing')
  expect(await open(team, link)).toBe('access.link-unconfirmed')

  expect(await confirm(carol, user.id)).toBe('200')
  expect(await linkOf(bob, user.id)).toMatchObject({ id, isConfirmed: true })
  expect(await recorded(team, 'link.confirmed')).toEqual([
    { actor: carol.id, purpose: 'invitation', user: user.id, madeBy: bob.id, confirmedBy: carol.id },
  ])
  expect(await look(team, link)).toBe('200')
  expect(await open(team, link)).toBe('200')
  expect(await linkOf(bob, user.id)).toBe(null)
})

test('nobody becomes somebody by a reset link of their own making, and an owner needs no second person', async () => {
  await using lab = await openLab()
  const { team, bob, carol } = lab
  const alice = await team.person('Alice')
  const reset = (by: Member) => take<UserLink>(by.send(`/api/access/users/${alice.id}/link`))
  const first = await reset(bob)
  expect(await open(team, first)).toBe('access.link-unconfirmed')
  // One that replaces it is another link.
  const looked = (await linkOf(carol, alice.id))?.id ?? ''
  const second = await reset(bob)
  expect(await confirm(carol, alice.id, looked)).toBe('access.link-missing')
  expect(await open(team, second)).toBe('access.link-unconfirmed')
  expect(await open(team, first)).toBe('access.link-invalid')
  const ofOwner = await reset(team.owner)
  expect(ofOwner.isConfirmed).toBe(true)
  expect(await open(team, second)).toBe('access.link-invalid')
  expect(await open(team, ofOwner)).toBe('200')
})

test('of two who confirm at once one does, and its life counts from then', async () => {
  await using lab = await openLab()
  const { team, bob, carol, pass } = lab
  const dora = await team.person('Dora')
  await team.grant(dora.principal, 'security-admin', 'org:cairn')
  const alice = await team.person('Alice')
  const link = await take<UserLink>(bob.send(`/api/access/users/${alice.id}/link`))
  pass(5 * hourMs)
  const tries = await Promise.all([confirm(carol, alice.id), confirm(dora, alice.id), confirm(carol, alice.id)])
  expect(tries.toSorted()).toEqual(['200', 'access.link-missing', 'access.link-missing'])
  pass(hourMs - 60_000)
  expect(await look(team, link)).toBe('200')
  pass(60_000)
  expect(await open(team, link)).toBe('access.link-invalid')
})

test('a link waits a week, and ends with its maker', async () => {
  await using lab = await openLab()
  const { team, bob, carol, pass } = lab
  const late = await invite(bob, 'Late')
  pass(7 * 24 * hourMs)
  expect(await linkOf(team.owner, late.user.id)).toBe(null)
  expect(await open(team, late.link)).toBe('access.link-invalid')

  const waiting = await invite(bob, 'Waiting')
  const confirmed = await invite(bob, 'Confirmed')
  const id = waiting.user.link?.id ?? ''
  // The passed week ended their sessions.
  const ways = { email: 'carol@example.org', password: 'vier ruhige Boote am Steg' }
  const entered = await post(team, '/auth/password', ways)
  const cookie = (entered.headers.getSetCookie()[0] ?? '').split(';')[0] ?? ''
  const act: Member['act'] = (path, body) =>
    fetch(`${team.url}${path}`, {
      method: 'POST',
      headers: { cookie, origin: team.url, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const carolNow: Member = { ...carol, act }
  expect(await confirm(carolNow, confirmed.user.id)).toBe('200')
  await take(team.owner.send(`/api/access/users/${bob.id}`, { status: 'suspended' }, 'PUT'))
  expect(await confirm(carolNow, waiting.user.id, id)).toBe('access.link-missing')
  expect(await open(team, waiting.link)).toBe('access.link-invalid')
  // Carol stands behind the other one.
  expect(await open(team, confirmed.link)).toBe('200')
})

test('who becomes an owner is entered by no link that waited for somebody', async () => {
  await using lab = await openLab()
  const { team, bob, carol } = lab
  const { user, link } = await invite(bob, 'Soon')
  expect(await confirm(carol, user.id)).toBe('200')
  await take(team.owner.send(`/api/access/users/${user.id}`, { isOwner: true }, 'PUT'))
  expect(await open(team, link)).toBe('access.link-invalid')
})

test('an address and an owner by a role are changed by owners only', async () => {
  await using lab = await openLab()
  const { team, bob } = lab
  const [alice, eve] = [await team.person('Alice'), await team.person('Eve')]
  const change = (by: Member, id: string, body: object) => codeOf(by.send(`/api/access/users/${id}`, body, 'PUT'))
  expect(await change(bob, alice.id, { email: 'bobs-other@example.org' })).toBe('access.forbidden')
  expect(await change(bob, bob.id, { email: 'bobs-other@example.org' })).toBe('access.forbidden')
  expect(await change(bob, alice.id, { name: 'Alice Lee' })).toBe('200')
  expect(await change(team.owner, alice.id, { email: 'lee@example.org' })).toBe('200')
  await team.grant(eve.principal, 'org-owner', 'org:cairn')
  expect(await change(bob, eve.id, { status: 'suspended' })).toBe('access.forbidden')
  expect(await codeOf(bob.send(`/api/access/users/${eve.id}/link`))).toBe('access.forbidden')
})

test('a key of a service is an owner’s to make, or says no more than its maker holds', async () => {
  await using lab = await openLab()
  const { team, bob, carol } = lab
  await team.grant(bob.principal, 'asker', 'vault:eng')
  await team.grant(carol.principal, 'asker', 'folder:eng/hr')
  const change = async (edit: object) => {
    const { seq, document } = await team.policy()
    const body = { base: seq, note: '', document: { ...document, ...edit } }
    const changed = await take<PolicyChanged>(team.owner.send('/api/access/policy', body, 'PUT'))
    const id = changed.status === 'proposed' ? changed.proposal.id : ''
    await take(carol.act(`/api/access/proposals/${id}/decision`, { approve: true }))
  }
  const { id } = await take<UserInfo>(bob.send('/api/access/services', { name: 'bot' }))
  const make = (by: Member, actions?: string[], scope = 'vault:eng') =>
    codeOf(
      by.send('/api/access/keys', {
        name: 'k',
        service: id,
        ...(actions && { bound: { actions, scopes: [team.scope(scope)] } }),
      }),
    )
  expect(await make(bob)).toBe('access.key-wider')
  expect(await make(bob, ['read', 'write'])).toBe('access.key-wider')
  expect(await make(bob, ['read'])).toBe('201')
  // What is restricted or denied below the scope is not his either.
  await change({ barriers: [{ scope: team.scope('folder:eng/hr') }] })
  expect(await make(bob, ['read'])).toBe('access.key-wider')
  expect(await make(bob, ['read'], 'folder:eng/hr/more')).toBe('access.key-wider')
  expect(await make(bob, ['read'], 'folder:eng/open')).toBe('201')
  await change({ denies: [{ id: 'd', principal: 'group:everyone', actions: ['discover'], scope: 'tag:secret' }] })
  expect(await make(bob, ['read'], 'folder:eng/open')).toBe('access.key-wider')
  // With a bounded key an owner is as bounded.
  const bounded = await team.keyOf(team.owner, { actions: ['user.manage', 'org.configure'], scopes: ['org:cairn'] })
  expect(await make(bounded)).toBe('access.key-wider')
  expect(await make(team.owner)).toBe('201')
})
