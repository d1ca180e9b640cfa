/** What is stored of changes that the log is still to hear of, and what becomes of it, whatever the engine of the store. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { silentLogger, sleep } from '../../base/index.ts'
import type { Statement, Store } from '../../storage/index.ts'
import type { MakePlace, Place } from '../../storage/testing/places.ts'
import { createAnnouncer, type Announce } from '../announce.ts'
import { createIndexStore, statements } from '../index/index-store.ts'
import { indexSchema } from '../index/migrations.ts'

const leave = (vault: string, seq: number, scopes: string[]): Statement => ({
  text: 'INSERT INTO index_announcements (vault, seq, scopes) VALUES (?, ?, ?)',
  params: [vault, seq, JSON.stringify(scopes)],
})
const vaultRow = (vault: string, epoch: string, seq: number): Statement => ({
  text: `INSERT INTO index_vaults (vault, generation, seq, format, model, trained_passages, log_epoch, log_seq)
    VALUES (?, 'g', 9, 1, 0, 0, ?, ?)`,
  params: [vault, epoch, seq],
})

export function describeAnnouncements(name: string, makePlace: MakePlace): void {
  describe(`announcements: ${name}`, () => {
    let place: Place
    let store: Store
    beforeEach(async () => {
      place = await makePlace()
      store = await place.open([indexSchema])
    })
    afterEach(async () => {
      await store.close()
      await place.remove()
    })

    const rows = async () =>
      (await store.read('SELECT vault, scopes FROM index_announcements ORDER BY vault, seq')).map((row) => [
        row['vault'],
        JSON.parse(String(row['scopes'])) as string[],
      ])

    async function until(condition: () => boolean): Promise<void> {
      for (let turns = 0; !condition(); turns++) {
        if (turns > 1_000) throw new Error('it did not come true')
        await sleep(10)
      }
    }

    test('are written with the change or not at all', async () => {
      await createIndexStore(store, 'v').reset(1, 1)
      const change = (vault: string) => [
        ...statements.announce(vault, 2, new Set(['a.md', 'Ordner/潮.md'])),
        statements.setSeq(vault, 2),
      ]
      expect(await store.write(change('v'))).not.toBeNull()
      expect(await store.write(change('no vault'))).toBeNull()
      expect(await rows()).toEqual([
        ['v', ['vault:v']],
        ['v', ['note:v/a.md', 'note:v/Ordner/潮.md']],
      ])
      expect(statements.announce('v', 3, new Set())).toEqual([])
    })

    test('of a removed vault stay, though its numbers begin again', async () => {
      const index = createIndexStore(store, 'v')
      await index.reset(1, 1)
      await index.remove()
      await index.reset(1, 1)
      await index.remove()
      expect((await rows()).every(([vault, scopes]) => vault === 'v' && String(scopes) === 'vault:v')).toBe(true)
    })

    test('that a killed process left are announced by the next, those of each vault together, and taken out', async () => {
      await store.write([
        vaultRow('v', 'old', 900),
        vaultRow('w', 'now', 50),
        leave('v', 1, ['note:v/a.md']),
        leave('v', 2, ['note:v/b.md', 'note:v/a.md']),
        leave('w', 1, ['note:w/a.md']),
        leave('gone', 0, ['vault:gone']),
      ])
      const told: (readonly string[])[] = []
      const announced: string[] = []
      const announcer = createAnnouncer({
        store,
        logger: silentLogger,
        announce: async (scopes) => ({ epoch: 'now', seq: told.push(scopes) + 10 }),
        onAnnounced: (vault) => announced.push(vault),
      })
      announcer.wake()
      await until(() => announced.length === 3)
      await announcer.close()
      expect(told).toEqual([
        ['vault:gone', 'index:gone'],
        ['note:v/a.md', 'note:v/b.md', 'index:v'],
        ['note:w/a.md', 'index:w'],
      ])
      expect(await rows()).toEqual([])
      // A position of another epoch is replaced, and one that is further on stays.
      expect((await createIndexStore(store, 'v').vault())?.position).toEqual({ epoch: 'now', seq: 12 })
      expect((await createIndexStore(store, 'w').vault())?.position).toEqual({ epoch: 'now', seq: 50 })
    })

    test('stay when the log cannot take them, and when they were overwritten while they were announced', async () => {
      await store.write([vaultRow('v', '', 0), leave('v', 1, ['note:v/a.md'])])
      const told: (readonly string[])[] = []
      const announce: Announce = async (scopes) => {
        if (told.push(scopes) > 1) return null
        const overwrite = JSON.stringify(['note:v/b.md'])
        await store.write([{ text: 'UPDATE index_announcements SET scopes = ?', params: [overwrite] }])
        return { epoch: 'now', seq: 1 }
      }
      const announcer = createAnnouncer({ store, announce, logger: silentLogger, onAnnounced: () => announcer.wake() })
      announcer.wake()
      await until(() => told.length >= 3)
      await announcer.close()
      expect(told.slice(0, 3)).toEqual([
        ['note:v/a.md', 'index:v'],
        ['note:v/b.md', 'index:v'],
        ['note:v/b.md', 'index:v'],
      ])
      expect(await rows()).toEqual([['v', ['note:v/b.md']]])
    })

    test('of many commits go as their vault', async () => {
      const paths = (from: number) => Array.from({ length: 300 }, (_, index) => `note:v/${from + index}.md`)
      await store.write([vaultRow('v', '', 0), leave('v', 1, paths(0)), leave('v', 2, paths(300))])
      const told: (readonly string[])[] = []
      const announcer = createAnnouncer({
        store,
        logger: silentLogger,
        announce: async (scopes) => ({ epoch: 'now', seq: told.push(scopes) }),
        onAnnounced() {},
      })
      announcer.wake()
      await until(() => told.length === 1)
      await announcer.close()
      expect(told).toEqual([['vault:v', 'index:v']])
    })
  })
}
