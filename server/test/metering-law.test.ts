/**
 * The law of the meter, under random interleavings of two processes and their deaths: balances and hours are the sum of
 * the ledger and of what is open, at every moment at which somebody looks; and in the end nothing is open.
 */
import { afterEach, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { BudgetRule } from '@cairn/contract'
import { CairnError } from '../src/base/index.ts'
import { meteringSchema, type MeteredAttempt, type OpenMeter } from '../src/metering/index.ts'
import {
  bookingOf,
  callOf,
  cents,
  countOpen,
  createTestClock,
  estimateOf,
  findBreaches,
  openTestMeter,
  paid,
  type TestClock,
} from '../src/metering/testing/kit.ts'
import type { Store } from '../src/storage/index.ts'
import { listEngines, type Place } from '../src/storage/testing/places.ts'

type Step =
  | { kind: 'reserve'; process: number; user: string; cents: number | null }
  | { kind: 'settle'; which: number; cents: number | null }
  | { kind: 'cancel'; which: number }
  | { kind: 'hit'; process: number; cents: number }
  | { kind: 'rules'; process: number; users: string[]; cents: number }
  | { kind: 'crash'; process: number }
  | { kind: 'time'; hours: number }
  | { kind: 'look' }

const user = fc.constantFrom('ada', 'bob')
const process2 = fc.nat(1)
const price = fc.option(fc.nat(4), { freq: 6 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('reserve' as const), process: process2, user, cents: price }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('settle' as const), which: fc.nat(), cents: price }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('hit' as const), process: process2, cents: fc.nat(4) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('rules' as const),
      process: process2,
      users: fc.uniqueArray(user),
      cents: fc.nat(60),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), process: process2 }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('time' as const), hours: fc.integer({ min: 1, max: 400 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('look' as const) }) },
)

interface Process {
  readonly store: Store
  readonly meter: OpenMeter
}

async function openProcess(place: Place, clock: TestClock, isFirst: boolean): Promise<Process> {
  const store = await place.open([meteringSchema])
  // It looks at nothing of its own accord: what it does not know, the database must make good.
  const meter = await openTestMeter(store, place.location, { clock, isFirst, refreshMs: 1e9, beatMs: 1e9, closeMs: 20 })
  return { store, meter }
}

async function run(place: Place, steps: readonly (readonly [Step, boolean])[]): Promise<void> {
  const clock = createTestClock()
  const watch = await place.open([meteringSchema])
  const processes = [await openProcess(place, clock, true), await openProcess(place, clock, false)]
  const dead: Process[] = []
  const held: MeteredAttempt[] = []
  let under: Promise<unknown>[] = []

  const at = (index: number) => processes[index] as Process
  async function take(one: Step): Promise<void> {
    if (one.kind === 'reserve') {
      const isAda = one.user === 'ada'
      const own = { id: one.user, credentialId: `key-of-${one.user}`, via: 'key' as const }
      const principal = isAda ? { ...own, withinKeys: ['outer', 'outermost'] } : own
      const call = callOf(one.user, { principal, teams: isAda ? ['t'] : [] })
      const request = await at(one.process).meter.begin(call)
      held.push(await request.attempt(paid, estimateOf(one.cents === null ? null : cents(one.cents))))
    } else if (one.kind === 'settle')
      held[one.which % held.length]?.settle(bookingOf(one.cents === null ? null : cents(one.cents)))
    else if (one.kind === 'cancel') held[one.which % held.length]?.cancel()
    else if (one.kind === 'hit') {
      const request = await at(one.process).meter.begin(callOf())
      request.hit(paid, { inputTokens: 1, outputTokens: 1, nanoUsd: cents(one.cents) })
    } else if (one.kind === 'rules') {
      const rules: BudgetRule[] = one.users.map((id) => ({ subject: { kind: 'user', id }, usdPerDay: one.cents / 100 }))
      const team: BudgetRule = { subject: { kind: 'team', id: 't' }, usdPerMonth: one.cents / 50 }
      const outer: BudgetRule = { subject: { kind: 'key', id: 'outer' }, usdPerMonth: one.cents / 40 }
      await at(one.process).meter.setBudgets([...rules, team, outer], 'owner')
    } else if (one.kind === 'crash') {
      const dying = at(one.process)
      dead.push(dying)
      // Its connection ends in the middle of whatever it does.
      void dying.store.close().catch(() => undefined)
      processes[one.process] = await openProcess(place, clock, false)
    } else if (one.kind === 'time') clock.advance(one.hours * 3_600_000)
    else expect(await findBreaches(watch)).toEqual([])
  }

  for (const [one, waits] of steps) {
    under.push(take(one).catch(expectedFailure))
    if (waits || one.kind === 'crash') {
      await Promise.all(under)
      under = []
    }
  }
  await Promise.all(under)
  await Promise.all(processes.map(({ meter }) => meter.flush()))
  expect(await findBreaches(watch)).toEqual([])
  for (const { meter, store } of processes) {
    await meter.close()
    await store.close()
  }
  await Promise.all(dead.map(({ meter }) => meter.close()))
  const heir = await openProcess(place, clock, true)
  expect(await countOpen(watch)).toBe(0)
  expect(await findBreaches(watch)).toEqual([])
  await heir.meter.close()
  await heir.store.close()
  await watch.close()
}

/** A refusal, or a connection that a crash took away. */
function expectedFailure(thrown: unknown): void {
  if (thrown instanceof CairnError && ['budget.exceeded', 'storage.failed'].includes(thrown.code)) return
  throw thrown
}

for (const [name, makePlace] of listEngines(process.env['CAIRN_TEST_DATABASE_URL'])) {
  if (name.includes('calling thread')) continue
  describe(name, () => {
    let place: Place | null = null
    afterEach(async () => {
      await place?.remove()
      place = null
    })

    test('balances and hours are always the sum of the ledger, and after a restart nothing is open', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(step, fc.boolean()), { minLength: 10, maxLength: 60 }), async (steps) => {
          place = await makePlace()
          await run(place, steps)
          await place.remove()
          place = null
        }),
        { numRuns: 8, endOnFailure: true },
      )
    })
  })
}
