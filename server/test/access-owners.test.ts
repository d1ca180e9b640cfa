/** Who administers people and roles does not become an owner, nor shuts everybody out. */
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
