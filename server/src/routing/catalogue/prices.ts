/**
 * What a vendor asks for a model, from `@pydantic/genai-prices`. Of its many units only tokens of text and of the prompt
 * cache are taken; pictures, sound, searches and an hour’s cache are not priced. Of a price with steps by length of the
 * prompt the first step is taken, so a very long prompt costs more than is booked. Of a price by time of day the dearest
 * is, so that a budget is not passed at noon that was kept at night. A price is never taken from another model.
 */
import type { ConditionalPrice, ModelInfo, ModelPrice } from '@pydantic/genai-prices'
import type { ModelPrice as Price } from '@cairn/contract'
import { declareModel } from '../../providers/index.ts'
import { listNames } from './model-names.ts'
import { findPricedModel } from './price-entries.ts'

export interface PriceFacts {
  readonly price: Price | null
  readonly contextWindow: number | null
  /** Only its input is priced, by tokens, as that of embeddings is; or nothing is priced by tokens. */
  readonly kind: 'embedding' | 'unknown' | null
}

/** Day on which the pinned version was published, in milliseconds since 1970. Prices that begin later wait for it. */
const publishedMs = Date.UTC(2026, 8, 23)

const unknown: PriceFacts = { price: null, contextWindow: null, kind: null }
const free: Price = { inputUsdPerMTok: 0, outputUsdPerMTok: 0, cacheReadUsdPerMTok: null, cacheWriteUsdPerMTok: null }

/** `atMs`: milliseconds since 1970 for prices that change at a date; the day of the data when absent. */
export function findPrice(vendor: string, model: string, atMs: number = publishedMs): PriceFacts {
  const entry = findEntry(vendor, model)
  if (!entry) return isFree(vendor, model) ? { ...unknown, price: free } : unknown
  const raw = Array.isArray(entry.prices) ? choosePrice(entry.prices, atMs) : entry.prices
  const contextWindow = Number.isSafeInteger(entry.context_window) ? (entry.context_window ?? null) : null
  return { price: toPrice(raw) ?? (isFree(vendor, model) ? free : null), contextWindow, kind: kindOf(raw, model) }
}

/** The vendor’s entry for the id; then for the id without its date or `latest`, which costs what the model does. */
function findEntry(vendor: string, model: string): ModelInfo | null {
  const names = listNames(model)
  const undated = names.map((name) => name.replace(/-(20\d{2}-?[01]\d-?[0-3]\d|latest)$/, ''))
  // A router’s variant (`:free`, `:nitro`) has a price of its own, which the name without it does not tell.
  const variant = vendor === 'openrouter' ? (/:[^:]*$/.exec(names[0] ?? '')?.[0] ?? '') : ''
  for (const name of new Set([...names, ...undated])) {
    const found = name.endsWith(variant) ? findPricedModel(vendor, name) : null
    if (found) return found
  }
  return null
}

/** Entries are in order; the last that applies counts, and among hours of the day the dearest. */
function choosePrice(prices: readonly ConditionalPrice[], atMs: number): ModelPrice {
  let chosen: ModelPrice = {}
  for (const { prices: price, constraint } of prices) {
    const begins = constraint?.type === 'start_date' ? Date.parse(constraint.start_date) : 0
    if (constraint?.type === 'time_of_date' ? weigh(price) > weigh(chosen) : begins <= atMs) chosen = price
  }
  return chosen
}

function weigh(price: ModelPrice): number {
  return (baseOf(price['input_mtok']) ?? 0) + (baseOf(price['output_mtok']) ?? 0)
}

function toPrice(raw: ModelPrice): Price | null {
  const input = baseOf(raw['input_mtok'])
  const output = baseOf(raw['output_mtok'])
  if (input === null && output === null) return null
  return {
    inputUsdPerMTok: input ?? 0,
    outputUsdPerMTok: output ?? 0,
    cacheReadUsdPerMTok: baseOf(raw['cache_read_mtok']),
    cacheWriteUsdPerMTok: baseOf(raw['cache_write_mtok']),
  }
}

function baseOf(price: ModelPrice[string]): number | null {
  const base = typeof price === 'object' ? price.base : price
  return base !== undefined && Number.isFinite(base) && base >= 0 ? base : null
}

/** Rerankers are priced as embedding models are; their names tell. */
function kindOf(raw: ModelPrice, model: string): PriceFacts['kind'] {
  const units = Object.keys(raw)
  if (units.length === 0) return null
  if (!units.includes('input_mtok') && !units.includes('output_mtok')) return 'unknown'
  if (units.includes('output_mtok') || units.some((unit) => unit.startsWith('cache'))) return null
  return declareModel(model).kind === 'unknown' ? 'unknown' : 'embedding'
}

/** OpenRouter’s variants that cost nothing say so in their name. */
function isFree(vendor: string, model: string): boolean {
  return vendor === 'openrouter' && model.toLowerCase().endsWith(':free')
}
