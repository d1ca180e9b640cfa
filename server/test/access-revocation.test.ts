/** What is taken away is gone: on this server with the next request, on another within a second, and without the database at once. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AskReply, SearchResult } from '@cairn/contract'
import { createDatabases } from '../src/storage/testing/places.ts'
import { pause, startServer, until, type RunningServer } from './harness.ts'
import { beginAnswer } from './kit/answer-under-way.ts'
import { openTcpProxy, type TcpProxy } from './kit/tcp-proxy.ts'
import { startUpstream, type Upstream } from './kit/upstream.ts'
import { openOffice, openTeam, take, type Member, type Office, type Team } from './kit/team.ts'

setDefaultTimeout(180_000)

const databases = createDatabases(process.env['CAIRN_TEST_DATABASE_URL'])
const redisUrl = process.env['CAIRN_TEST_REDIS_URL'] ?? ''

const note = '# Heron\n\nThe heron stands on one leg in the cold water of the weir.\n'
/** Half a minute of answer. */
const slow = 'slow!chunkDelayMs=15,chunks=2000,chunkChars=40'
const question = 'How does the heron stand in the water?'

/** How somebody comes by a note and loses it again. */
interface Way {
  readonly give: (office: Office, member: Member) => Promise<() => Promise<unknown>>
  /** Also the credential is gone. */
  readonly isOut?: boolean
}

const grantOf = (office: Office, member: Member) => office.grant(member.principal, 'asker', 'vault:lake')

const ways: Readonly<Record<string, Way>> = {
  'a grant is revoked': {
    async give(office, member) {
      const grant = await grantOf(office, member)
      return () => office.revoke(grant)
    },
  },
  'a group is left': {
    async give(office, member) {
      const group = await office.group(`Group of ${member.name}`, member)
      await office.grant(`group:${group}`, 'asker', 'vault:lake')
      return () => office.leave(group, member)
    },
  },
  'a group is removed': {
    async give(office, member) {
      const group = await office.group(`Team of ${member.name}`, member)
      await office.grant(`group:${group}`, 'asker', 'vault:lake')
      return async () => take(office.owner.send(`/api/access/groups/${group}`, undefined, 'DELETE'))
    },
  },
  'a deny is added': {
    async give(office, member) {
      await grantOf(office, member)
      const deny = {
        id: `d.${member.id}`,
        principal: member.principal,
        actions: ['discover'],
        scope: 'folder:lake/weir',
      }
      return () => office.change((document) => ({ ...document, denies: [...document.denies, deny as never] }))
    },
  },
  'a barrier is set': {
    async give(office, member) {
      await grantOf(office, member)
      const keeper = await office.person(`Keeper after ${member.name}`)
      await office.grant(keeper.principal, 'viewer', 'folder:lake/weir')
      return () => take(office.owner.send('/api/access/barriers', { scope: office.scope('folder:lake/weir') }))
    },
  },
  'a key is revoked': {
    isOut: true,
    async give(office, member) {
      await grantOf(office, member)
      const { keys } = await take<{ keys: { id: string }[] }>(member.call('/api/access/keys'))
      return () => take(office.owner.send(`/api/access/keys/${keys[0]?.id}`, undefined, 'DELETE'))
    },
  },
  'a person is suspended': {
    isOut: true,
    async give(office, member) {
      await grantOf(office, member)
      return () => take(office.owner.send(`/api/access/users/${member.id}`, { status: 'suspended' }, 'PUT'))
    },
  },
  'a person is removed': {
    isOut: true,
    async give(office, member) {
      await grantOf(office, member)
      return () => take(office.owner.send(`/api/access/users/${member.id}`, undefined, 'DELETE'))
    },
  },
}

/** Back to where nothing is restricted, for the next way. */
async function restore(office: Office): Promise<void> {
  await office.change((document) => ({ ...document, denies: [], barriers: [] }))
}

