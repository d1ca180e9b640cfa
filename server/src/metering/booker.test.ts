/** Faults of the store: what is booked meanwhile is kept, and booked once. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { CairnError, silentLogger } from '../base/index.ts'
import { openDirectStore, type Statement, type Store } from '../storage/index.ts'
import { makeFolder } from '../storage/testing/places.ts'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createBooker } from './booker.ts'
import { meteringSchema, type OpenMeter } from './index.ts'
import { closeLine, openLine } from './ledger.ts'
import { createCalendar } from './periods.ts'
import {
  bookingOf,
  callOf,
  cents,
  countOpen,
  createTestClock,
  estimateOf,
  findBreaches,
  free,
  openTestMeter,
  paid,
} from './testing/kit.ts'
import { createView } from './view.ts'

let folder: string
let store: Store
let faulty: Store
let meter: OpenMeter
/** What happens to a write; null lets it through. */
let fault: ((statements: readonly Statement[]) => 'before' | 'after' | null) | null

beforeEach(async () => {
  folder = await makeFolder()
  const location = { kind: 'sqlite', file: join(folder, 'test.db'), durability: 'full' } as const
  store = await openDirectStore({ location, schemas: [meteringSchema] })
  fault = null
  faulty = {
    ...store,
    async write(statements) {
      const which = fault?.(statements) ?? null
      if (which === 'before') throw new CairnError('storage.failed', { internal: 'fault before the write' })
      const result = await store.write(statements)
      if (which === 'after') throw new CairnError('storage.failed', { internal: 'fault after the write' })
      return result
    },
  }
  meter = await openTestMeter(faulty, location)
})
afterEach(async () => {
  fault = null
  await meter.close()
  expect(await findBreaches(store)).toEqual([])
  expect(await countOpen(store)).toBe(0)
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

const count = async () => Number((await store.read('SELECT COUNT(*) AS n FROM metering_ledger'))[0]?.['n'])
const attempt = async (nano: number, model = paid, call = callOf()) =>
  (await meter.begin(call)).attempt(model, estimateOf(nano))
const isBooking = (statements: readonly Statement[]) =>
  statements.some(({ text }) => text.startsWith('INSERT INTO metering_ledger'))

test('what cannot be written is kept, and written when the store is back', async () => {
  const held = await attempt(cents(2))
  fault = () => 'before'
  held.settle(bookingOf(cents(1)))
  for (let index = 0; index < 300; index++) (await attempt(0, free)).settle(bookingOf(0))
  await Bun.sleep(400)
  expect(await count()).toBe(0)
  expect(meter.stats().waiting).toBe(301)
  fault = null
  await meter.flush()
  expect(await count()).toBe(301)
  expect(meter.stats()).toMatchObject({ waiting: 0, dropped: 0, reservations: 0 })
})

test('a write that stands although it seemed to fail is not done twice, with others that came meanwhile', async () => {
  await meter.setBudgets([{ subject: { kind: 'all', id: '*' }, usdPerDay: 1 }], 'owner')
  let faults = 4
  fault = (statements) => (isBooking(statements) && faults-- > 0 ? 'after' : null)
  for (let index = 0; index < 30; index++) {
    ;(await attempt(cents(1))).settle(bookingOf(cents(1)))
    ;(await attempt(0, free)).settle(bookingOf(0))
  }
  await meter.flush()
  expect(await count()).toBe(60)
  expect((await meter.listBudgets())[0]?.day).toMatchObject({ spentUsd: 0.3, reservedUsd: 0 })
})

test('a reservation that may stand although its write seemed to fail is given back', async () => {
  await meter.setBudgets([{ subject: { kind: 'all', id: '*' }, usdPerDay: 0.05 }], 'owner')
  for (const which of ['before', 'after'] as const) {
    fault = (statements) => (statements.some(({ text }) => text.startsWith('INSERT INTO metering_res')) ? which : null)
    const thrown = await attempt(cents(5)).catch((reason: unknown) => reason)
    expect((thrown as CairnError).code).toBe('storage.failed')
    fault = null
    ;(await attempt(cents(5))).cancel()
    await meter.flush()
  }
  expect((await meter.listBudgets())[0]?.day).toMatchObject({ spentUsd: 0, reservedUsd: 0 })
})

test('one line that the store never takes keeps the others waiting only for a while', async () => {
  fault = (statements) => (statements.some(({ params }) => params?.includes('poison') === true) ? 'before' : null)
  ;(await attempt(0, free, callOf('ada', { requestId: 'poison' }))).settle(bookingOf(0))
  for (let index = 0; index < 20; index++) (await attempt(0, free)).settle(bookingOf(0))
  const until = performance.now() + 20_000
  while ((await count()) < 20 && performance.now() < until) await Bun.sleep(20)
  expect(await count()).toBe(20)
  expect(meter.stats().waiting).toBe(1)
})

test('lines of free calls beyond the bound are counted as lost, what holds money never is', async () => {
  const view = createView({ store, clock: createTestClock(), logger: silentLogger, calendar: createCalendar() })
  fault = () => 'before'
  const booker = createBooker({
    store: faulty,
    view,
    calendar: createCalendar(),
    logger: silentLogger,
    mostWaiting: 10,
  })
  const line = (id: string) => closeLine(openLine(id, 1, callOf(), free), bookingOf(0))
  for (let index = 0; index < 25; index++) booker.add({ line: line(`line${index}`), hold: null })
  expect(booker.dropped).toBe(15)
  booker.add({ line: null, hold: { id: 'none', at: 1, heldNano: 5, subjects: ['all:*'] } })
  expect(booker.waiting).toBe(11)
  await booker.close(20)
  expect(await count()).toBe(0)
})
