/**
 * The leak channels B1 to B25 of the design (`access/channels.ts`), each on the surface where it would show. A channel
 * without a surface says which addresses would be one, and the route table must have none of them.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { NoteView, VaultInfo } from '@cairn/contract'
import { createToken } from '../src/base/index.ts'
import { routes } from '../src/http/index.ts'
import type { Vaults } from '../src/vaults/index.ts'
import { encodePath, openChannelLab, type ChannelLab } from './access/channel-lab.ts'
import { channels } from './access/channels.ts'
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

describe('the table', () => {
  test('has every channel, each with a test or without a surface', async () => {
    expect(Object.keys(channels)).toEqual(Array.from({ length: 25 }, (_, at) => `B${at + 1}`))
    const withSurface = Object.keys(channels).filter((id) => 'surface' in (channels[id] ?? {}))
    const files = ['access-channels.test.ts', 'access-channels-changes.test.ts']
    const sources = await Promise.all(files.map((file) => Bun.file(join(import.meta.dirname, file)).text()))
    const tested = new Set([...sources.join('\n').matchAll(/\bchannel\(\s*'(B\d+)'/g)].map(([, id]) => id ?? ''))
    expect([...tested].toSorted()).toEqual(withSurface.toSorted())
  })

  for (const [id, each] of Object.entries(channels))
    if ('none' in each)
      test(`${id}: no such surface, as ${each.because}`, () => {
        expect(routes.map(({ method, path }) => `${method} ${path}`).filter((row) => each.none.test(row))).toEqual([])
      })
})

describe('notes that name others', () => {
  channel('B1', 'what a note embeds from behind a barrier is in no text, no prompt and no answer', async () => {
    expect((await take<NoteView>(lab.read(ann, 'open/embed.md'))).text).toContain('![[merger]]')
    const before = lab.upstream.requests.length
    const question = 'When does the takeover close that is described?'
    const replies = [
      await lab.ask(ann, question, { model: 'echo' }),
      await lab.ask(ann, question),
      await lab.dryRun(ann, question, 'echo'),
    ]
    expect(lab.promptsSince(before)).toContain('described here')
    expect(JSON.stringify(replies) + lab.promptsSince(before)).not.toContain('canarymerger')
    expect(JSON.stringify(await lab.dryRun(leo, question, 'echo'))).toContain('canarymerger')
  })

  channel('B2', 'a link to what is hidden stays as text, and nothing more is told of its target', async () => {
    const [hers, his] = await Promise.all([ann, leo].map((member) => take<NoteView>(lab.read(member, 'open/embed.md'))))
    expect(hers?.text).toContain('[[Project Falcon]]')
    expect(JSON.stringify([hers?.links, hers?.backlinks])).not.toContain('secret')
    expect(his?.links).toContain('secret/Project Falcon.md')
    expect(his?.backlinks).toContain('secret/Project Falcon.md')
  })

  channel('B3', 'lists, counts and neighbours are made after the filter', async () => {
    const related = await take(
      ann.call(`/api/vaults/${team.vaultIds['eng']}/related/${encodePath('open/embed.md')}?limit=50`),
    )
    expect(JSON.stringify(related)).not.toContain('secret')
    expect((await lab.listAll(ann)).filter((note) => note.startsWith('secret/'))).toEqual([])
    const vaultOf = async (member: Member) =>
      (await take<{ vaults: VaultInfo[] }>(member.call('/api/vaults'))).vaults.find(({ name }) => name === 'eng')
    const [hers, owners] = [await vaultOf(ann), await vaultOf(team.owner)]
    expect([hers?.notes, hers?.passages, hers?.index.total, hers?.index.problems]).toEqual([0, 0, 0, []])
    expect(owners?.notes).toBeGreaterThan(50)
    expect(routes.filter(({ path }) => /suggest|complete(?!ions)|graph|\/tags/.test(path))).toEqual([])
  })
})

describe('searching', () => {
  channel('B4', 'with better matches that are denied one gets as many as there are for them', async () => {
    const hers = await lab.search(ann, 'otter')
    expect(hers).toHaveLength(10)
    expect(hers.every(({ note }) => note.startsWith('open/otter '))).toBe(true)
    expect((await lab.search(leo, 'otter')).every(({ note }) => !note.startsWith('open/otter '))).toBe(true)
    const { passages } = await lab.dryRun(ann, 'Where does the otter rest near the bank?', 'echo')
    expect(passages.length).toBeGreaterThan(2)
    expect(passages.every(({ note }) => note.startsWith('open/'))).toBe(true)
  })

  /** All that is told to Ann, and to a model, of a note that is moved behind the barrier while she asks for it. */
  async function askWhileMoved(asked: { model: string; stream: boolean }, isChecked: boolean) {
    const word = `canarymoved${createToken(4)
      .toLowerCase()
      .replace(/[^a-z]/g, '')}`
    const [from, to] = [`open/${word}.md`, `secret/${word}.md`]
    await team.write('eng', from, `# Heron\n\nThe heron ${word} wades through the reeds at dawn.\n`)
    await lab.untilIndexed(from)
    const { vaults } = team.app
    const { retrieve, factsOf } = vaults
    const known = await factsOf.call(vaults, team.vaultIds['eng'] ?? '', [from])
    let moves = 0
    const moving: Vaults['retrieve'] = async (...request) => {
      const found = await retrieve.apply(vaults, request)
      if (moves++ > 0) return found
      await lab.move(from, to)
      await lab.untilIndexed(to)
      await lab.untilIndexed(from, false)
      if (!isChecked) Object.assign(vaults, { factsOf: async () => known })
      return found
    }
    const before = lab.upstream.requests.length
    try {
      Object.assign(vaults, { retrieve: moving })
      const question = 'Through what does the heron wade at dawn?'
      const reply = await ann.send('/v1/ask', { vault: 'eng', question, ...asked }, 'POST', {
        'x-cairn-cache': 'bypass',
      })
      return { word, told: `${await reply.text()}${lab.promptsSince(before)}`, moves }
    } finally {
      Object.assign(vaults, { retrieve, factsOf })
      await rm(join(team.folderOf('eng'), to), { force: true })
      await lab.untilIndexed(to, false)
    }
  }

  for (const model of ['extractive', 'echo'])
    for (const stream of [false, true])
      channel('B5', `a note that is moved while asked for is in no answer (${model}, ${String(stream)})`, async () => {
        const { word, told, moves } = await askWhileMoved({ model, stream }, true)
        expect(told).not.toContain(word)
        expect(moves).toBeGreaterThan(1)
      })

  channel('B5', 'a server that goes by what it knew when it searched is caught', async () => {
    const { word, told } = await askWhileMoved({ model: 'echo', stream: false }, false)
    expect(told).toContain(word)
  })

  channel('B17', 'a removed note is found no more, and a denied one has no score', async () => {
    await team.write('eng', 'open/gone.md', '# Gone\n\nThe lemming canarygone leaps.\n')
    await lab.untilIndexed('open/gone.md')
    expect(await lab.search(ann, 'lemming')).toHaveLength(1)
    await rm(join(team.folderOf('eng'), 'open/gone.md'))
    await lab.untilIndexed('open/gone.md', false)
    expect(await lab.search(ann, 'lemming')).toEqual([])
    expect(JSON.stringify(await lab.search(ann, 'takeover May falcon', 100))).not.toContain('secret/')
  })

  channel(
    'B18',
    'an auditor learns from the log who read something, and no path that is not theirs to know',
    async () => {
      const auditor = await team.person('Audra')
      await team.grant(auditor.principal, 'auditor', 'org:cairn')
      expect((await lab.read(leo, 'secret/Project Falcon.md')).status).toBe(200)
      expect((await lab.ask(leo, 'When does the takeover close?')).outcome).toBe('answered')
      const page = await take<{ entries: { actor: string | null; hidden?: boolean }[] }>(
        auditor.call('/api/audit/events?type=note.read,question.asked&limit=500&fresh=true'),
      )
      expect(page.entries.some(({ actor, hidden }) => actor === leo.id && hidden === true)).toBe(true)
      const summary = await take(auditor.call('/api/audit/summary?by=vault,type&fresh=true'))
      expect(JSON.stringify([page, summary])).not.toMatch(/secret|Falcon|merger|otter/)
    },
  )

  channel('B20', 'many single grants are all in the list, page by page, and nothing besides', async () => {
    const cid = await team.person('Cid')
    const granted = (await lab.listAll(leo)).filter((_, at) => at % 2 === 0)
    await team.change((document) => ({
      ...document,
      grants: [
        ...document.grants,
        ...granted.map((note, at) => ({
          id: `single.${at}`,
          principal: cid.principal,
          role: 'viewer',
          scope: `note:eng/${note}`,
        })),
      ],
    }))
    expect(granted.length).toBeGreaterThan(25)
    // A barrier stops what is granted above it; what is granted on the note itself stands inside.
    expect(await lab.listAll(cid, 7)).toEqual(granted)
    const found = await lab.search(cid, 'otter', 100)
    expect(new Set(found.map(({ note }) => note))).toEqual(new Set(granted.filter((note) => /otter|hush/.test(note))))
  })
})