/** Whether a person gets at the note, by every way that there is; each must say the same. */
async function reaches(office: Office, member: Member, on = office.url): Promise<boolean | string> {
  const call = (path: string, body?: object) =>
    fetch(`${on}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${member.key}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
  const replies = await Promise.all([
    call(`/api/vaults/${office.vaultIds['lake']}/notes/weir/heron.md`),
    call('/v1/search', { query: 'heron' }),
    call('/v1/ask', { question, model: 'extractive' }),
  ])
  const [read, search, ask] = replies
  const found = replies.map(({ status }) => status)
  if (!read || !search || !ask) return 'no reply'
  const texts = await Promise.all(replies.map((reply) => reply.text()))
  const has = texts.map((text) => text.includes('one leg'))
  if (new Set(has).size !== 1) return `${found.join(' ')}: ${has.join(' ')}`
  return has[0] ?? false
}

async function warm(office: Office, member: Member): Promise<void> {
  const results = await take<{ results: SearchResult[] }>(member.send('/v1/search', { query: 'heron' }))
  expect(results.results).toHaveLength(1)
  const asked = await take<AskReply>(member.send('/v1/ask', { question, model: 'extractive' }))
  expect(asked.outcome).toBe('answered')
  const again = await take<AskReply>(member.send('/v1/ask', { question, model: 'extractive' }))
  expect(again.receipt.cache.status).toBe('hit')
  expect(await reaches(office, member)).toBe(true)
}

describe('on this server', () => {
  let team: Team
  beforeAll(async () => {
    team = await openTeam({ vaults: { lake: { 'weir/heron.md': note } } })
  })
  afterAll(() => team[Symbol.asyncDispose]())

  for (const [what, { give, isOut = false }] of Object.entries(ways))
    test(`${what}: gone with the next request, also what was cached and a session`, async () => {
      const member = await team.person(`Ann ${Object.keys(ways).indexOf(what)}`)
      const takeAway = await give(team, member)
      await warm(team, member)
      await takeAway()
      expect(await reaches(team, member)).toBe(false)
      const [byKey, bySession] = [
        (await member.call('/auth/session')).status,
        (await fetch(`${team.url}/auth/session`, { headers: member.session })).status,
      ]
      expect(byKey).toBe(isOut ? 401 : 200)
      expect(bySession).toBe(isOut && what !== 'a key is revoked' ? 401 : 200)
      await restore(team)
    })

  test('a stream that is under way when its person is suspended says no more of the notes to anybody after', async () => {
    const member = await team.person('Ann of the stream')
    await grantOf(team, member)
    const events = await member.call('/api/vaults', { headers: { accept: 'text/event-stream' } })
    const reader = events.body?.getReader()
    const first = new TextDecoder().decode((await reader?.read())?.value)
    expect(first).toContain('"lake"')
    await take(team.owner.send(`/api/access/users/${member.id}`, { status: 'suspended' }, 'PUT'))
    // Something changes, so that the stream has something to tell.
    await team.write('lake', 'other.md', '# Other\n\nA note.')
    const next = await Promise.race([reader?.read(), pause(5_000).then(() => null)])
    expect(next?.value ? new TextDecoder().decode(next.value) : '').not.toContain('"lake"')
    await reader?.cancel()
  })

  test('a server that goes by what it knew is caught', async () => {
    const member = await team.person('Ann of the twin')
    const grant = await grantOf(team, member)
    await warm(team, member)
    const { policy } = team.app.access
    const [old, engine] = [policy.engine(), policy.engine]
    try {
      await team.revoke(grant)
      Object.assign(policy, { engine: () => old })
      expect(await reaches(team, member)).not.toBe(false)
    } finally {
      Object.assign(policy, { engine })
    }
    expect(await reaches(team, member)).toBe(false)
  })
})

describe('on a second server', () => {
  let folder: string
  let databaseUrl: string
  let proxy: TcpProxy
  let upstream: Upstream
  let first: RunningServer
  let second: RunningServer
  let office: Office

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cairn-revocation-'))
    const lake = join(folder, 'lake')
    await Bun.write(join(lake, 'weir/heron.md'), note)
    await writeFile(join(folder, 'nothing'), '')
    databaseUrl = await databases.take()
    const url = new URL(databaseUrl)
    proxy = await openTcpProxy({ host: url.hostname, port: Number(url.port) })
    const through = new URL(databaseUrl)
    through.port = String(proxy.port)
    upstream = await startUpstream({ models: [slow] })
    const start = (database: string) =>
      startServer({
        vaults: [lake],
        upstreams: [
          {
            id: 'lab',
            dialect: 'openai',
            baseUrl: upstream.url,
            egress: 'local',
            clearance: 'restricted',
            models: [slow],
          },
        ],
        env: {
          CAIRN_DATABASE_URL: database,
          CAIRN_KEYRING: join(folder, '.keyring.json'),
          CAIRN_REDIS_URL: redisUrl,
        },
      })
    first = await start(databaseUrl)
    second = await start(through.href)
    office = await openOffice(first.url, first.ownerKey)
  })
  afterAll(async () => {
    await second.stop()
    await first.stop()
    await upstream.close()
    await proxy[Symbol.asyncDispose]()
    await databases.giveBack(databaseUrl)
    await rm(folder, { recursive: true, force: true })
  })

  for (const [what, { give }] of Object.entries(ways))
    test(`${what} at one: gone at the other within a second`, async () => {
      const member = await office.person(`Ben ${Object.keys(ways).indexOf(what)}`)
      const takeAway = await give(office, member)
      await until('the other server knows it too', async () => (await reaches(office, member, second.url)) === true)
      await takeAway()
      const endedAt = performance.now()
      let lastAllowedMs = 0
      while (performance.now() - endedAt < 1_600) {
        // When it was asked, not when it was answered: an answer may take its time.
        const askedMs = performance.now() - endedAt
        if ((await reaches(office, member, second.url)) !== false) lastAllowedMs = askedMs
        await pause(20)
      }
      expect(lastAllowedMs).toBeLessThan(1_000)
      await restore(office)
    })

  for (const [what, { give, isOut = false }] of Object.entries(ways))
    test(`${what} at one: an answer that the other is telling is cut within a second`, async () => {
      const member = await office.person(`Cut ${Object.keys(ways).indexOf(what)}`)
      const takeAway = await give(office, member)
      await until('the other server knows it too', async () => (await reaches(office, member, second.url)) === true)
      const answering = await beginAnswer(second.url, 'ask', { model: slow, key: member.key })
      await takeAway()
      const endedAt = performance.now()
      answering.expectCut(await answering.rest, isOut ? 'access.key-unknown' : 'access.forbidden')
      expect(performance.now() - endedAt).toBeLessThan(1_000)
      await restore(office)
    })

  const newest = async (member: Member) =>
    fetch(`${second.url}/api/vaults/${office.vaultIds['lake']}/notes/weir/heron.md`, {
      headers: { authorization: `Bearer ${member.key}` },
    })

  test('who has heard of the change asks for it, and is not answered by an older one', async () => {
    const member = await office.person('Ben of the epoch')
    const grant = await grantOf(office, member)
    await until('the other server knows it too', async () => (await newest(member)).status === 200)
    const { epoch } = await take<{ epoch: number }>(
      office.owner.send(`/api/access/grants/${grant}`, undefined, 'DELETE'),
    )
    const reply = await fetch(`${second.url}/api/vaults`, {
      headers: { authorization: `Bearer ${member.key}`, 'x-cairn-epoch': String(epoch) },
    })
    expect(await reply.json()).toEqual({ vaults: [] })
  })

  for (const how of ['refused', 'swallowed'] as const)
    test(`cut off from the database (${how}) it answers 503, never by an old permission, and recovers`, async () => {
      const member = await office.person(`Ben ${how}`)
      const grant = await grantOf(office, member)
      await until('the other server knows it too', async () => (await newest(member)).status === 200)
      proxy.cut(how)
      const cutAt = performance.now()
      await office.revoke(grant)
      const told: [number, number, string][] = []
      const askAt = async (askedMs: number) => {
        const reply = await newest(member)
        told.push([askedMs, reply.status, ((await reply.json()) as { code?: string }).code ?? ''])
      }
      const asking: Promise<void>[] = []
      const late: Promise<void>[] = []
      while (performance.now() - cutAt < 4_000) {
        const askedMs = performance.now() - cutAt
        // Those of the first moment may wait for the database with what they need beside the permission.
        ;(askedMs > 1_000 ? late : asking).push(askAt(askedMs))
        await pause(200)
      }
      await Promise.all(late)
      const answers = told.filter(([askedMs]) => askedMs > 1_000).map(([, status, code]) => `${status} ${code}`)
      expect(answers.length).toBeGreaterThan(8)
      expect(new Set(answers)).toEqual(new Set(['503 access.unconfirmed']))
      // Nobody is let in who was not before, and health tells.
      const stranger = await fetch(`${second.url}/api/vaults`, {
        headers: { authorization: 'Bearer ck_nobody_0123456789' },
      })
      expect([401, 503]).toContain(stranger.status)
      proxy.mend()
      await until('it answers again, by what holds now', async () => (await newest(member)).status === 404, 30_000)
      await grantOf(office, member)
      await until('and gives what is given', async () => (await newest(member)).status === 200, 10_000)
      await Promise.all(asking)
    })
})
