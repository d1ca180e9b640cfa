/** Who administers people and roles does not become an owner, nor shuts everybody out; what rules miss is told. */
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
