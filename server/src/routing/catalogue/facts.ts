/**
 * What is known of a model beyond its provider’s own words: the vendor is found, then its prices and the abilities of
 * the model. Look-ups are remembered.
 */
import type { CapabilityName, ModelPrice } from '@cairn/contract'
import type { ProviderDialect } from '../../providers/index.ts'
import { findAbilities, type Abilities } from './abilities.ts'
import { findPrice, type PriceFacts } from './prices.ts'
import { findNamedVendor, findVendor, type Vendor } from './vendors.ts'

export interface ModelQuestion {
  readonly dialect: ProviderDialect
  readonly egress: 'local' | 'external'
  /** Null for what has no address. */
  readonly baseUrl: string | null
  /** The id that the provider knows. */
  readonly model: string
  /** The vendor’s name of the same model, `model` or `vendor/model`, where the configuration gives it. */
  readonly catalogueId: string | null
  /** Milliseconds since 1970, for prices that change at a date; the day of the data when absent. */
  readonly atMs?: number
}

/** Null or absent where nothing is known. */
export interface ModelFacts {
  readonly contextWindow: number | null
  readonly maxOutputTokens: number | null
  readonly kind: 'chat' | 'embedding' | 'unknown' | null
  readonly capabilities: Readonly<Partial<Record<CapabilityName, boolean>>>
  readonly inputUsdPerMTok: number | null
  readonly outputUsdPerMTok: number | null
  readonly cacheReadUsdPerMTok: number | null
  readonly cacheWriteUsdPerMTok: number | null
}

const rememberedModels = 4_096
const dayMs = 86_400_000
const remembered = new Map<string, ModelFacts>()

const noPrice = {
  inputUsdPerMTok: null,
  outputUsdPerMTok: null,
  cacheReadUsdPerMTok: null,
  cacheWriteUsdPerMTok: null,
} satisfies Record<keyof ModelPrice, null>

const nothing: ModelFacts = { contextWindow: null, maxOutputTokens: null, kind: null, capabilities: {}, ...noPrice }

/**
 * Facts of the catalogue. A model on this machine is looked up only under a `catalogueId`, and then for what it can do:
 * it costs nothing, and how long its texts may be is for its server to say. Reads no clock, no file but those of the
 * two packages, and no network.
 */
export function findModelFacts(question: ModelQuestion): ModelFacts {
  const { dialect, egress, baseUrl, model, catalogueId, atMs } = question
  if (dialect === 'extractive' || (egress === 'local' && catalogueId === null)) return nothing
  const day = atMs === undefined ? '' : String(Math.floor(atMs / dayMs))
  const key = JSON.stringify([dialect, egress, baseUrl, model, catalogueId, day])
  const known = remembered.get(key)
  if (known) return known
  const facts = lookUp(question)
  if (remembered.size >= rememberedModels) remembered.clear()
  remembered.set(key, facts)
  return facts
}

function lookUp({ dialect, egress, baseUrl, model, catalogueId, atMs }: ModelQuestion): ModelFacts {
  const named = catalogueId === null ? null : findNamedVendor(catalogueId)
  if (egress === 'local') return named ? withoutLimits(factsOf(named.vendor, named.model, atMs)) : nothing
  const asked = catalogueId ?? model
  const vendor = baseUrl === null ? null : findVendor(dialect, baseUrl, asked)
  const facts = vendor ? factsOf(vendor, asked, atMs) : nothing
  // A name that a person gave holds also where the address is nobody’s or the vendor there does not list it.
  return named && isNothing(facts) ? factsOf(named.vendor, named.model, atMs) : facts
}

function factsOf({ prices, lists }: Vendor, model: string, atMs: number | undefined): ModelFacts {
  const priced: PriceFacts | null = prices === null ? null : findPrice(prices, model, atMs)
  const able: Abilities = findAbilities(lists, model)
  return {
    contextWindow: largerOf(able.contextWindow, priced?.contextWindow ?? null),
    maxOutputTokens: able.maxOutputTokens,
    kind: able.kind ?? priced?.kind ?? null,
    capabilities: able.capabilities,
    ...(priced?.price ?? noPrice),
  }
}

/**
 * Where the two sources differ, the larger: one is newer and the other less rounded, and a window that is too small
 * refuses what would fit, while one that is too large is found out by the provider and the next one is tried.
 */
function largerOf(a: number | null, b: number | null): number | null {
  return a === null ? b : Math.max(a, b ?? 0)
}

function withoutLimits({ kind, capabilities }: ModelFacts): ModelFacts {
  return { ...nothing, kind, capabilities }
}

function isNothing({ contextWindow, kind, inputUsdPerMTok, capabilities }: ModelFacts): boolean {
  return contextWindow === null && kind === null && inputUsdPerMTok === null && Object.keys(capabilities).length === 0
}
