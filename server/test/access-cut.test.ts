/** An answer that is on its way when its asker is shut out: it is cut within a second, says so, and nothing goes on behind it. */
import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { dirname, join } from 'node:path'
import { until } from './harness.ts'
import { beginAnswer, dialects, type Answering } from './kit/answer-under-way.ts'
import { readAuditLog } from './kit/audit-log.ts'
import { openTeam, take, type Member, type Team } from './kit/team.ts'
import { startUpstream, type Upstream } from './kit/upstream.ts'

setDefaultTimeout(60_000)

const note = '# Heron\n\nThe heron stands on one leg in the cold water of the weir.\n'
/** Half a minute of answer. */
const slow = 'slow!chunkDelayMs=15,chunks=2000,chunkChars=40'
const slowNative = 'native!chunkDelayMs=15,chunks=2000,chunkChars=40'
const late = 'late!headDelayMs=30000'

let team: Team
let upstream: Upstream

beforeAll(async () => {
  upstream = await startUpstream({ models: [slow, slowNative, late], responses: true })
  const lab = { dialect: 'openai', baseUrl: upstream.url, egress: 'local', clearance: 'restricted' }
  team = await openTeam({
    vaults: { lake: { 'weir/heron.md': note } },
    config: {
      upstreams: [
        { id: 'lab', ...lab, models: [slow, late] },
        { id: 'native', ...lab, models: [slowNative], hasResponses: true },
      ],
    },
  })
})
afterAll(async () => {
  await team[Symbol.asyncDispose]()
  await upstream.close()
})

let people = 0
async function asker(): Promise<Member & { grant: string }> {
  const member = await team.person(`Ann ${++people}`)
  return { ...member, grant: await team.grant(member.principal, 'asker', 'vault:lake') }
}

const suspend = (member: Member) =>
  take(team.owner.send(`/api/access/users/${member.id}`, { status: 'suspended' }, 'PUT'))

async function revokeKeys(member: Member): Promise<void> {
  const { keys } = await take<{ keys: { id: string }[] }>(member.call('/api/access/keys'))
  for (const { id } of keys) await take(team.owner.send(`/api/access/keys/${id}`, undefined, 'DELETE'))
}

async function endSessions(member: Member): Promise<void> {
  await take(team.owner.send(`/api/access/users/${member.id}/sessions`, undefined, 'DELETE'))
}

const denyModels = (member: Member) =>
  team.change((document) => ({
    ...document,
    denies: [
      ...document.denies,
      { id: `d.${member.id}`, principal: member.principal, actions: ['model.use'], scope: 'org:cairn' } as never,
    ],
  }))

/** What was booked and what is on record of a request, once both are. */
async function trailOf(requestId: string) {
  const where = dirname(dirname(team.folderOf('lake')))
  const database = new Database(join(where, 'data', 'cairn.db'), { readonly: true })
  try {
    const booked = () =>
      database
        .query<{ outcome: string; output_tokens: number; is_estimated: number }, [string]>(
          'SELECT outcome, output_tokens, is_estimated FROM metering_ledger WHERE request_id = ?',
        )
        .all(requestId)
    const recorded = async () =>
      (await readAuditLog(join(where, 'data'), join(where, 'config', 'keyring.json')))
        .filter(({ context }) => context['requestId'] === requestId)
        .map(({ type, outcome, fields }) => ({ type, outcome, fields }))
        .toSorted((one, other) => one.type.localeCompare(other.type))
    await until('it is booked', async () => booked().length > 0)
    await until('its cut is on record', async () => (await recorded()).length > 1)
    return { booked: booked(), recorded: await recorded() }
  } finally {
    database.close()
  }
}

async function expectCut(answering: Answering, takeAway: () => Promise<unknown>, code: string): Promise<void> {
  const { closed } = upstream.requests.at(-1) ?? {}
  expect(closed?.aborted).toBe(false)
  await takeAway()
  const takenAt = performance.now()
  const rest = await answering.rest
  expect(performance.now() - takenAt).toBeLessThan(1_000)
  answering.expectCut(rest, code)
  await until('the provider is left', async () => closed?.aborted === true)
}

