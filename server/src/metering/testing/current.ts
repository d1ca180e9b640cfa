/** What the cases of the meter's suite have in hand. */
import { expect } from 'bun:test'
import { CairnError } from '../../base/index.ts'
import type { Store } from '../../storage/index.ts'
import type { Place } from '../../storage/testing/places.ts'
import type { OpenMeter } from '../index.ts'
import type { MeterOptions } from '../meter.ts'
import { bookingOf, callOf, estimateOf, paid, type TestClock } from './kit.ts'

export interface Current {
  meter: () => OpenMeter
  store: () => Store
  place: () => Place
  clock: () => TestClock
  reopen: (more?: Partial<MeterOptions>) => Promise<OpenMeter>
}

export async function refusalOf(work: Promise<unknown>): Promise<CairnError> {
  const thrown = await work.then(
    () => 'nothing was thrown',
    (reason: unknown) => reason,
  )
  expect(thrown).toBeInstanceOf(CairnError)
  return thrown as CairnError
}

export async function attempt(meter: OpenMeter, nano: number | null, call = callOf(), model = paid) {
  return (await meter.begin(call)).attempt(model, estimateOf(nano))
}

export async function spend(meter: OpenMeter, nano: number, call = callOf(), model = paid): Promise<void> {
  const held = await attempt(meter, nano, call, model)
  held.settle(bookingOf(nano))
  await meter.flush()
}
