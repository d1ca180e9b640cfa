/** Rules on a folder go with the notes that are taken out of it on disk, against the whole server and its folder. */
import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { copyFile, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Explanation, HeldNoteInfo, NoteView, PolicyDocument, SearchResult } from '@cairn/contract'
import { openDirectStore } from '../src/storage/index.ts'
import { encodePath } from './access/channel-lab.ts'
import { until } from './harness.ts'
import { openTeam, take, type Member, type Team } from './kit/team.ts'

setDefaultTimeout(60_000)

const long = (word: string) =>
  `# ${word}\n\nThe ${word} is written down here in so many words that a copy of it is known again, whatever its name is, and however often.\n`

let team: Team
let ann: Member
let leo: Member
let notesPath: string
let grants: PolicyDocument['grants']

beforeAll(async () => {
  team = await openTeam({ vaults: { eng: { 'open/plain.md': long('kettle') } } })
  ann = await team.person('Ann')
  leo = await team.person('Leo')
  await team.grant(ann.principal, 'curator', 'vault:eng')
  await team.grant(leo.principal, 'curator', 'vault:eng')
  await team.grant(leo.principal, 'curator', 'folder:eng/secret')
  notesPath = `/api/vaults/${team.vaultIds['eng']}/notes`
  grants = (await team.policy()).document.grants
})
afterAll(() => team[Symbol.asyncDispose]())

const at = (note: string) => join(team.folderOf('eng'), note)
const barrier = { scope: 'folder:eng/secret' }
const noRead = { id: 'd.drafts', actions: ['read'], scope: 'folder:eng/drafts' }

async function setRules(rules: Partial<PolicyDocument>): Promise<void> {
  await team.change((document) => ({ ...document, grants, barriers: [], denies: [], ...rules }))
}
const denyAnn = () => setRules({ denies: [{ ...noRead, principal: ann.principal }] as PolicyDocument['denies'] })

async function move(from: string, to: string): Promise<void> {
  await mkdir(dirname(at(to)), { recursive: true })
  await rename(at(from), at(to))
}

const indexed = (note: string, isThere = true) =>
  until(`${note} is ${isThere ? '' : 'not '}indexed`, async () => {
    const facts = await team.app.vaults.factsOf(team.vaultIds['eng'] ?? '', [note])
    return facts.has(note) === isThere
  })
async function write(note: string, word: string): Promise<void> {
  await team.write('eng', note, long(word))
  await indexed(note)
}
const status = async (member: Member, note: string) => (await member.call(`${notesPath}/${encodePath(note)}`)).status
const both = async (note: string) => [await status(ann, note), await status(leo, note)]
const find = async (member: Member, query: string) =>
  (await take<{ results: SearchResult[] }>(member.send('/v1/search', { query, mode: 'keyword' }))).results
    .map(({ note }) => note)
    .toSorted()
const held = async (member: Member) => (await take<{ held: HeldNoteInfo[] }>(member.call('/api/held'))).held
const lostScopes = async () => (await team.policy()).findings.filter(({ kind }) => kind === 'unknown-scope')
const confirm = (member: Member, note: string) =>
  member.send('/api/held/confirm', { vault: team.vaultIds['eng'], note }).then((reply) => reply.status)
const explain = (member: Member, subject: Member, action: string, note: string) =>
  take<Explanation>(
    member.send('/api/access/explain', {
      subject: subject.principal,
      action,
      resource: team.scope(`note:eng/${note}`),
    }),
  )

beforeEach(async () => {
  await setRules({})
  for (const folder of ['secret', 'drafts', 'open', 'renamed', 'away'])
    await rm(at(folder), { recursive: true, force: true })
  await write('open/plain.md', 'kettle')
  await until('the folder is as it was', async () => (await find(leo, 'written')).join() === 'open/plain.md')
})

test('a restricted folder that is renamed stays restricted in every note, on every surface', async () => {
  await write('secret/merger.md', 'takeover')
  await write('secret/deep/plan.md', 'takeover plan')
  await setRules({ barriers: [barrier] })
  expect(await both('secret/merger.md')).toEqual([404, 200])
  await move('secret', 'renamed')
  await indexed('renamed/merger.md')
  await indexed('renamed/deep/plan.md')
  for (const note of ['renamed/merger.md', 'renamed/deep/plan.md']) expect(await both(note)).toEqual([404, 200])
  expect([await find(ann, 'takeover'), (await find(leo, 'takeover')).length]).toEqual([[], 2])
  const listed = async (member: Member) => (await take<{ notes: NoteView[] }>(member.call(notesPath))).notes.length
  expect([await listed(ann), await listed(leo)]).toEqual([1, 3])
  const dryRun = await take<{ prompt?: unknown }>(
    ann.send('/v1/ask', { question: 'What does the takeover say?', model: 'extractive', dryRun: true }),
  )
  expect(JSON.stringify(dryRun)).not.toContain('renamed')
  // Who is told, and of what.
  expect(await held(ann)).toEqual([])
  expect((await held(leo)).map(({ note, places, tags, label }) => ({ note, places, tags, label }))).toEqual([
    { note: 'renamed/deep/plan.md', places: ['secret/deep/plan.md'], tags: [], label: null },
    { note: 'renamed/merger.md', places: ['secret/merger.md'], tags: [], label: null },
  ])
  const lost = await lostScopes()
  expect(lost.map(({ about }) => about)).toEqual([team.scope(barrier.scope)])
  expect(lost[0]?.message).toContain(`curator to ${leo.principal}`)
  const why = await explain(team.owner, ann, 'read', 'renamed/merger.md')
  expect([why.decision, why.reason, why.places]).toEqual([
    false,
    'former-place',
    [{ at: team.scope('note:eng/secret/merger.md'), holds: false }],
  ])
  expect(why.near_misses.map((miss) => miss.why)).toEqual([`stopped by barrier ${team.scope(barrier.scope)}`])
  const own = await explain(ann, ann, 'read', 'renamed/merger.md')
  expect([own.reason, JSON.stringify(own).includes('secret')]).toEqual(['hidden', false])
})

