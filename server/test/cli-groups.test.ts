/** `cairn group …` against the real server. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import type { GroupInfo } from '@cairn/contract'
import { run } from '../src/cli/testing/tiny-server.ts'
import { openTeam, take, type Member, type Team } from './kit/team.ts'

setDefaultTimeout(60_000)

let team: Team
let ann: Member

beforeAll(async () => {
  team = await openTeam({ vaults: { lake: { 'heron.md': '# Heron\n\nOne leg.\n' } } })
  ann = await team.person('Ann Lee')
})
afterAll(() => team[Symbol.asyncDispose]())

const annsEmail = 'annlee@example.org'

function cairn(...args: string[]) {
  const server = { address: team.url, requests: [], [Symbol.asyncDispose]: async () => {} }
  return run(['group', ...args], { server, env: { CAIRN_KEY: team.owner.key } })
}

const groups = async () => (await take<{ groups: GroupInfo[] }>(team.owner.call('/api/access/groups'))).groups
const findGroup = async (name: string) => (await groups()).find((group) => group.name === name)
const readsNote = async () => (await ann.call(`/api/vaults/${team.vaultIds['lake']}/notes/heron.md`)).status === 200

test('a group is added, joined, left and removed, and what it gives goes with it', async () => {
  expect(await cairn('list')).toMatchObject({ exitCode: 0, out: expect.stringContaining('no group yet') })
  expect(await cairn('add', 'Lake watch')).toMatchObject({ exitCode: 0, out: expect.stringContaining('Lake watch') })
  const group = await findGroup('Lake watch')
  await team.grant(`group:${group?.id}`, 'viewer', 'vault:lake')
  expect(await readsNote()).toBe(false)

  const joined = await cairn('join', 'lake WATCH', annsEmail)
  expect(joined).toMatchObject({ exitCode: 0, out: '✓ Ann Lee is in Lake watch.\n' })
  expect(await readsNote()).toBe(true)
  const listed = await cairn('list')
  expect(listed.out.split('\n')[1]).toMatch(/^Lake watch +Ann Lee +\S+$/)

  expect(await cairn('leave', group?.id ?? '', ann.id)).toMatchObject({
    exitCode: 0,
    out: '✓ Ann Lee is no longer in Lake watch.\n',
  })
  expect(await readsNote()).toBe(false)

  await cairn('join', 'Lake watch', annsEmail)
  expect(await readsNote()).toBe(true)
  expect(await cairn('remove', 'Lake watch')).toMatchObject({ exitCode: 0 })
  expect(await readsNote()).toBe(false)
  expect(await findGroup('Lake watch')).toBeUndefined()
})

test('a group is in another one, and not in itself', async () => {
  await cairn('add', 'Outer')
  await cairn('add', 'Inner')
  expect(await cairn('join', 'Outer', 'Inner')).toMatchObject({ exitCode: 0, out: '✓ Inner is in Outer.\n' })
  const inner = await findGroup('Inner')
  expect((await findGroup('Outer'))?.members).toEqual([{ kind: 'group', id: inner?.id ?? '', source: 'local' }])
  expect(await cairn('join', 'Inner', 'Outer')).toMatchObject({ exitCode: 1, out: '' })
  expect(await cairn('leave', 'Outer', 'Inner')).toMatchObject({ exitCode: 0 })
  expect((await findGroup('Outer'))?.members).toEqual([])
})

test('with --json the reply of the API is printed', async () => {
  const added = JSON.parse((await cairn('add', 'Printed', '--json')).out) as GroupInfo
  expect(added).toMatchObject({ name: 'Printed', members: [] })
  expect(JSON.parse((await cairn('join', added.id, annsEmail, '--json')).out)).toEqual({ epoch: expect.any(Number) })
  const listed = JSON.parse((await cairn('list', '--json')).out) as { groups: GroupInfo[] }
  expect(listed.groups.find(({ id }) => id === added.id)?.members).toMatchObject([{ kind: 'user', id: ann.id }])
})

test('who or what is not there, is there twice, or is refused, is said in words', async () => {
  await cairn('add', 'Known')
  expect(await cairn('join', 'Nowhere', annsEmail)).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining('There is no group called Nowhere.'),
  })
  expect(await cairn('join', 'Known', 'ben@example.org')).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining('There is no person or group called ben@example.org.'),
  })
  expect(await cairn('leave', 'Known', annsEmail)).toMatchObject({ exitCode: 1, out: '' })
  expect(await cairn('add', 'Known')).toMatchObject({ exitCode: 1, err: expect.stringContaining('group') })
  // A group may be called like somebody’s address.
  await cairn('add', annsEmail)
  expect(await cairn('join', 'Known', annsEmail)).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining(`Several are called ${annsEmail}.`),
  })
  expect(await cairn('join', 'Known', ann.id)).toMatchObject({ exitCode: 0 })
  const asAnn = { CAIRN_KEY: ann.key }
  const server = { address: team.url, requests: [], [Symbol.asyncDispose]: async () => {} }
  expect(await run(['group', 'add', 'Hers'], { server, env: asAnn })).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining('group.manage'),
  })
  expect(await findGroup('Hers')).toBeUndefined()
})
