/** Routing over the configured, discovered and built-in providers. */
import type { Config } from '@cairn/contract'
import { resolveModel } from './candidates.ts'
import { executePlan } from './execute.ts'
import { planAttempts } from './plan.ts'
import { createRegistry, type RegistryOptions } from './registry.ts'
import { createSlots, type SlotLimits, type Slots } from './slots.ts'
import type { Routing } from './types.ts'

export interface RoutingOptions extends Omit<RegistryOptions, 'defaultModel' | 'timeouts'> {
  readonly models: Config['models']
  readonly slotLimits?: SlotLimits
}

/** A thousand callers at one provider find a place or a queue; more than that is answered with 503 at once. */
const defaultSlotLimits: SlotLimits = { inFlight: 256, waiting: 1_024 }

/** The share of one of several processes of a server. */
export function shareSlots(workers: number): SlotLimits {
  const { inFlight, waiting } = defaultSlotLimits
  return { inFlight: Math.ceil(inFlight / workers), waiting: Math.ceil(waiting / workers) }
}

export function createRouting({ models, slotLimits = defaultSlotLimits, ...options }: RoutingOptions): Routing {
  const { clock, permits } = options
  const registry = createRegistry({ ...options, defaultModel: models.default, timeouts: models })
  const slots = new Map<string, Slots>()

  function slotsOf(provider: string): Slots {
    let found = slots.get(provider)
    if (!found) slots.set(provider, (found = createSlots(provider, slotLimits)))
    return found
  }

  return {
    candidates: (asked, capability) => resolveModel(asked ?? models.default, capability, registry.choice()),
    plan: planAttempts,
    execute: (plan, run) => executePlan(plan, run, { clock, permits, slotsOf, totalTimeoutMs: models.totalTimeoutMs }),
    models: registry.models,
    refresh: registry.refresh,
    discover: registry.discover,
    load: () =>
      [...slots].map(([provider, each]) => ({ provider, inFlight: each.inFlight(), waiting: each.waiting() })),
  }
}
