/** What happens in the folder shows in answers, without anybody asking for it. */
import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'bun:test'
import { openDirectStore } from '../src/storage/index.ts'
import { indexSchema } from '../src/vaults/index.ts'
import { makeFolder, openVaultRig, type VaultRig } from './kit/vault-rig.ts'

const seconds = 1_000

async function readRows({ data }: VaultRig): Promise<{ path: string; id: string; seq: number }[]> {
  const store = await openDirectStore({
    location: { kind: 'sqlite', file: join(data, 'index.db'), durability: 'normal' },
    schemas: [indexSchema],
  })
  const rows = await store.read('SELECT path, note_id, seq FROM index_notes WHERE deleted = 0 ORDER BY path')
  await store.close()
  return rows.map((row) => ({ path: String(row['path']), id: String(row['note_id']), seq: Number(row['seq']) }))
}

test(
  'an edit, rename, move and delete show within a second, and a note keeps its id',
  async () => {
    const folder = await makeFolder('watched')
    await mkdir(join(folder, 'Log'))
    for (let at = 0; at < 40; at++) await writeFile(join(folder, 'Log', `${at}.md`), `Entry ${at} of the log.`)
    await writeFile(join(folder, 'note.md'), 'The heron stands.')
    await using rig = await openVaultRig(folder)
    await rig.ready()
    const before = await readRows(rig)
    const idOf = (rows: typeof before, path: string) => rows.find((row) => row.path === path)?.id
    const times: number[] = []
    const soon = async (query: string, paths: string[]) => {
      times.push(await rig.until(async () => (await rig.find(query)).join() === paths.join()))
    }

    await appendFile(join(folder, 'note.md'), ' An otter swims.')
    await soon('otter', ['note.md'])
    const edited = await readRows(rig)
    expect(
      edited.filter(({ path, seq }) => seq !== before.find((row) => row.path === path)?.seq).map(({ path }) => path),
    ).toEqual(['note.md'])

    await rename(join(folder, 'note.md'), join(folder, 'renamed.md'))
    await soon('otter', ['renamed.md'])
    await mkdir(join(folder, 'New', 'Deep'), { recursive: true })
    await rename(join(folder, 'renamed.md'), join(folder, 'New', 'Deep', 'moved.md'))
    await soon('otter', ['New/Deep/moved.md'])
    await rename(join(folder, 'New'), join(folder, 'Other'))
    await soon('otter', ['Other/Deep/moved.md'])
    expect(idOf(await readRows(rig), 'Other/Deep/moved.md')).toBe(idOf(before, 'note.md') as string)

    // As editors save: the new text in a file beside it, put in place of the old.
    await writeFile(join(folder, 'Other', 'Deep', '.moved.tmp'), 'A lynx hides.')
    await rename(join(folder, 'Other', 'Deep', '.moved.tmp'), join(folder, 'Other', 'Deep', 'moved.md'))
    await soon('lynx', ['Other/Deep/moved.md'])
    expect(idOf(await readRows(rig), 'Other/Deep/moved.md')).toBe(idOf(before, 'note.md') as string)

    await rm(join(folder, 'Other'), { recursive: true })
    await soon('lynx', [])
    // The searcher has heard of it before the vault’s own count is read again.
    await rig.until(async () => (await rig.vault()).notes === 40)
    // A second is the promise; five are the bound here, since these machines are shared.
    expect(Math.max(...times)).toBeLessThan(5 * seconds)
  },
  60 * seconds,
)

test(
  'a burst of changes ends with the folder and the index alike',
  async () => {
    const folder = await makeFolder('burst')
    await using rig = await openVaultRig(folder)
    await rig.ready()
    for (let round = 0; round < 300; round++) {
      const name = join(folder, `n${round % 37}.md`)
      if (round % 5 === 4) await rm(name, { force: true })
      else await writeFile(name, `Round ${round} of the burst.`)
    }
    const expected = new Map<string, number>()
    for (let round = 0; round < 300; round++) {
      if (round % 5 === 4) expected.delete(`n${round % 37}.md`)
      else expected.set(`n${round % 37}.md`, round)
    }
    await rig.until(async () => {
      const { notes } = await rig.vault()
      return (
        notes === expected.size &&
        (await rig.find('burst')).toSorted().join() === [...expected.keys()].toSorted().join()
      )
    })
    for (const [path, round] of expected)
      await rig.until(async () => (await rig.find(`"Round ${round} of"`)).includes(path))
  },
  60 * seconds,
)

test(
  'a problem stays listed until the note is mended or gone',
  async () => {
    const folder = await makeFolder('problems')
    const broken = '---\ntags: [open\n---\nThe heron stands.'
    await writeFile(join(folder, 'broken.md'), broken)
    await writeFile(join(folder, 'also.md'), broken)
    await using rig = await openVaultRig(folder)
    await rig.ready()
    const paths = async () => (await rig.vault()).index.problems.map(({ path }) => path).toSorted()
    expect(await paths()).toEqual(['also.md', 'broken.md'])
    await writeFile(join(folder, 'third.md'), 'An otter swims.')
    await rig.until(async () => (await rig.find('otter')).length === 1)
    expect(await paths()).toEqual(['also.md', 'broken.md'])
    await writeFile(join(folder, 'broken.md'), 'The heron stands.')
    await rig.until(async () => (await paths()).join() === 'also.md')
    await rm(join(folder, 'also.md'))
    await rig.until(async () => (await paths()).length === 0)
  },
  60 * seconds,
)

test(
  'questions are answered while the vault is indexed again, and two vaults keep their notes apart',
  async () => {
    const folder = await makeFolder('again')
    const other = await makeFolder('other')
    for (let at = 0; at < 200; at++) await writeFile(join(folder, `${at}.md`), `Entry ${at}: the heron stands.`)
    await writeFile(join(other, '1.md'), 'Entry 1: the otter swims.')
    await using rig = await openVaultRig(folder)
    const { id } = await rig.ready()
    const reindexed = rig.vaults.reindex(id)
    for (let round = 0; round < 20; round++) expect((await rig.find('heron')).length).toBeLessThanOrEqual(50)
    await reindexed
    await rig.until(async () => (await rig.vault()).notes === 200)
    expect(await rig.find('heron')).toHaveLength(50)

    const second = await rig.vaults.add({ path: other })
    await rig.until(async () => rig.vaults.find(second.id)?.index.state === 'ready')
    expect(await rig.find('otter')).toEqual([])
    await rig.vaults.remove(second.id)
    expect(rig.vaults.find(second.id)).toBeUndefined()
  },
  60 * seconds,
)
