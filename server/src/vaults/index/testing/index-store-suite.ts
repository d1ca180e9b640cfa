/** What the register of vaults and the stored index promise, whatever the engine of their store. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { CairnError, Clock } from '../../../base/index.ts'
import type { Store } from '../../../storage/index.ts'
import type { MakePlace, Place } from '../../../storage/testing/places.ts'
import { createRegister } from '../../register.ts'
import { vaultsSchema } from '../../schema.ts'
import { createIndexStore, statements, type IndexStore, type StoredNote } from '../index-store.ts'
import { indexSchema } from '../migrations.ts'

let now = 1_763_850_000_000
const clock: Clock = { now: () => now++, monotonic: () => now }

export function describeRegister(name: string, makePlace: MakePlace): void {
  describe(`register: ${name}`, () => {
    let place: Place
    let store: Store
    beforeEach(async () => {
      place = await makePlace()
      store = await place.open([vaultsSchema])
    })
    afterEach(async () => {
      await store.close()
      await place.remove()
    })

    test('vaults are listed in the order they came, and stay so', async () => {
      const register = createRegister(store, clock)
      const first = await register.add('/z', 'Zettel')
      const second = await register.add('/a', '“Ärger” ? 日記')
      expect(await register.list()).toEqual([first, second])
      expect(await createRegister(store, clock).list()).toEqual([first, second])
    })

    test('a folder is registered once, also when 20 ask at the same time', async () => {
      const register = createRegister(store, clock)
      const tries = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => register.add('/a', `n${index}`)))
      expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      const codes = tries.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as CairnError] : []))
      expect(new Set(codes.map(({ code }) => code))).toEqual(new Set(['vault.exists']))
      expect(await register.list()).toHaveLength(1)
    })

    test('a removed vault is gone and its folder free again', async () => {
      const register = createRegister(store, clock)
      const { id } = await register.add('/a', 'A')
      const other = await register.add('/b', 'B')
      await register.remove(id)
      await register.remove('vault_none')
      expect(await register.list()).toEqual([other])
      expect((await register.add('/a', 'A again')).id).not.toBe(id)
    })
  })
}

const note = (noteId: string, more: Partial<StoredNote> = {}): StoredNote => ({
  noteId,
  path: `${noteId}.md`,
  version: `v-${noteId}`,
  label: 'internal',
  meta: {
    title: noteId,
    aliases: ['あ'],
    tags: ['t'],
    ai: true,
    date: 1.5,
    headings: ['A › B'],
    links: ['x'],
    owner: 'ána',
    properties: { état: 'brouillon', n: 1.5, done: false },
    labelled: true,
    body: 'b1',
  },
  text: `text of ${noteId}`,
  terms: new Uint8Array([1, 0, 255]),
  passages: 2,
  mtimeMs: 1_763_850_000_123,
  size: 2 ** 33,
  inode: '1:2',
  ...more,
})

export function describeIndexStore(name: string, makePlace: MakePlace): void {
  describe(`index store: ${name}`, () => {
    let place: Place
    let store: Store
    let index: IndexStore
    beforeEach(async () => {
      place = await makePlace()
      store = await place.open([indexSchema])
      index = createIndexStore(store, 'vault_1')
      await index.reset(3, 1)
    })
    afterEach(async () => {
      await store.close()
      await place.remove()
    })
    const current = { store: () => store, index: () => index }
    describeNotes(current)
    describeFollowing(current)
    describeReset(current)
  })
}

interface Current {
  store: () => Store
  index: () => IndexStore
}

function describeNotes({ store, index }: Current): void {
  test('a note comes back as it was put, and a second put replaces it', async () => {
    await index().write(statements.putNote('vault_1', 2, note('a', { text: 'old', path: 'old.md' })))
    await index().write(statements.putNote('vault_1', 3, note('a')))
    expect(await index().files()).toEqual([
      { noteId: 'a', path: 'a.md', version: 'v-a', mtimeMs: 1_763_850_000_123, size: 2 ** 33, inode: '1:2' },
    ])
    expect(await index().findText('a')).toEqual({ text: 'text of a', version: 'v-a' })
    expect(await index().counts()).toEqual({ notes: 1, passages: 2 })
    const { meta, terms } = note('a')
    const own = { tags: ['t'], label: 'internal' as const, owner: 'ána', properties: meta.properties }
    const judged = { path: 'a.md', tags: ['t'], label: 'internal' as const, owner: 'ána', properties: meta.properties }
    const stored = { path: 'a.md', label: 'internal' as const, tags: ['t'], meta, own, held: null, judged }
    expect(await index().changes(0, 10)).toEqual([
      { seq: 3, noteId: 'a', deleted: false, version: 'v-a', stored, terms },
    ])
    expect(await index().facts(['none', 'a'])).toEqual(new Map([['a', stored]]))
  })

  test('what is held of a note comes back with it, and a retold note has its vectors told again', async () => {
    const held = {
      label: 'restricted' as const,
      tags: ['secret'],
      values: { 'resource.owner': 'ben', 'resource.property.n': 7 },
      unclear: ['resource.property.done'],
      places: ['geheim/ä.md'],
    }
    await index().write([
      ...statements.putNote('vault_1', 2, note('a')),
      ...statements.putVectors('vault_1', 3, { noteId: 'a', model: 1, data: new Uint8Array([1]) }),
      statements.setHeld('vault_1', 'a', held),
    ])
    const [change] = await index().changes(0, 10)
    expect(change?.stored).toMatchObject({ held, label: 'restricted', tags: ['t', 'secret'], own: { owner: 'ána' } })
    expect(change?.stored.judged).toEqual({
      path: 'a.md',
      tags: ['t', 'secret'],
      label: 'restricted',
      owner: 'ben',
      properties: { état: 'brouillon', n: 7 },
      places: ['geheim/ä.md'],
    })
    await index().write([statements.setHeld('vault_1', 'a', null), ...statements.retellNote('vault_1', 4, 'a')])
    expect((await index().changes(3, 10)).map(({ stored }) => stored.held)).toEqual([null])
    expect((await index().vectors(1, 3, 10)).map(({ noteId, seq }) => ({ noteId, seq }))).toEqual([
      { noteId: 'a', seq: 4 },
    ])
  })

  test('a note of an earlier format is read until it is made anew', async () => {
    await index().write(statements.putNote('vault_1', 2, note('a')))
    const earlier = { title: 'a', aliases: [], tags: ['t'], ai: true, date: 1, headings: [], links: [] }
    await index().write([{ text: 'UPDATE index_notes SET meta = ?', params: [JSON.stringify(earlier)] }])
    expect((await index().changes(0, 10))[0]?.stored.judged).toEqual({
      path: 'a.md',
      tags: ['t'],
      label: 'internal',
      properties: {},
    })
  })

  test('a deleted note is told to followers, and nothing of it is kept', async () => {
    await index().write([
      ...statements.putNote('vault_1', 2, note('a', { text: 'forget me' })),
      ...statements.putVectors('vault_1', 3, { noteId: 'a', model: 1, data: new Uint8Array([1]) }),
    ])
    await index().write(statements.deleteNote('vault_1', 4, 'a'))
    expect(await index().files()).toEqual([])
    expect(await index().findText('a')).toBeUndefined()
    expect(await index().counts()).toEqual({ notes: 0, passages: 0 })
    expect((await index().changes(3, 10)).map(({ seq, noteId, deleted }) => ({ seq, noteId, deleted }))).toEqual([
      { seq: 4, noteId: 'a', deleted: true },
    ])
    expect(await index().vectors(1, 0, 10)).toEqual([])
    const rows = await store().read("SELECT * FROM index_notes WHERE note_id = 'a'")
    expect(JSON.stringify(rows)).not.toContain('forget me')
    expect(JSON.stringify(rows)).not.toContain('a.md')
  })

  test('a touched note is no change for followers, a moved one is', async () => {
    await index().write(statements.putNote('vault_1', 2, note('a')))
    const file = { noteId: 'a', path: 'b.md', version: 'v-a', mtimeMs: 7, size: 8, inode: '9' }
    await index().write([statements.touchNote('vault_1', { ...file, path: 'a.md' })])
    expect(await index().changes(2, 10)).toEqual([])
    await index().write([statements.moveNote('vault_1', 3, file)])
    expect((await index().changes(2, 10)).map(({ stored }) => stored.path)).toEqual(['b.md'])
    expect(await index().files()).toEqual([file])
  })

  test('a note of 20 MB of text, and a path with everything a file name can hold', async () => {
    const text = 'ä€😀 '.repeat(2_000_000)
    const path = `deep/${'x'.repeat(200)}/line\nbreak 'quote' "?" 😀 e\u0301.md`
    await index().write(statements.putNote('vault_1', 2, note('a', { text, path })))
    expect((await index().findText('a'))?.text === text).toBe(true)
    expect((await index().files())[0]?.path).toBe(path)
  })

  test('problems are replaced as a whole, counted, and the first of them listed', async () => {
    const problems = Array.from({ length: 30 }, (_, at) => ({
      path: `p${String(at).padStart(2, '0')}`,
      reason: `r${at}`,
    }))
    await index().write(statements.setProblems('vault_1', [{ path: 'old', reason: 'old' }]))
    await index().write(statements.setProblems('vault_1', problems))
    expect(await index().problems(2)).toEqual({ count: 30, first: problems.slice(0, 2) })
    await index().write(statements.setProblems('vault_1', []))
    expect(await index().problems(2)).toEqual({ count: 0, first: [] })
  })

  test('problems of paths as long as a system allows are kept, shortened', async () => {
    const long = Array.from({ length: 4_000 }, (_, at) => String.fromCodePoint(0x4e00 + ((at * 7_919) % 20_000))).join(
      '',
    )
    const problems = [long, `${long}2`, 'short'].map((path) => ({ path, reason: 'too long' }))
    await index().write(statements.setProblems('vault_1', problems))
    const { first } = await index().problems(10)
    expect(first.map(({ path }) => path.length).toSorted((a, b) => a - b)).toEqual([5, 801])
  })

  test('one vault’s index knows nothing of another’s', async () => {
    const other = createIndexStore(store(), 'vault_2')
    await other.reset(3, 50)
    await other.write([...statements.putNote('vault_2', 51, note('a')), statements.addTerms('vault_2', 0, ['x'])])
    expect(await index().changes(0, 10)).toEqual([])
    expect(await index().terms(0)).toEqual([])
    await index().remove()
    expect(await index().vault()).toBeNull()
    expect((await other.vault())?.seq).toBe(50)
    expect(await other.counts()).toEqual({ notes: 1, passages: 2 })
  })
}

function describeFollowing({ index }: Current): void {
  test('changes come in order and in pages, without a gap and none twice', async () => {
    for (let seq = 2; seq < 30; seq++) await index().write(statements.putNote('vault_1', seq, note(`n${seq % 20}`)))
    const seen: number[] = []
    for (let from = 0; ;) {
      const page = await index().changes(from, 7)
      seen.push(...page.map(({ seq }) => seq))
      if (page.length < 7) break
      from = page.at(-1)?.seq ?? 0
    }
    expect(seen).toEqual(Array.from({ length: 20 }, (_, at) => at + 10))
  })

  test('a follower that asks up to the vault’s number sees no later commit', async () => {
    await index().write([...statements.putNote('vault_1', 2, note('a')), statements.setSeq('vault_1', 2)])
    const row = await index().vault()
    await index().write([
      ...statements.putNote('vault_1', 3, note('b')),
      ...statements.putVectors('vault_1', 4, { noteId: 'b', model: 1, data: new Uint8Array([1]) }),
      statements.setSeq('vault_1', 4),
    ])
    expect((await index().changes(0, 10, row?.seq)).map(({ noteId }) => noteId)).toEqual(['a'])
    expect(await index().vectors(1, 0, 10, row?.seq)).toEqual([])
    expect((await index().changes(2, 10, 4)).map(({ noteId }) => noteId)).toEqual(['b'])
    expect(await index().vectors(1, 0, 10, 4)).toHaveLength(1)
  })

  test('terms go on from any number at which a commit began', async () => {
    await index().write([statements.addTerms('vault_1', 0, ['a', 'ß', '日']), statements.setSeq('vault_1', 2)])
    await index().write([statements.addTerms('vault_1', 3, ['d']), statements.setSeq('vault_1', 3)])
    expect(await index().terms(0)).toEqual(['a', 'ß', '日', 'd'])
    expect(await index().terms(3)).toEqual(['d'])
    expect(await index().terms(4)).toEqual([])
  })

  test('a model comes into force with its commit; the one before it stays for those who still use it', async () => {
    for (const id of [1, 2, 3]) {
      await index().write(statements.putModel('vault_1', id, new Uint8Array([id])))
      expect((await index().vault())?.model).toBe(id - 1)
      await index().write([statements.useModel('vault_1', id, id * 10), statements.setSeq('vault_1', id + 1)])
      expect(await index().vault()).toMatchObject({ model: id, trainedPassages: id * 10, seq: id + 1 })
    }
    expect(await index().model(1)).toBeNull()
    expect(await index().model(2)).toEqual(new Uint8Array([2]))
    expect(await index().model(3)).toEqual(new Uint8Array([3]))
  })

  test('a commit that was killed half-way, seen by nobody: the number and the notes come together', async () => {
    const failed = index().write([
      ...statements.putNote('vault_1', 2, note('a')),
      statements.setSeq('vault_1', 2),
      { text: 'INSERT INTO index_terms (vault) VALUES (NULL)' },
    ])
    expect(await failed.catch((thrown: CairnError) => thrown.code)).toBe('storage.failed')
    expect((await index().vault())?.seq).toBe(1)
    expect(await index().changes(0, 10)).toEqual([])
  })
}

function describeReset({ index }: Current): void {
  test('beginning anew empties the index, goes on with the sequence and changes the generation', async () => {
    const before = await index().vault()
    await index().write([
      ...statements.putNote('vault_1', 2, note('a')),
      statements.addTerms('vault_1', 0, ['x']),
      ...statements.putModel('vault_1', 1, new Uint8Array([1])),
      ...statements.setProblems('vault_1', [{ path: 'p', reason: 'r' }]),
      statements.setSeq('vault_1', 2),
    ])
    await index().reset(4, 3)
    const after = await index().vault()
    expect(after).toEqual({
      generation: expect.any(String),
      seq: 3,
      format: 4,
      model: 0,
      trainedPassages: 0,
      position: { epoch: '', seq: 0 },
    })
    expect(after?.generation).not.toBe(before?.generation)
    expect(await index().changes(0, 10)).toEqual([])
    expect(await index().terms(0)).toEqual([])
    expect(await index().model(1)).toBeNull()
    expect(await index().problems(1)).toEqual({ count: 0, first: [] })
  })

  test('a commit for a vault that was removed meanwhile is not written', async () => {
    await index().remove()
    const written = await index().write([
      ...statements.putNote('vault_1', 2, note('a')),
      statements.setSeq('vault_1', 2),
    ])
    expect(written).toBeNull()
    expect(await index().counts()).toEqual({ notes: 0, passages: 0 })
  })
}
