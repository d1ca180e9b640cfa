/** What is held, in the vaults module with its threads: several processes, rules that change, and that cannot be told. */
import { expect, test } from 'bun:test'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CairnError, someNotes, type NoteFilter } from '../src/base/index.ts'
import { openDirectStore } from '../src/storage/index.ts'
import { openIndexingTurn, type Protection } from '../src/vaults/index.ts'
import { openAskRig } from './kit/ask-rig.ts'
import { makeFolder, openVaultRig, type VaultRig } from './kit/vault-rig.ts'

const rules: Protection = { isTeam: true, tags: ['secret'], conditions: [], places: [] }
const all = { kind: 'all' } as const
const words =
  'The heron stands in the reeds beside the old slipway and waits for a fish that does not come, all day long.'

const held = async ({ vaults, vault }: VaultRig) =>
  (await vaults.listHeld((await vault()).id, all, 100)).map(({ note }) => note)
const tagsOf = async ({ vaults, vault }: VaultRig, note: string) =>
  (await vaults.factsOf((await vault()).id, [note])).get(note)?.tags

test('what a process that does not index lets go is let go by the one that does, and its own searcher follows', async () => {
  const [folder, data] = [await makeFolder('held'), await makeFolder('data')]
  await writeFile(join(folder, 'a.md'), 'Heron. #secret')
  const turns = [openIndexingTurn(data, null), openIndexingTurn(data, null)]
  {
    const [turn, otherTurn] = turns as [(typeof turns)[number], (typeof turns)[number]]
    const protection = async () => rules
    await using owner = await openVaultRig(folder, data, { protection, turn })
    await owner.ready()
    await using other = await openVaultRig(folder, data, { protection, turn: otherTurn })
    await other.ready()
    expect([owner.vaults.isIndexing(), other.vaults.isIndexing()]).toEqual([true, false])
    await writeFile(join(folder, 'a.md'), 'Heron and egret.')
    await other.until(async () => (await other.find('egret')).length === 1)
    expect(await other.find('tag:secret')).toEqual(['a.md'])
    expect(await held(other)).toEqual(['a.md'])
    await other.vaults.releaseHeld((await other.vault()).id, 'a.md', null)
    expect(await other.find('tag:secret')).toEqual([])
    expect(await tagsOf(owner, 'a.md')).toEqual([])
    await owner.until(async () => (await owner.find('tag:secret')).length === 0)
  }
  for (const turn of turns) await turn.close()
  for (const each of [folder, data]) await rm(each, { recursive: true, force: true })
}, 60_000)

test('while the rules cannot be told an edit waits, and what was stored before is in force', async () => {
  const folder = await makeFolder('held')
  await writeFile(join(folder, 'a.md'), 'Heron. #secret')
  let isKnown = true
  const protection = async () => {
    if (!isKnown) throw new CairnError('access.unconfirmed')
    return rules
  }
  await using rig = await openVaultRig(folder, undefined, { protection })
  await rig.ready()
  isKnown = false
  await writeFile(join(folder, 'a.md'), 'Heron and egret.')
  await rig.until(async () => (await rig.vault()).index.state === 'failed')
  expect(await rig.find('egret')).toEqual([])
  expect(await rig.find('tag:secret')).toEqual(['a.md'])
  isKnown = true
  await rig.until(async () => (await rig.find('egret')).length === 1)
  expect(await rig.find('tag:secret')).toEqual(['a.md'])
  expect(await held(rig)).toEqual(['a.md'])
}, 60_000)

test('a rule made later protects what notes say already, also when the index is deleted before they change', async () => {
  const [folder, data] = [await makeFolder('held'), await makeFolder('data')]
  const texts = { 'a.md': `${words} #secret`, 'b.md': words }
  for (const [note, text] of Object.entries(texts)) await writeFile(join(folder, note), text)
  let now: Protection = { ...rules, tags: [] }
  const protection = async () => now
  {
    await using rig = await openVaultRig(folder, data, { protection })
    await rig.ready()
    now = rules
    // The regular look comes about once a second.
    await rig.until(async () => (await kept(data)).includes('a.md'))
  }
  for (const end of ['', '-wal', '-shm']) await rm(join(data, `index.db${end}`), { force: true })
  await writeFile(join(folder, 'a.md'), `${words} Gone.`)
  {
    await using rig = await openVaultRig(folder, data, { protection })
    await rig.ready()
    // The other has the same words by chance and never had the tag: making the index anew does not mix them up.
    expect(await held(rig)).toEqual(['a.md'])
    expect(await tagsOf(rig, 'b.md')).toEqual([])
    await rig.vaults.reindex((await rig.vault()).id)
    expect(await held(rig)).toEqual(['a.md'])
    await rig.vaults.remove((await rig.vault()).id)
    expect(await kept(data)).toEqual([])
  }
  for (const each of [folder, data]) await rm(each, { recursive: true, force: true })
}, 60_000)

