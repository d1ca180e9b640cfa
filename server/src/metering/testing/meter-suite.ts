/** What the meter promises, whatever the engine of its store. */
import { afterEach, beforeEach, describe, expect } from 'bun:test'
import type { Store } from '../../storage/index.ts'
import type { MakePlace, Place } from '../../storage/testing/places.ts'
import { meteringSchema, type OpenMeter } from '../index.ts'
import { describeBudgets } from './budget-cases.ts'
import { describeChains } from './chain-cases.ts'
import type { Current } from './current.ts'
import { createTestClock, findBreaches, openTestMeter, type TestClock } from './kit.ts'
import { describeLedger } from './ledger-cases.ts'
import { describeRules } from './rule-cases.ts'
import { describeLost, describeUsage } from './usage-cases.ts'

export function describeMeter(name: string, makePlace: MakePlace): void {
  describe(name, () => {
    let place: Place
    let store: Store
    let clock: TestClock
    let meter: OpenMeter
    beforeEach(async () => {
      place = await makePlace()
      store = await place.open([meteringSchema])
      clock = createTestClock()
      meter = await openTestMeter(store, place.location, { clock })
    })
    afterEach(async () => {
      await meter.close()
      expect(await findBreaches(store)).toEqual([])
      await store.close()
      await place.remove()
    })
    const current: Current = {
      meter: () => meter,
      store: () => store,
      place: () => place,
      clock: () => clock,
      reopen: async (more = {}) => {
        await meter.close()
        meter = await openTestMeter(store, place.location, { clock, ...more })
        return meter
      },
    }
    describeLedger(current)
    describeBudgets(current)
    describeRules(current)
    describeChains(current)
    describeUsage(current)
    describeLost(current)
  })
}
