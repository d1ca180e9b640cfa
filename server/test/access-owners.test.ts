/** Who administers people and roles does not become an owner, nor shuts everybody out. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { openTeam } from './kit/team.ts'

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