describe('whoever is suspended', () => {
  test.each(Object.keys(dialects) as (keyof typeof dialects)[])(
    'in the middle of an answer (%s) gets an error and its proper end; it is booked in part and on record',
    async (dialect) => {
      const member = await asker()
      const answering = await beginAnswer(team.url, dialect, { model: slow, key: member.key })
      await expectCut(answering, () => suspend(member), 'access.key-unknown')
      const { booked, recorded } = await trailOf(answering.requestId)
      expect(booked).toMatchObject([{ outcome: 'cancelled', is_estimated: 1 }])
      expect(booked[0]?.output_tokens).toBeGreaterThan(0)
      expect(recorded.map(({ type, outcome }) => `${type} ${outcome}`)).toEqual([
        'answer.cut refused',
        `${dialects[dialect].event} failed`,
      ])
      expect(recorded[0]?.fields).toMatchObject({ code: 'access.key-unknown' })
    },
  )

  test('while a model works on an answer that is not streamed is refused at once', async () => {
    const member = await asker()
    const reply = member.send('/v1/chat/completions', { model: late, messages: [{ role: 'user', content: 'Hello' }] })
    await until('the model is asked', async () => upstream.requests.at(-1)?.closed.aborted === false)
    const { closed } = upstream.requests.at(-1) ?? {}
    await suspend(member)
    const takenAt = performance.now()
    expect((await reply).status).toBe(401)
    expect(performance.now() - takenAt).toBeLessThan(1_000)
    expect(await (await reply).json()).toMatchObject({ error: { code: 'access.key-unknown' } })
    await until('the provider is left', async () => closed?.aborted === true)
  })
})

interface Way {
  readonly code: string
  readonly dialect?: keyof typeof dialects
  readonly bySession?: boolean
  readonly model?: string
  takeAway(member: Member & { grant: string }): Promise<unknown>
}

const ways: Readonly<Record<string, Way>> = {
  'its key is revoked': { code: 'access.key-unknown', takeAway: revokeKeys },
  'its session is ended': { code: 'access.unauthenticated', bySession: true, takeAway: endSessions },
  'its key is revoked, and the provider speaks the dialect itself': {
    code: 'access.key-unknown',
    dialect: 'responses',
    model: slowNative,
    takeAway: revokeKeys,
  },
  'its model is denied': { code: 'access.forbidden', takeAway: denyModels },
  'the role on its notes is taken away': {
    code: 'access.forbidden',
    dialect: 'ask',
    takeAway: ({ grant }) => team.revoke(grant),
  },
}

describe('an answer is cut as well when', () => {
  for (const [what, { code, dialect = 'chat', bySession = false, model = slow, takeAway }] of Object.entries(ways))
    test(what, async () => {
      const member = await asker()
      const by = bySession ? { headers: member.session } : { key: member.key }
      const answering = await beginAnswer(team.url, dialect, { model, ...by })
      await expectCut(answering, () => takeAway(member), code)
    })
})

test('an answer that others listen to goes on for them', async () => {
  const [first, second] = [await asker(), await asker()]
  const begin = (member: Member) => beginAnswer(team.url, 'ask', { model: slow, key: member.key })
  const answers = [await begin(first), await begin(second)] as const
  const before = upstream.requests.length
  const { closed } = upstream.requests.at(-1) ?? {}
  await suspend(first)
  answers[0].expectCut(await answers[0].rest, 'access.key-unknown')
  await until('the other hears more', async () => answers[1].heard() > 2_000)
  expect(closed?.aborted).toBe(false)
  await suspend(second)
  answers[1].expectCut(await answers[1].rest, 'access.key-unknown')
  await until('the provider is left', async () => closed?.aborted === true)
  expect(upstream.requests.length).toBe(before)
})

test('what does not concern an answer lets it go on', async () => {
  const [member, other] = [await asker(), await asker()]
  const answering = await beginAnswer(team.url, 'ask', { model: slow, key: member.key })
  await suspend(other)
  await team.revoke(await team.grant(member.principal, 'viewer', 'org:cairn'))
  const heard = answering.heard()
  await until('more is heard', async () => answering.heard() > heard + 4_000, 15_000)
  await expectCut(answering, () => suspend(member), 'access.key-unknown')
})
