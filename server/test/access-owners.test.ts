/** Who administers people and roles does not become an owner, nor shuts everybody out; what rules miss is told. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import type { KeyInfo } from '@cairn/contract'
import { openTeam, take } from './kit/team.ts'

setDefaultTimeout(60_000)

test('a security-admin makes no owner, by a grant, a policy or a group, and ends no owner’s sessions', async () => {
  await using team = await openTeam({ vaults: { eng: { 'a.md': '# A' } } })
  const ben = await team.person('Ben')
  const puppet = await team.person('Puppet')
  await team.grant(ben.principal, 'security-admin', 'org:cairn')
  const role = { principal: puppet.principal, role: 'org-owner', scope: 'org:cairn' }
  expect((await ben.send('/api/access/grants', role)).status).toBe(403)
  const group = await team.group('Owners')
  await team.grant(`group:${group}`, 'org-owner', 'org:cairn')
  const join = { kind: 'user', id: puppet.id }
  expect((await ben.send(`/api/access/groups/${group}/members`, join)).status).toBe(403)
  const sessions = await ben.call(`/api/access/users/${team.owner.id}/sessions`, { method: 'DELETE' })
  expect(sessions.status).toBe(403)
  const totp = await ben.call(`/api/access/users/${team.owner.id}/totp`, { method: 'DELETE' })
  expect(totp.status).toBe(403)
  const { keys } = await take<{ keys: KeyInfo[] }>(ben.call(`/api/access/users/${team.owner.id}/keys`))
  const revoke = (id = '') => ben.call(`/api/access/keys/${id}`, { method: 'DELETE' })
  expect((await revoke(keys[0]?.id)).status).toBe(403)
  expect((await team.owner.call('/auth/session')).status).toBe(200)
  const others = await take<{ keys: KeyInfo[] }>(ben.call(`/api/access/users/${puppet.id}/keys`))
  expect((await revoke(others.keys[0]?.id)).status).toBe(204)
  // An owner may.
  expect((await team.owner.send('/api/access/grants', role)).status).toBe(201)
})

test('no policy is taken after which nobody could change it', async () => {
  await using team = await openTeam({ vaults: { eng: { 'a.md': '# A' } } })
  const { seq, document } = await team.policy()
  const denies = [{ id: 'all', principal: 'group:everyone', actions: ['policy.propose'], scope: 'org:cairn' }]
  const body = { base: seq, note: '', document: { ...document, denies } }
  const reply = await team.owner.send('/api/access/policy', body, 'PUT')
  expect([reply.status, await reply.json()]).toMatchObject([409, { code: 'access.lockout' }])
})

test('the policy is told with the places of its statements where no note is any more', async () => {
  const notes = { 'a.md': '# A', 'specs/deep/b.md': '# B', 'specsx/c.md': '# C' }
  await using team = await openTeam({ vaults: { eng: notes, other: { 'a.md': '# A' } } })
  await team.ready()
  const there = ['vault:eng', 'note:eng/a.md', 'folder:eng/specs', 'folder:eng/specs/deep']
  // A note is no folder, a folder no note, and neither is in another vault.
  const lost = ['folder:eng/a.md', 'note:eng/specs', 'folder:eng/spec', 'folder:other/specs', 'note:other/specsx/c.md']
  const scopes = [...there, ...lost, 'tag:gone', 'org:cairn']
  await team.change((document) => ({
    ...document,
    denies: scopes.map((scope, at) => ({ id: `d${at}`, principal: 'group:everyone', actions: ['export'], scope })),
  }))
  const about = (await team.policy()).findings.flatMap((each) => (each.kind === 'unknown-scope' ? each.about : []))
  expect(about).toEqual(lost.map(team.scope))
})

test('who approves alone gives themselves nothing by a policy, and the page of access tells of it', async () => {
  await using team = await openTeam({ vaults: { eng: { 'a.md': '# A', 'hr/b.md': '# B' } } })
  const { owner } = team
  const bob = await team.person('Bob')
  const group = await team.group('Both', bob)
  const makeOwner = (isOwner: boolean) => take(owner.send(`/api/access/users/${bob.id}`, { isOwner }, 'PUT'))
  await makeOwner(true)
  await take(bob.send(`/api/access/groups/${group}/members`, { kind: 'user', id: owner.id }))
  await makeOwner(false)
  // The owner keeps no role but that of owners.
  for (const { id, principal } of (await team.policy()).document.grants)
    if (principal === owner.principal) await team.revoke(id)
  const put = async (grants: object[], more: object = {}) => {
    const { seq, document } = await team.policy()
    const kept = { ...document, ...more, grants: [...document.grants, ...grants] }
    const reply = await owner.send('/api/access/policy', { base: seq, note: '', document: kept }, 'PUT')
    return [reply.status, ((await reply.json()) as { detail?: string }).detail]
  }
  const scope = team.scope('vault:eng')
  const role = (principal: string, more: object = {}) => ({
    id: `g.${principal.replace(':', '.')}`,
    principal,
    role: 'asker',
    scope,
    ...more,
  })
  const refused = [403, 'Somebody else has to give you a role.']
  expect(await put([role(owner.principal)])).toEqual(refused)
  expect(await put([role(`group:${group}`)])).toEqual(refused)
  expect(await put([role('group:everyone', { from: '2030-01-01T00:00Z' })])).toEqual(refused)
  expect(await put([role(bob.principal)])).toEqual([200, undefined])
  // A role of one’s own does not grow either.
  const mine = { id: 'mine', inherits: [], actions: ['cache.read'] }
  const held = { id: 'g.mine', principal: owner.principal, role: 'mine', scope: 'org:cairn' }
  expect(await put([held], { roles: [mine] })).toEqual([200, undefined])
  expect(await put([], { roles: [{ ...mine, actions: ['cache.read', 'read'] }] })).toEqual(refused)
  // Somebody else is looked at, not oneself; with a second person it is theirs to decide.
  const { findings } = await team.policy()
  expect(findings.filter(({ kind }) => kind === 'sole-approver').map(({ about }) => about)).toEqual([owner.principal])
  await team.grant(bob.principal, 'security-admin', 'org:cairn')
  expect((await put([role(owner.principal)]))[0]).toBe(202)
  expect((await team.policy()).findings.filter(({ kind }) => kind === 'sole-approver')).toEqual([])
})

test('a service account is no second person', async () => {
  await using team = await openTeam({ vaults: { eng: { 'a.md': '# A' } } })
  const [ben, bot] = [await team.person('Ben'), await team.service('bot')]
  await team.grant(bot.principal, 'security-admin', 'org:cairn')
  const { seq, document } = await team.policy()
  const body = { base: seq, note: '', document: { ...document, denies: [] } }
  expect((await team.owner.send('/api/access/policy', body, 'PUT')).status).toBe(200)
  await team.grant(ben.principal, 'security-admin', 'org:cairn')
  const again = { ...body, base: (await team.policy()).seq }
  const { proposal } = await take<{ proposal: { id: string } }>(ben.send('/api/access/policy', again, 'PUT'))
  const decision = await bot.send(`/api/access/proposals/${proposal.id}/decision`, { approve: true })
  expect(decision.status).toBe(403)
})

test('a policy whose roles contain themselves is refused with their names', async () => {
  await using team = await openTeam()
  const { seq, document } = await team.policy()
  const put = async (roles: object[]) => {
    const body = { base: seq, note: '', document: { ...document, roles } }
    const reply = await team.owner.send('/api/access/policy', body, 'PUT')
    return { status: reply.status, ...((await reply.json()) as { param: string; detail: string }) }
  }
  const [a, b] = [
    { id: 'a', inherits: ['b'] },
    { id: 'b', inherits: ['a'] },
  ]
  const ring = await put([a, b])
  expect(ring).toMatchObject({ status: 400, param: 'document.roles' })
  expect(ring.detail).toBe('document.roles: role “a” contains itself by way of “b”.')
  expect((await put([{ id: 'a', inherits: ['a'] }])).detail).toBe('document.roles: role “a” contains itself.')
  // Of several findings too, none ends in two stops.
  const several = await put([
    { id: 'a', inherits: ['x'] },
    { id: 'a', inherits: ['y'] },
  ])
  expect(several.detail.split('; ').length).toBeGreaterThan(2)
  expect(several.detail).not.toMatch(/\.\.|\.;/)
})