test('a note that is taken out of a folder with a deny keeps the deny, alone and with its folder', async () => {
  await write('drafts/a.md', 'heron')
  await write('drafts/b.md', 'egret')
  await denyAnn()
  await move('drafts/a.md', 'open/a.md')
  await indexed('open/a.md')
  expect(await both('open/a.md')).toEqual([404, 200])
  await move('drafts', 'away')
  await indexed('away/b.md')
  expect([await find(ann, 'heron'), await find(ann, 'egret')]).toEqual([[], []])
  expect(await find(leo, 'egret')).toEqual(['away/b.md'])
  // She may know of both, and is told which rule it is: she may know of the folder too.
  const why = await explain(ann, ann, 'read', 'open/a.md')
  expect([why.reason, why.deny.map(({ id }) => id)]).toEqual(['former-place', ['d.drafts']])
})

test('a rule on a single note goes with it', async () => {
  await write('drafts/a.md', 'heron')
  const deny = { ...noRead, principal: ann.principal, scope: 'note:eng/drafts/a.md' }
  await setRules({ denies: [deny] as PolicyDocument['denies'] })
  await move('drafts/a.md', 'open/a.md')
  await indexed('open/a.md')
  expect(await both('open/a.md')).toEqual([404, 200])
})

test('a copy is held too, and a note that is back is held by nothing', async () => {
  await write('secret/merger.md', 'takeover')
  await setRules({ barriers: [barrier] })
  await until('the rule is taken in', async () => (await kept()).includes('secret/merger.md'))
  await copyFile(at('secret/merger.md'), at('open/copy.md'))
  await indexed('open/copy.md')
  expect(await both('open/copy.md')).toEqual([404, 200])
  await move('secret/merger.md', 'away/merger.md')
  await indexed('away/merger.md')
  expect((await held(leo)).map(({ note }) => note)).toEqual(['away/merger.md', 'open/copy.md'])
  await move('away/merger.md', 'secret/merger.md')
  await indexed('secret/merger.md')
  expect((await held(leo)).map(({ note }) => note)).toEqual(['open/copy.md'])
  expect(await both('secret/merger.md')).toEqual([404, 200])
  // What else comes to where it was away is nobody’s business.
  await write('away/merger.md', 'otter')
  expect(await both('away/merger.md')).toEqual([200, 200])
})

test('a barrier that is lifted, or moved to the new name with its grants, leaves nothing behind', async () => {
  await write('secret/merger.md', 'takeover')
  await setRules({ barriers: [barrier] })
  await move('secret', 'renamed')
  await indexed('renamed/merger.md')
  expect(await both('renamed/merger.md')).toEqual([404, 200])
  const toRenamed = <T extends { readonly scope: string }>(each: T): T =>
    each.scope === team.scope(barrier.scope) ? { ...each, scope: team.scope('folder:eng/renamed') } : each
  await team.change((document) => ({
    ...document,
    grants: document.grants.map(toRenamed),
    barriers: document.barriers.map(toRenamed),
  }))
  expect(await both('renamed/merger.md')).toEqual([404, 200])
  await until('nothing is held', async () => (await held(leo)).length === 0)
  expect(await both('renamed/merger.md')).toEqual([404, 200])
  expect(await lostScopes()).toEqual([])
  await setRules({})
  expect(await both('renamed/merger.md')).toEqual([200, 200])
})

test('who has `restrict` in both places lets it go; who has it in one does not', async () => {
  await write('secret/merger.md', 'takeover')
  await setRules({ barriers: [barrier] })
  await move('secret/merger.md', 'open/merger.md')
  await indexed('open/merger.md')
  expect(await confirm(ann, 'open/merger.md')).toBe(404)
  expect(await confirm(leo, 'open/merger.md')).toBe(204)
  expect(await both('open/merger.md')).toEqual([200, 200])
  expect(await find(ann, 'takeover')).toEqual(['open/merger.md'])
  expect(await confirm(leo, 'open/merger.md')).toBe(404)
  expect(await held(leo)).toEqual([])
})

test('a key for a folder reads what came into it, as far as its owner may', async () => {
  await write('secret/merger.md', 'takeover')
  await setRules({ barriers: [barrier] })
  await move('secret/merger.md', 'open/merger.md')
  await indexed('open/merger.md')
  const bound = { actions: ['discover', 'read', 'retrieve', 'cite'], scopes: ['folder:eng/open'] }
  const [annsKey, leosKey] = [await team.keyOf(ann, bound as never), await team.keyOf(leo, bound as never)]
  expect([await status(annsKey, 'open/merger.md'), await status(leosKey, 'open/merger.md')]).toEqual([404, 200])
  expect(await find(leosKey, 'takeover')).toEqual(['open/merger.md'])
})

/** Paths that something is kept of. */
async function kept(): Promise<string> {
  const file = join(team.folderOf('eng'), '..', '..', 'data', 'cairn.db')
  const store = await openDirectStore({ location: { kind: 'sqlite', file, durability: 'full' }, schemas: [] })
  const rows = await store.read('SELECT path FROM vaults_kept')
  await store.close()
  return rows.map((row) => String(row['path'])).join()
}
