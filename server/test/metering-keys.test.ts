/** Budgets and limits of keys within keys, and what of a budget whom it concerns and others are told. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import type { BudgetRule, KeyBound, KeyInfo } from '@cairn/contract'
import { openTeam, type Member, type Team } from './kit/team.ts'

setDefaultTimeout(60_000)

const setRules = (team: Team, rules: readonly BudgetRule[]) => team.owner.send('/api/budgets', { rules }, 'PUT')
const ask = (member: Member) => member.send('/v1/ask', { question: 'How high is the mast?' })
const keysOf = async (member: Member) =>
  ((await (await member.call('/api/access/keys')).json()) as { keys: KeyInfo[] }).keys

test('a key made within a key does not escape the limit of the first, nor does one within that', async () => {
  await using team = await openTeam({ vaults: { eng: { 'a.md': '# Mast\n\nThe mast is nine metres high.' } } })
  const ben = await team.person('Ben')
  await team.grant(ben.principal, 'asker', 'org:cairn')
  await team.grant(ben.principal, 'model-user', 'org:cairn')
  const bound: KeyBound = { actions: ['discover', 'read', 'retrieve', 'cite', 'model.use'], scopes: ['org:cairn'] }
  const child = await team.keyOf(ben, bound)
  const grandchild = await team.keyOf(child, bound)
  const sibling = await team.keyOf(ben, bound)
  const parent = (await keysOf(ben)).find((key) => key.parent === null)?.id ?? ''
  expect((await setRules(team, [{ subject: { kind: 'key', id: parent }, requestsPerMinute: 2 }])).status).toBe(200)
  expect((await ask(grandchild)).status).toBe(200)
  expect((await ask(child)).status).toBe(200)
  for (const member of [grandchild, child, sibling, ben]) {
    const reply = await ask(member)
    expect([reply.status, await reply.json()]).toMatchObject([429, { error: { code: 'limit.requests' } }])
  }
})

test('a member learns how their own limit stands, and of the server’s only that there is one; the owner and the log learn all', async () => {
  await using team = await openTeam({ vaults: { eng: { 'a.md': '# Mast\n\nThe mast is nine metres high.' } } })
  const ben = await team.person('Ben')
  await team.grant(ben.principal, 'asker', 'org:cairn')
  await team.grant(ben.principal, 'model-user', 'org:cairn')
  const refused = async (member: Member) => {
    expect((await ask(member)).status).toBe(200)
    const reply = await ask(member)
    const { error } = (await reply.json()) as { error: { code: string; message: string } }
    expect([reply.status, error.code]).toEqual([429, 'limit.requests'])
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0)
    return error.message
  }
  await setRules(team, [{ subject: { kind: 'user', id: ben.id }, requestsPerMinute: 1 }])
  expect(await refused(ben)).toContain('The limit of this user is 1 requests a minute')
  await setRules(team, [{ subject: { kind: 'all', id: '*' }, requestsPerMinute: 1 }])
  const words = await refused(ben)
  expect(words).toContain('A limit of your organisation on requests a minute is reached')
  expect(words).not.toContain('server')
  const told = team.logLines.filter((line) => line.includes('a budget or limit refuses calls'))
  expect(told.at(-1)).toContain('The limit of this server is 1 requests a minute')
  expect(await (await ask(team.owner)).text()).toContain('The limit of this server is 1 requests a minute')
})
