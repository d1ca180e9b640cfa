/**
 * Finds the entry of a model in the price package. The package tries the rule of every entry in turn, of which a router
 * has seven hundred; a list of as many models would hold up everything else for a tenth of a second. So the entries
 * that ask for exactly one name are found by it first, and the package is handed those with the ones whose rules are
 * of another kind, in its own order: it decides among few.
 */
import type { MatchLogic, ModelInfo, Provider } from '@pydantic/genai-prices'
import { getPrices } from './packages.ts'

interface Entries {
  readonly provider: Provider
  /** Positions of the entries that ask for a name, in small letters. */
  readonly byName: ReadonlyMap<string, readonly number[]>
  /** Positions of those that ask for something else too. */
  readonly others: readonly number[]
}

/** At most one for each vendor of the package. */
const indexes = new Map<string, Entries>()

export function findPricedModel(vendor: string, name: string): ModelInfo | null {
  const index = indexOf(vendor)
  if (!index) return null
  const { provider, byName, others } = index
  // The package also takes a date without dashes for one with them.
  const dashed = name.replace(/-(20\d{2})([01]\d)([0-3]\d)(?=-|:|$)/g, '-$1-$2-$3')
  const positions = new Set([...(byName.get(name) ?? []), ...(byName.get(dashed) ?? []), ...others])
  if (positions.size === 0 && !provider.fallback_model_providers) return null
  const models = [...positions].sort((a, b) => a - b).flatMap((at) => provider.models[at] ?? [])
  try {
    // No usage: the entry alone is asked for. The package goes on to the vendors that this one resells.
    return getPrices().calcPrice({}, name, { provider: { ...provider, models } })?.model ?? null
  } catch {
    return null
  }
}

function indexOf(vendor: string): Entries | null {
  const known = indexes.get(vendor)
  if (known) return known
  const provider = getPrices().findProvider({ providerId: vendor })
  if (!provider) return null
  const byName = new Map<string, number[]>()
  const others: number[] = []
  provider.models.forEach(({ match }, at) => {
    const names = namesOf(match)
    if (!names) others.push(at)
    for (const name of names ?? []) byName.set(name, [...(byName.get(name) ?? []), at])
  })
  const index = { provider, byName, others }
  indexes.set(vendor, index)
  return index
}

/** The names that a rule asks for, where it asks for nothing else. */
function namesOf(match: MatchLogic): string[] | null {
  if ('equals' in match) return [match.equals.toLowerCase()]
  if (!('or' in match)) return null
  const names = match.or.map(namesOf)
  return names.includes(null) ? null : names.flatMap((each) => each ?? [])
}