describe('what an author or a rule keeps from models', () => {
  channel('B12', 'a note that says ai: false is in no prompt and no answer, and is read all the same', async () => {
    const question = 'Where does the walrus sleep on the ice floe?'
    const before = lab.upstream.requests.length
    for (const member of [ann, leo]) {
      const replies = [await lab.ask(member, question), await lab.ask(member, question, { model: 'echo' })]
      expect(JSON.stringify([replies, await lab.dryRun(member, question, 'echo')])).not.toContain('canaryrefused')
      expect(await (await lab.read(member, 'open/refused.md')).text()).toContain('canaryrefused')
    }
    expect(lab.promptsSince(before)).not.toContain('canaryrefused')
  })

  channel('B16', 'what may not go out goes to no model outside, by whatever name it is asked', async () => {
    const question = 'Below what does the narwhal dive?'
    const before = lab.upstream.requests.length
    for (const model of ['echo-far', 'far/echo-far']) {
      const reply = await (await ann.send('/v1/ask', { vault: 'eng', question, model })).text()
      expect(reply).not.toContain('canaryconfidential')
    }
    expect(lab.promptsSince(before)).not.toContain('canaryconfidential')
    for (const model of ['echo-far', 'auto', 'best', 'fast', 'cheap']) {
      const { messages, plan } = await lab.dryRun(ann, question, model)
      const isThere = JSON.stringify(messages).includes('canaryconfidential')
      expect([model, isThere]).toEqual([model, model !== 'echo-far'])
      if (isThere) expect(plan.map(({ egress }) => egress)).not.toContain('external')
    }
  })
})
