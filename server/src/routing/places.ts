/**
 * The places of all providers: a bound for each provider, and within it one for each of its models, so that a model that
 * stalls cannot take every place of its provider (a bulkhead).
 */
import { createSlots, type Slots } from './slots.ts'
import type { Deployment } from './types.ts'

export interface PlaceLimits {
  /** Requests in work and waiting at one provider. */
  readonly inFlight: number
  readonly waiting: number
  /** Processes that share what a provider’s own `maxInFlight` allows. */
  readonly workers: number
}

/** A thousand callers at one provider find a place or a queue; more than that is answered with 503 at once. */
const usualLimits: PlaceLimits = { inFlight: 256, waiting: 1_024, workers: 1 }

/** What one model may take of its provider’s places, when the provider has more than one. */
const shareOfOne = 0.75

/** The share of one of several processes of a server. */
export function sharePlaces(workers: number): PlaceLimits {
  const { inFlight, waiting } = usualLimits
  return { inFlight: Math.ceil(inFlight / workers), waiting: Math.ceil(waiting / workers), workers }
}

export interface Places {
  of(deployment: Deployment): Slots
  load(): { provider: string; inFlight: number; waiting: number }[]
}

export function createPlaces(limits: PlaceLimits = usualLimits): Places {
  const ofProviders = new Map<string, Slots>()
  const ofModels = new Map<string, Slots>()

  function slotsOf({ provider, id }: Deployment): Slots {
    const own = provider.maxInFlight === null ? limits.inFlight : Math.ceil(provider.maxInFlight / limits.workers)
    const inFlight = Math.max(1, own)
    let whole = ofProviders.get(provider.id)
    if (!whole) ofProviders.set(provider.id, (whole = createSlots(provider.id, { inFlight, waiting: limits.waiting })))
    if (provider.models.length === 1) return whole
    let bulkhead = ofModels.get(id)
    if (!bulkhead) {
      const most = Math.max(1, Math.ceil(inFlight * shareOfOne))
      ofModels.set(id, (bulkhead = nest(createSlots(id, { inFlight: most, waiting: limits.waiting }), whole)))
    }
    return bulkhead
  }

  return {
    of: slotsOf,
    load: () =>
      [...ofProviders].map(([provider, each]) => ({
        provider,
        inFlight: each.inFlight(),
        waiting:
          each.waiting() +
          [...ofModels].reduce((sum, [id, { waiting }]) => sum + (id.startsWith(`${provider}/`) ? waiting() : 0), 0),
      })),
  }
}

/** A place in both, taken from the inner one first. */
function nest(inner: Slots, outer: Slots): Slots {
  return {
    async enter(signal) {
      const leaveInner = await inner.enter(signal)
      try {
        const leaveOuter = await outer.enter(signal)
        return () => {
          leaveOuter()
          leaveInner()
        }
      } catch (thrown) {
        leaveInner()
        throw thrown
      }
    },
    inFlight: inner.inFlight,
    waiting: inner.waiting,
  }
}
