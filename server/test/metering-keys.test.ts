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