test('letting go tells the log of the cache, as an edit does, so that nothing is answered from before', async () => {
  const told: string[] = []
  await using rig = await openAskRig({
    notes: { 'a.md': 'Spring tides reach the pier. #secret', 'b.md': 'The boat stays in the harbour.' },
    protection: async () => rules,
    announce: (inner) => async (scopes) => {
      told.push(...scopes)
      return inner(scopes)
    },
  })
  const vault = await rig.vaultId()
  await rig.change(() => rig.write('a.md', 'Spring tides reach the pier.'))
  expect((await rig.vaults.listHeld(vault, all, 9)).map(({ note }) => note)).toEqual(['a.md'])
  const tides = 'Where do spring tides reach?'
  expect((await rig.ask({ question: tides })).receipt.cache.status).toBe('miss')
  expect((await rig.ask({ question: tides })).receipt.cache.status).toBe('hit')
  told.length = 0
  await rig.vaults.releaseHeld(vault, 'a.md', null)
  await rig.settled()
  expect(told.toSorted()).toEqual([`index:${vault}`, `note:${vault}/a.md`])
  expect((await rig.ask({ question: tides })).receipt.cache.status).toBe('miss')
}, 60_000)

test('a note that is taken out of a restricted folder while nobody looks is held by it, also when the index is made anew', async () => {
  const [folder, data] = [await makeFolder('held'), await makeFolder('data')]
  await mkdir(join(folder, 'secret'))
  for (const note of ['a.md', 'b.md', 'c.md']) await writeFile(join(folder, 'secret', note), `${words} ${note}`)
  const protection = async (): Promise<Protection> => ({ ...rules, places })
  let places: string[] = []
  const placesOf = async ({ vaults, vault }: VaultRig) => {
    const facts = await vaults.factsOf((await vault()).id, ['a.md', 'gone/b.md', 'gone/c.md'])
    return Object.fromEntries([...facts].map(([path, each]) => [path, each.places]))
  }
  const moved = { 'a.md': ['secret/a.md'], 'gone/b.md': ['secret/b.md'], 'gone/c.md': ['secret/c.md'] }
  {
    await using rig = await openVaultRig(folder, data, { protection })
    await rig.ready()
    places = [`folder:${(await rig.vault()).id}/secret`]
    await rig.until(async () => (await kept(data)).length === 3)
  }
  await rename(join(folder, 'secret', 'a.md'), join(folder, 'a.md'))
  await rename(join(folder, 'secret'), join(folder, 'gone'))
  {
    await using rig = await openVaultRig(folder, data, { protection })
    await rig.ready()
    expect(await placesOf(rig)).toEqual(moved)
    expect((await rig.vaults.listHeld((await rig.vault()).id, all, 9)).length).toBe(3)
  }
  for (const end of ['', '-wal', '-shm']) await rm(join(data, `index.db${end}`), { force: true })
  {
    await using rig = await openVaultRig(folder, data, { protection })
    await rig.ready()
    expect(await placesOf(rig)).toEqual(moved)
    await rig.vaults.reindex((await rig.vault()).id)
    expect(await placesOf(rig)).toEqual(moved)
    // A filter that goes to the searchers finds it held there as well.
    const open = someNotes({ allow: ['', 'secret/', 'secret0'] })
    const { id } = await rig.vault()
    const search = (filter: NoteFilter) =>
      rig.vaults.search(
        { query: 'heron', syntax: 'plain', forPrompt: false, vaults: [{ id, filter }], limit: 9, mode: 'keyword' },
        new AbortController().signal,
      )
    expect([(await search(open)).length, (await search(all)).length]).toEqual([0, 3])
  }
  for (const each of [folder, data]) await rm(each, { recursive: true, force: true })
}, 60_000)

/** Paths of what is kept. */
async function kept(data: string): Promise<string[]> {
  const location = { kind: 'sqlite', file: join(data, 'state.db'), durability: 'normal' } as const
  const store = await openDirectStore({ location, schemas: [] })
  const rows = await store.read('SELECT path FROM vaults_kept ORDER BY path')
  await store.close()
  return rows.map((row) => String(row['path']))
}
