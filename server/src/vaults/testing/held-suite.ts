/** What is kept of notes, on whatever engine it is stored. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { systemClock } from '../../base/index.ts'
import type { Store } from '../../storage/index.ts'
import type { MakePlace, Place } from '../../storage/testing/places.ts'
import { createKeeper } from '../held/keeper.ts'
import { checkHeld, protection, steps } from '../held/testing/held-laws.ts'
import { vaultsSchema } from '../schema.ts'

export function describeKept(name: string, makePlace: MakePlace): void {
  describe(`what is kept of notes: ${name}`, () => {
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
    const open = () => createKeeper({ store, clock: systemClock, protection: async () => protection })

    test('whatever is done to notes, what one has said is in force until somebody confirms', async () => {
      await fc.assert(
        fc.asyncProperty(steps, async (todo) => {
          await store.write([{ text: 'DELETE FROM vaults_kept' }])
          await checkHeld(open, todo)
        }),
        { numRuns: 20 },
      )
    })

    test('what two decide at the same time is all kept, and a removed vault leaves nothing', async () => {
      const keepers = [open(), open(), open()]
      const own = { tags: [], label: null, owner: null, properties: {} }
      await Promise.all(
        keepers.map((keeper, at) =>
          keeper.decide('v', [
            {
              path: 'Übergabe “1” 潮.md',
              before: { ...own, tags: [`secret/${at}`] },
              now: own,
              body: '',
              isNewBody: false,
            },
          ]),
        ),
      )
      const again = { path: 'Übergabe “1” 潮.md', before: own, now: own, body: '', isNewBody: false }
      const held = await open().decide('v', [again])
      expect(held[again.path]?.tags.toSorted()).toEqual(['secret/0', 'secret/1', 'secret/2'])
      expect(await open().decide('w', [again])).toEqual({})
      await open().forget('v')
      expect(await store.read('SELECT * FROM vaults_kept')).toEqual([])
      expect(await open().decide('v', [again])).toEqual({})
    })
  })
}
