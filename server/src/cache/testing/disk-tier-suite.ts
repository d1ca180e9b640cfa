/** What every disk tier keeps to. `open` opens the same directory again and again, also at the same time. */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import type { DiskTier } from '../tiers.ts'
import { churn, entryOf, isTrueEntry, nameOf } from './disk-churn.ts'

export interface DiskTierSubject {
  readonly name: string
  readonly open: (directory: string, maxBytes: number) => Promise<DiskTier>
  /** Bytes of all files of the directory. */
  readonly measure: (directory: string) => number
}

const mebibyte = 1_024 * 1_024

// The machine may be busy with other tests.
setDefaultTimeout(60_000)

export function describeDiskTier({ name, open, measure }: DiskTierSubject): void {
  describe(`disk tier: ${name}`, () => {
    let directory: string
    let opened: DiskTier[]
    const openHere = async (maxBytes = 32 * mebibyte): Promise<DiskTier> => {
      const tier = await open(directory, maxBytes)
      opened.push(tier)
      return tier
    }
    beforeEach(async () => {
      opened = []
      directory = await mkdtemp(join(tmpdir(), 'cairn-disk-'))
    })
    afterEach(async () => {
      for (const tier of opened) await tier.close()
      await rm(directory, { recursive: true, force: true })
    })

    test('an entry reads as it was written, header and value, of any size', async () => {
      const tier = await openHere()
      for (const number of [0, 1, 2, 3, 50, 99, 100, 1_234]) {
        await tier.set(nameOf(number), entryOf(number, 7))
        expect(tier.get(nameOf(number))).toEqual(entryOf(number, 7))
      }
      const empty = { ...entryOf(1, 1), value: new Uint8Array() }
      await tier.set('empty', empty)
      expect(tier.get('empty')?.value).toHaveLength(0)
      expect(tier.get('absent')).toBeUndefined()
    })

    test('names of any length and letters are kept apart', async () => {
      const tier = await openHere()
      const names = [
        '',
        'a',
        'A',
        'ä',
        'a\u0308',
        '\u0000',
        '日本',
        'a/b',
        '../x',
        ' a',
        'n'.repeat(3_000),
        'constructor',
      ]
      await Promise.all(names.map((each, number) => tier.set(each, entryOf(number, 1))))
      names.forEach((each, number) => expect(tier.get(each)?.value).toEqual(entryOf(number, 1).value))
    })

    test('the last of several writes of a name is the one that stays, however they are sent', async () => {
      const tier = await openHere()
      const long = { ...entryOf(1, 1), value: new Uint8Array(200_000) }
      await Promise.all([tier.set('name', long), tier.set('name', entryOf(2, 2)), tier.set('name', entryOf(3, 3))])
      expect(tier.get('name')).toEqual(entryOf(3, 3))
      await tier.set('name', entryOf(4, 4))
      expect(tier.get('name')).toEqual(entryOf(4, 4))
      expect(tier.stats().entries).toBe(1)
    })

    test('a deleted entry is gone, also one whose write was still on its way', async () => {
      const tier = await openHere()
      await tier.set('name', entryOf(1, 1))
      tier.delete('name')
      tier.delete('never there')
      expect(tier.get('name')).toBeUndefined()
      const writing = tier.set('name', entryOf(2, 2))
      tier.delete('name')
      await writing
      expect(tier.get('name')).toBeUndefined()
      await tier.set('name', entryOf(3, 3))
      expect(tier.get('name')).toEqual(entryOf(3, 3))
    })

    test('a delete at any moment of a write wins over it', async () => {
      const tier = await openHere()
      for (let moment = 0; moment < 60; moment++) {
        const writing = tier.set('name', entryOf(99, moment))
        for (let ticks = 0; ticks < moment % 20; ticks++) await Promise.resolve()
        for (let turns = 0; turns < moment / 20; turns++) await new Promise((resolve) => setImmediate(resolve))
        tier.delete('name')
        expect(tier.get('name')).toBeUndefined()
        await writing
        expect(tier.get('name')).toBeUndefined()
      }
    })

    test('after clear nothing is left, also not after opening again, and writing goes on', async () => {
      const tier = await openHere()
      await Promise.all(Array.from({ length: 300 }, (_, number) => tier.set(nameOf(number), entryOf(number, 1))))
      const late = tier.set('late', entryOf(1, 1))
      await tier.clear()
      await late
      const again = await openHere()
      for (const each of [tier, again]) {
        for (let number = 0; number < 300; number++) expect(each.get(nameOf(number))).toBeUndefined()
        expect(each.get('late')).toBeUndefined()
      }
      expect(tier.stats().entries).toBe(0)
      await tier.set('name', entryOf(1, 1))
      expect(again.get('name')).toEqual(entryOf(1, 1))
    })

    test('what one opening wrote, another reads and deletes, while both are open and after both are closed', async () => {
      const first = await openHere()
      const second = await openHere()
      await first.set('one', entryOf(1, 1))
      await second.set('two', entryOf(2, 2))
      expect(second.get('one')).toEqual(entryOf(1, 1))
      expect(first.get('two')).toEqual(entryOf(2, 2))
      second.delete('one')
      expect(first.get('one')).toBeUndefined()
      await second.set('two', entryOf(2, 3))
      expect(first.get('two')).toEqual(entryOf(2, 3))
      await first.close()
      await second.close()
      const third = await openHere()
      expect(third.get('two')).toEqual(entryOf(2, 3))
      expect(third.stats().entries).toBe(1)
    })

    test('close waits for the writes; afterwards everything is a miss and nothing throws', async () => {
      const tier = await openHere()
      const writes = Array.from({ length: 100 }, (_, number) => tier.set(nameOf(number), entryOf(number, 1)))
      await tier.close()
      await Promise.all(writes)
      expect(tier.get(nameOf(1))).toBeUndefined()
      await tier.set('late', entryOf(1, 1))
      tier.delete('late')
      await tier.clear()
      expect(tier.stats().errors).toBe(0)
      await tier.close()
      const again = await openHere()
      for (let number = 0; number < 100; number++)
        expect(again.get(nameOf(number))?.value).toEqual(entryOf(number, 1).value)
    })

    test('files never exceed the bound however much is written, and recent entries are there', async () => {
      const maxBytes = 8 * mebibyte
      const tier = await openHere(maxBytes)
      let most = 0
      const onProgress = () => {
        most = Math.max(most, measure(directory))
      }
      const counts = await churn(tier, { seed: 1, first: 0, step: 1, sets: 12_000, deletes: 0.05, onProgress })
      expect(most).toBeGreaterThan(maxBytes / 2)
      expect(most).toBeLessThanOrEqual(maxBytes)
      expect(counts).toMatchObject({ wrong: 0, thrown: 0, errors: 0 })
      expect(counts.mostBytes).toBeLessThanOrEqual(maxBytes)
      expect(tier.stats().evictions).toBeGreaterThan(5_000)
      let recent = 0
      for (let number = 11_900; number < 12_000; number++) if (tier.get(nameOf(number))) recent++
      expect(recent).toBeGreaterThan(80)
    })

    test('what is read again and again outlives what is not', async () => {
      const tier = await openHere(8 * mebibyte)
      const small = Array.from({ length: 40 }, (_, index) => 100_000 + index)
      for (const number of small) await tier.set(nameOf(number), entryOf(number, 1))
      const cold = Array.from({ length: 40 }, (_, index) => 200_000 + index)
      for (const number of cold) await tier.set(nameOf(number), entryOf(number, 1))
      for (let round = 0; round < 30; round++) {
        await churn(tier, { seed: round, first: 10_000 * (round + 30), step: 1, sets: 300, deletes: 0 })
        for (const number of small) tier.get(nameOf(number))
        await new Promise((resolve) => setTimeout(resolve, 40))
      }
      const present = (numbers: number[]) => numbers.filter((number) => tier.get(nameOf(number))).length
      expect(present(small)).toBeGreaterThan(30)
      expect(present(cold)).toBeLessThan(5)
    })

    test('any order of writes, reads and deletes of two openings yields only what was written last, or nothing', async () => {
      const action = fc.record({
        kind: fc.constantFrom('set', 'set', 'get', 'get', 'delete', 'clear', 'reopen'),
        number: fc.nat(12),
        opening: fc.nat(1),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
          const folder = await mkdtemp(join(directory, 'run-'))
          const tiers = [await open(folder, 8 * mebibyte), await open(folder, 8 * mebibyte)]
          const model = new Map<number, number>()
          let version = 0
          for (const { kind, number, opening } of actions) {
            const tier = tiers[opening] as DiskTier
            if (kind === 'set') {
              await tier.set(nameOf(number), entryOf(number, ++version))
              model.set(number, version)
            } else if (kind === 'delete') {
              tier.delete(nameOf(number))
              model.delete(number)
            } else if (kind === 'clear') {
              await tier.clear()
              model.clear()
            } else if (kind === 'reopen') {
              await tier.close()
              tiers[opening] = await open(folder, 8 * mebibyte)
            } else {
              const entry = tier.get(nameOf(number))
              expect(entry?.header.asOf).toBe(model.get(number))
              if (entry) expect(isTrueEntry(number, entry)).toBe(true)
            }
          }
          for (const tier of tiers) await tier.close()
        }),
        { numRuns: 40 },
      )
    })
  })
}
