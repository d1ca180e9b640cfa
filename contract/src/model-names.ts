/**
 * THE table of names that mean a model without naming a provider. Who resolves a model and who takes the id of a new
 * provider both read it, so that no provider can be called what already means something else.
 */
import type { RoutingStrategy } from './config.ts'

/** The virtual models that are always there, unless the configuration gives one of these names another meaning. */
export const builtInVirtualModels = {
  auto: 'best',
  local: 'best',
  fast: 'fastest',
  cheap: 'cheapest',
  best: 'best',
} as const satisfies Record<string, RoutingStrategy>

/** The model that answers by quoting, and the provider that has it. */
export const extractiveModel = 'extractive'
export const builtInProvider = 'cairn'

/**
 * Why a provider cannot have this id, as the end of a sentence about it; null when it can. `virtualModels` are the names
 * that the configuration gives.
 */
export function findReserved(id: string, virtualModels: readonly string[]): string | null {
  if (id === builtInProvider) return 'is the built-in provider'
  if (id === extractiveModel) return 'is the built-in model'
  if (Object.hasOwn(builtInVirtualModels, id)) return 'means several models wherever a model is named'
  return virtualModels.includes(id) ? 'is a name of routing.virtualModels' : null
}
