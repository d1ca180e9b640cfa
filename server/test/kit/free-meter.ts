/** A meter without limits and budgets that keeps what was booked, for rigs that are about other parts. */
import type { Booking, Estimate, Meter, MeteredCall, MeteredModel } from '../../src/metering/types.ts'

export interface Booked extends Booking {
  readonly call: MeteredCall
  readonly model: MeteredModel
}

export function createFreeMeter() {
  const booked: Booked[] = []
  const hits: { call: MeteredCall; model: MeteredModel; nanoUsd: number | null }[] = []
  const open = new Set<{ model: MeteredModel; estimate: Estimate }>()
  const meter: Pick<Meter, 'begin' | 'wouldRefuse'> = {
    wouldRefuse: () => null,
    begin: async (call) => ({
      async attempt(model, estimate) {
        const held = { model, estimate }
        open.add(held)
        return {
          settle(booking) {
            if (open.delete(held)) booked.push({ ...booking, call, model })
          },
          cancel: () => void open.delete(held),
        }
      },
      hit: (model, { nanoUsd }) => void hits.push({ call, model, nanoUsd }),
    }),
  }
  return { meter, booked, hits, open }
}
