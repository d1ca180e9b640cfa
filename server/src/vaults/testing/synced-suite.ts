/** Notes of vaults that devices sync, on whatever engine they are stored. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { systemClock } from '../../base/index.ts'
import type { Store } from '../../storage/index.ts'
import type { MakePlace, Place } from '../../storage/testing/places.ts'
import { createRegister } from '../register.ts'
import { vaultsSchema } from '../schema.ts'
import { createSyncedNotes, versionOf, type SyncedNotes } from '../synced/synced-notes.ts'
import { syncedSource } from '../synced/synced-source.ts'

const [ann, ben] = ['ann0000000000000', 'ben0000000000000']

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (thrown: { code?: unknown }) => thrown.code,
  )

export function describeSynced(name: string, makePlace: MakePlace): void {
  describe(`notes that devices sync: ${name}`, () => {
    let place: Place
    let store: Store
    let synced: SyncedNotes
    let vault: string
    beforeEach(async () => {
      place = await makePlace()
      store = await place.open([vaultsSchema])
      synced = createSyncedNotes(store, systemClock)
      vault = (await createRegister(store, systemClock).addSynced('Field notes')).id
      await synced.takeOver(vault, ann, 'Ann’s laptop', null)
    })
    afterEach(async () => {
      await store.close()
      await place.remove()
    })

    const put = (device: string, path: string, text: string, match: string | null = null) =>
      synced.write(vault, { device, notes: [{ path, match, text, mtime: 1_000 }], deleted: [] })
    const has = async () => {
      const source = syncedSource(store, vault)
      const { notes } = await source.list({ excludes: () => false })
      const texts = notes.map(async (note) => [note.path, await source.read(note)] as const)
      return Object.fromEntries(await Promise.all(texts))
    }

    test('what is sent is there, byte for byte, and a lost reply costs nothing', async () => {
      const text = '\uFEFF---\ntags: [a]\n---\r\nZażółć 潮 🗻 \u2028 e\u0301'
      const written = await put(ann, 'Pläne/潮 🗻.md', text)
      expect(written).toMatchObject({ stored: [{ path: 'Pläne/潮 🗻.md', version: versionOf(text) }], conflicts: [] })
      expect(await put(ann, 'Pläne/潮 🗻.md', text)).toMatchObject({
        stored: [{ version: versionOf(text) }],
        conflicts: [],
      })
      expect(await has()).toEqual({ 'Pläne/潮 🗻.md': { text } })
    })

    test('a note is replaced and deleted only in the version that is told', async () => {
      await put(ann, 'a.md', 'one')
      expect((await put(ann, 'a.md', 'two')).conflicts).toEqual([
        { path: 'a.md', kind: 'edited', version: versionOf('one') },
      ])
      expect((await put(ann, 'a.md', 'two', versionOf('zero'))).conflicts).toHaveLength(1)
      expect((await put(ann, 'a.md', 'two', versionOf('one'))).stored).toHaveLength(1)
      const remove = (match: string) =>
        synced.write(vault, { device: ann, notes: [], deleted: [{ path: 'a.md', match }] })
      expect((await remove(versionOf('one'))).conflicts).toEqual([
        { path: 'a.md', kind: 'changed', version: versionOf('two') },
      ])
      expect((await remove(versionOf('two'))).deleted).toEqual(['a.md'])
      expect((await remove(versionOf('two'))).deleted).toEqual(['a.md'])
      expect(await has()).toEqual({})
    })

    test('of a batch what can be stored is stored, in one step with one number', async () => {
      await put(ann, 'a.md', 'one')
      const notes = ['a.md', 'b.md', 'A.md'].map((path) => ({ path, match: null, text: `new ${path}`, mtime: 1 }))
      const written = await synced.write(vault, { device: ann, notes, deleted: [] })
      expect(written.stored.map(({ path }) => path)).toEqual(['b.md', 'A.md'])
      expect(written.conflicts).toEqual([{ path: 'a.md', kind: 'edited', version: versionOf('one') }])
      expect(written.seq).toBe(2)
      expect(Object.keys(await has())).toEqual(['A.md', 'a.md', 'b.md'])
    })

    test('only the publisher writes, and who takes over has to name the one before', async () => {
      expect(await codeOf(put(ben, 'a.md', 'one'))).toBe('vault.not-publisher')
      expect(await codeOf(synced.takeOver(vault, ben, 'Ben’s phone', null))).toBe('vault.not-publisher')
      expect(await codeOf(synced.purge(vault, ben, ['a.md']))).toBe('vault.not-publisher')
      expect(await synced.takeOver(vault, ben, 'Ben’s phone', ann)).toBe(true)
      expect(await codeOf(put(ann, 'a.md', 'one'))).toBe('vault.not-publisher')
      expect((await put(ben, 'a.md', 'one')).stored).toHaveLength(1)
    })

    test('of two who write at once neither overwrites the other', async () => {
      const texts = Array.from({ length: 8 }, (_, at) => `text ${at}`)
      const written = await Promise.all(texts.map((text) => put(ann, 'a.md', text)))
      expect(written.flatMap(({ stored }) => stored)).toHaveLength(1)
      expect(new Set(written.map(({ seq }) => seq)).size).toBe(8)
      const [only] = Object.values(await has()) as { text: string }[]
      expect(written.flatMap(({ stored }) => stored)[0]?.version).toBe(versionOf(only?.text ?? ''))
    })

    test('another device hears what it missed, and nothing of it is sent or deleted unasked', async () => {
      for (const path of ['behind', 'edited', 'changed', 'missing', 'deleted']) await put(ann, `${path}.md`, 'one')
      await put(ann, 'behind.md', 'two', versionOf('one'))
      await put(ann, 'edited.md', 'two', versionOf('one'))
      const gone = [{ path: 'deleted.md', match: versionOf('one') }]
      await synced.write(vault, { device: ann, notes: [], deleted: gone })
      const claims = {
        files: [
          { path: 'behind.md', version: versionOf('one') },
          { path: 'deleted.md', version: versionOf('one') },
          { path: 'edited.md', version: versionOf('mine') },
          { path: 'new.md', version: versionOf('new') },
        ],
        deleted: ['changed.md'],
        range: { after: null, upTo: null },
      }
      const told = await synced.compare(vault, { device: ben, base: 0 }, claims)
      expect(told.need).toEqual([{ path: 'new.md', match: null }])
      expect(told.conflicts.map(({ path, kind }) => `${path} ${kind}`).toSorted()).toEqual([
        'behind.md behind',
        'changed.md changed',
        'deleted.md deleted',
        'edited.md edited',
        'missing.md missing',
      ])
      expect(told.gone).toEqual([])
      expect(told.deletions).toEqual([])
      const seen = await synced.compare(vault, { device: ben, base: 99 }, claims)
      expect(seen.conflicts).toEqual([])
      expect(seen.gone).toEqual(['missing.md'])
      expect(seen.deletions).toEqual([{ path: 'changed.md', match: versionOf('one') }])
    })

    test('a stretch of the vault is by code points on both engines', async () => {
      const paths = ['Z.md', 'a.md', 'ä.md', '\uFFEE.md', '🗻.md']
      for (const path of paths) await put(ann, path, path)
      const gone = async (after: string | null, upTo: string | null) =>
        (
          await synced.compare(vault, { device: ann, base: 0 }, { files: [], deleted: [], range: { after, upTo } })
        ).gone.toSorted()
      expect(await gone('Z.md', '\uFFEE.md')).toEqual(['a.md', 'ä.md', '\uFFEE.md'].toSorted())
      expect(await gone('\uFFEE.md', null)).toEqual(['🗻.md'])
      expect(await gone(null, 'Z.md')).toEqual(['Z.md'])
    })

    test('nothing of what is excluded is kept', async () => {
      await put(ann, 'Private/a.md', 'one')
      await put(ann, 'b.md', 'two')
      await put(ann, 'Private/a.md', 'three', versionOf('one'))
      expect(await synced.purge(vault, ann, ['Private/a.md', 'never.md'])).toBe(1)
      const rows = await store.read('SELECT * FROM vaults_synced_notes')
      expect(JSON.stringify(rows)).not.toContain('Private')
      expect(JSON.stringify(rows)).not.toContain(versionOf('one'))
      expect(Object.keys(await has())).toEqual(['b.md'])
    })

    test('a removed vault leaves nothing', async () => {
      await put(ann, 'a.md', 'one')
      await createRegister(store, systemClock).remove(vault)
      expect(await store.read('SELECT * FROM vaults_synced_notes')).toEqual([])
      expect(await codeOf(synced.get(vault))).toBe('vault.not-found')
    })
  })
}
