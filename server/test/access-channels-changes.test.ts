/** The leak channels of the design that open when something changes, is spelled differently, or fails. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { PolicyDocument, UsageReply } from '@cairn/contract'
import { CairnError } from '../src/base/index.ts'
import { encodePath, openChannelLab, type ChannelLab } from './access/channel-lab.ts'
import { until } from './harness.ts'
import { take, type Member, type Team } from './kit/team.ts'

setDefaultTimeout(120_000)

let lab: ChannelLab
let team: Team
let ann: Member
let leo: Member

beforeAll(async () => {
  lab = await openChannelLab()
  ;({ team, ann, leo } = lab)
})
afterAll(() => lab[Symbol.asyncDispose]())

const channel = (id: string, what: string, run: () => Promise<void>) => test(`${id}: ${what}`, run)

describe('changes of who may', () => {
  channel('B6', 'who has left a group gets neither old sources nor the cached answer', async () => {
    const ben = await team.person('Ben')
    const group = await team.group('Readers', ben)
    await team.grant(`group:${group}`, 'asker', 'folder:eng/open')
    // The vault stays in sight, so that the question is asked and not refused.
    await team.grant(ben.principal, 'asker', 'folder:eng/größe')
    const question = 'Where does the kettle boil on the stove?'
    expect((await lab.ask(ben, question)).outcome).toBe('answered')
    expect((await lab.ask(ben, question)).receipt.cache.status).toBe('hit')
    await team.leave(group, ben)
    const after = await lab.ask(ben, question)
    expect([after.outcome, after.receipt.cache.status === 'hit', after.citations]).toEqual(['not-found', false, []])
    expect(JSON.stringify(after)).not.toContain('stove')
  })

  channel('B7', 'a note that is added after somebody was removed is not theirs, whatever they send', async () => {
    const bob = await team.person('Bob')
    const grant = await team.grant(bob.principal, 'asker', 'folder:eng/open')
    expect((await lab.read(bob, 'open/plain.md')).status).toBe(200)
    await team.revoke(grant)
    await team.write('eng', 'open/new.md', '# New\n\nThe stoat canarynew hides.\n')
    await lab.untilIndexed('open/new.md')
    for (const headers of [{}, { 'x-cairn-epoch': '1' }, { 'x-cairn-epoch': '0' }] as Record<string, string>[]) {
      const replies = [
        await bob.call(`${lab.notesPath}/open/new.md`, { headers }),
        await bob.send('/v1/search', { query: 'stoat' }, 'POST', headers),
      ]
      expect(replies[0]?.status).toBe(404)
      expect(await replies[1]?.json()).toEqual({ results: [] })
    }
  })

  channel(
    'B8',
    'a grant does not follow a folder that is renamed on disk, and gives nothing at its new name',
    async () => {
      const dan = await team.person('Dan')
      await team.write('eng', 'team/plan.md', '# Plan\n\nThe plan.\n')
      await lab.untilIndexed('team/plan.md')
      await team.grant(dan.principal, 'viewer', 'folder:eng/team')
      expect((await lab.read(dan, 'team/plan.md')).status).toBe(200)
      await lab.move('team/plan.md', 'team2/plan.md')
      await lab.untilIndexed('team2/plan.md')
      expect([(await lab.read(dan, 'team2/plan.md')).status, (await lab.read(dan, 'team/plan.md')).status]).toEqual([
        404, 404,
      ])
      expect(await lab.listAll(dan)).toEqual([])
    },
  )

  channel('B8', 'a barrier goes with a note that is taken out of its folder, and with the folder', async () => {
    await team.write('eng', 'secret/inner/moved.md', '# Moved\n\nThe badger canarymoved digs.\n')
    await lab.untilIndexed('secret/inner/moved.md')
    await lab.move('secret/inner', 'open/inner')
    await lab.untilIndexed('open/inner/moved.md')
    await lab.move('open/inner/moved.md', 'open/moved.md')
    await lab.untilIndexed('open/moved.md')
    expect([(await lab.read(ann, 'open/moved.md')).status, (await lab.read(leo, 'open/moved.md')).status]).toEqual([
      404, 200,
    ])
    expect(await lab.search(ann, 'badger')).toEqual([])
    expect(JSON.stringify(await lab.ask(ann, 'Where does the badger dig?'))).not.toContain('canarymoved')
    expect((await lab.search(leo, 'badger')).map(({ note }) => note)).toEqual(['open/moved.md'])
  })

  channel('B9', 'a barrier stands while its folder is gone, so the folder comes back restricted', async () => {
    await lab.move('secret', 'away/secret')
    await lab.untilIndexed('secret/merger.md', false)
    await lab.move('away/secret', 'secret')
    await lab.untilIndexed('secret/merger.md')
    await team.write('eng', 'secret/later.md', '# Later\n\ncanarylater\n')
    await lab.untilIndexed('secret/later.md')
    for (const note of ['secret/merger.md', 'secret/later.md']) expect((await lab.read(ann, note)).status).toBe(404)
  })

  channel('B23', 'of two edits of one revision the second is told so, and nothing is lost', async () => {
    const { seq, document } = await team.policy()
    const put = (id: string) => {
      const deny = { id, principal: ann.principal, actions: ['export'], scope: 'org:cairn' }
      const changed = { ...document, denies: [...(document.denies as PolicyDocument['denies']), deny] }
      return team.owner.send('/api/access/policy', { base: seq, note: '', document: changed }, 'PUT')
    }
    const replies = await Promise.all([put('d.one'), put('d.two')])
    expect(replies.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([200, 409])
    const late = await put('d.three')
    expect(((await late.json()) as { code: string }).code).toBe('access.revision-conflict')
    const denies = (await team.policy()).document.denies.map(({ id }) => id)
    expect(denies.filter((id) => /^d\.(one|two|three)$/.test(id))).toHaveLength(1)
    const back = await team.owner.send(`/api/access/revisions/${seq}/restore`, { base: seq }, 'POST')
    expect(back.status).toBe(409)
    // Grants are made again on the newest revision, so that none of many at once is lost.
    const grants = await Promise.all(
      Array.from({ length: 4 }, () => team.grant(ann.principal, 'viewer', 'vault:other')),
    )
    const now = new Set((await team.policy()).document.grants.map(({ id }) => id))
    expect(grants.every((id) => now.has(id))).toBe(true)
  })

  channel('B24', 'the last owner and the last one inside a barrier stay', async () => {
    const codes: string[] = []
    for (const [path, body, method] of [
      [`/api/access/users/${team.owner.id}`, { isOwner: false }, 'PUT'],
      [`/api/access/users/${team.owner.id}`, { status: 'suspended' }, 'PUT'],
      [`/api/access/users/${team.owner.id}`, undefined, 'DELETE'],
    ] as const) {
      const reply = await team.owner.send(path, body, method)
      expect(reply.status).toBeGreaterThanOrEqual(400)
      expect(reply.status).toBeLessThan(500)
      codes.push(((await reply.json()) as { code: string }).code)
    }
    expect(new Set(codes).size).toBe(1)
    const { document } = await team.policy()
    const inside = document.grants.filter(({ scope }) => scope === team.scope('folder:eng/secret'))
    expect(inside).toHaveLength(1)
    // Single grants of notes count too; they go first.
    await team.change((policy) => ({ ...policy, grants: policy.grants.filter(({ id }) => !id.startsWith('single.')) }))
    const reply = await team.owner.send(`/api/access/grants/${inside[0]?.id}`, undefined, 'DELETE')
    expect([reply.status, ((await reply.json()) as { code: string }).code]).toEqual([409, 'access.lockout'])
  })

  channel('B25', 'rings of groups and of roles are refused', async () => {
    const [one, two] = [await team.group('One'), await team.group('Two')]
    const three = await team.group('Three')
    const put = (group: string, id: string) =>
      team.owner.send(`/api/access/groups/${group}/members`, { kind: 'group', id })
    expect([(await put(one, two)).status, (await put(two, three)).status]).toEqual([200, 200])
    for (const [group, member] of [
      [three, one],
      [two, one],
      [one, one],
    ] as const) {
      const reply = await put(group, member)
      expect([group === member, reply.status < 500 && reply.status >= 400]).toEqual([group === member, true])
    }
    const { seq, document } = await team.policy()
    const roles = [
      { id: 'ring.a', inherits: ['ring.b'], actions: [] },
      { id: 'ring.b', inherits: ['ring.a'], actions: ['read'] },
    ]
    const body = { base: seq, note: '', document: { ...document, roles } }
    expect((await team.owner.send('/api/access/policy', body, 'PUT')).status).toBe(400)
    expect((await lab.read(ann, 'open/plain.md')).status).toBe(200)
  })
})

describe('names and failures', () => {
  channel('B10', 'other spellings of a path are the same note or none', async () => {
    const spelled = [
      'Secret/merger.md',
      'SECRET/MERGER.MD',
      'secret/merger.md.',
      'secret/merger.md ',
      ' secret/merger.md',
      'secret//merger.md',
      'secret/./merger.md',
      'open/../secret/merger.md',
      'secret/merger.md/',
      'secret\\merger.md',
      'secret/merger.md\u0000',
      'secret/merger',
      'ｓecret/merger.md',
      'sec\u200bret/merger.md',
    ]
    const raw = [
      ...spelled.map(encodePath),
      ...spelled.map(encodeURIComponent),
      'secret%2Fmerger.md',
      'open/%2e%2e/secret/merger.md',
      'open/%252e%252e/secret/merger.md',
      '%73ecret/merger.md',
      'secret/merger.md%00',
      'secret/%C0%AEmerger.md',
    ]
    for (const path of raw) {
      const reply = await ann.call(`${lab.notesPath}/${path}`)
      expect([path, [400, 404].includes(reply.status)]).toEqual([path, true])
      expect(await reply.text()).not.toContain('canarymerger')
    }
    const composed = 'größe/maß.md'
    for (const form of ['NFC', 'NFD'] as const)
      expect(await (await lab.read(ann, composed.normalize(form))).text()).toContain('canaryumlaut')
    const gus = await team.person('Gus')
    const grant = (scope: string) =>
      team.owner.send('/api/access/grants', { principal: gus.principal, role: 'viewer', scope })
    expect((await grant(team.scope('folder:eng/größe').normalize('NFD'))).status).toBe(400)
    expect((await grant(team.scope('folder:eng/open/../größe'))).status).toBe(400)
    expect((await grant(team.scope('folder:eng/größe'))).status).toBe(201)
    for (const form of ['NFC', 'NFD'] as const) expect((await lab.read(gus, composed.normalize(form))).status).toBe(200)
    const resource = `${team.scope('note:eng/open')}/../secret/merger.md`
    const explained = await take<{ decision: boolean }>(ann.send('/api/access/explain', { action: 'read', resource }))
    expect(explained.decision).toBe(false)
  })

  channel('B19', 'a failure is an error, never a permission and never a part', async () => {
    const { vaults, access } = team.app
    const { policy } = access
    const calls = () => [
      lab.read(ann, 'open/plain.md'),
      ann.call(lab.notesPath),
      ann.send('/v1/search', { query: 'otter never asked before' }),
      ann.send('/v1/ask', { question: 'Where is the otter that nobody asked of?' }),
      ann.call('/api/vaults'),
    ]
    async function failing(what: object, part: object, status: number, howMany: number) {
      const good = Object.fromEntries(Object.keys(part).map((name) => [name, what[name as never]]))
      try {
        Object.assign(what, part)
        const replies = (await Promise.all(calls())).slice(0, howMany)
        expect(replies.map((reply) => reply.status)).toEqual(replies.map(() => status))
        for (const reply of replies) expect(await reply.text()).not.toMatch(/kettle|open\/|otter \d/)
      } finally {
        Object.assign(what, good)
      }
    }
    const lost = () => Promise.reject(new CairnError('access.unconfirmed'))
    await failing(policy, { confirm: lost }, 503, 5)
    const broken = () => {
      throw new Error('the engine has a fault')
    }
    await failing(policy, { engine: broken }, 500, 5)
    const gone = () => Promise.reject(new CairnError('storage.failed'))
    await failing(vaults, { readNote: gone, listNotes: gone, search: gone, retrieve: gone }, 503, 4)
  })

  channel('B21', 'a search for a type that there is not finds nothing, and is no error', async () => {
    const owner = { type: 'user', id: team.owner.id }
    const action = { name: 'read' }
    const asked = [
      ['subject', { subject: { type: 'robot' }, action, resource: { type: 'vault', id: 'eng' } }],
      ['resource', { subject: owner, action, resource: { type: 'drawer' } }],
      ['action', { subject: owner, resource: { type: 'drawer', id: 'top' } }],
    ] as const
    for (const [kind, body] of asked) {
      const reply = await team.owner.send(`/access/v1/search/${kind}`, body)
      expect([kind, reply.status, await reply.json()]).toMatchObject([kind, 200, { results: [] }])
    }
  })

  channel('B22', 'a low key is told its own usage only, and no budgets, and no keys of others', async () => {
    await lab.ask(ann, 'Where does the otter rest?', { model: 'echo' })
    await lab.ask(leo, 'Where does the otter rest?', { model: 'echo' })
    const low = await team.keyOf(ann, { actions: ['read', 'retrieve', 'cite'], scopes: ['vault:eng'] })
    const usageOf = (member: Member) => take<UsageReply>(member.call('/api/usage?by=user'))
    // Calls that cost nothing wait a little for company before they are booked.
    await until('both are booked', async () => {
      const booked = (await usageOf(team.owner)).rows.map(({ group }) => group)
      return [ann, leo].every(({ id }) => booked.includes(id))
    })
    const { rows, total } = await usageOf(ann)
    expect(rows.map(({ group }) => group)).toEqual([ann.id])
    expect(total.calls).toBe(rows[0]?.calls ?? -1)
    expect(JSON.stringify(await take(low.call('/api/usage?by=key')))).not.toContain(leo.id)
    for (const by of ['day', 'hour']) {
      const own = await take<UsageReply>(low.call(`/api/usage?by=${by}`))
      expect([by, own.of, own.total]).toEqual([by, 'own', total])
      expect(own.rows.reduce((sum, { calls }) => sum + calls, 0)).toBe(total.calls)
    }
    for (const by of ['model', 'provider', 'team', 'kind']) {
      const reply = await low.call(`/api/usage?by=${by}`)
      expect([by, [400, 403].includes(reply.status)]).toEqual([by, true])
    }
    expect((await low.call('/api/budgets')).status).toBe(403)
    const { keys } = await take<{ keys: { name: string }[] }>(low.call('/api/access/keys'))
    expect(keys.map(({ name }) => name)).toEqual(['bounded'])
  })
})
