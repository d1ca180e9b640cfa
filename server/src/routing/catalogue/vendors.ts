/**
 * Whose prices and capabilities a provider’s models have. In this order: the vendor whose API address the provider has;
 * the vendor that made its dialect; and for a provider of the OpenAI dialect at an address that nobody knows, the vendor
 * whose models alone bear such a name. The last is a guess that a proxy charges what the vendor does, so it is made for
 * closed models only: an open one is sold by many at many prices.
 */
import type { ProviderDialect } from '../../providers/index.ts'
import { getPrices } from './packages.ts'

export interface Vendor {
  /** Its id in the price package; null where that has none. */
  readonly prices: string | null
  /** Lists of the snapshot in which its models may be, first ones first. */
  readonly lists: readonly string[]
}

/** Lists of the snapshot by the vendor’s id in the price package. */
const listsByPriceId: Readonly<Record<string, readonly string[]>> = {
  anthropic: ['anthropic'],
  aws: ['amazon-bedrock'],
  azure: ['azure', 'openai'],
  baseten: ['baseten'],
  cerebras: ['cerebras'],
  cloudflare: ['cloudflare-workers-ai'],
  deepseek: ['deepseek'],
  fireworks: ['fireworks-ai'],
  'github-copilot': ['github-copilot'],
  google: ['google', 'google-vertex', 'google-vertex-anthropic'],
  groq: ['groq'],
  mistral: ['mistral'],
  moonshotai: ['moonshotai'],
  openai: ['openai'],
  openrouter: ['openrouter'],
  perplexity: ['perplexity'],
  together: ['togetherai'],
  'x-ai': ['xai'],
  zai: ['zai'],
  zhipuai: ['zhipuai'],
}

/** Lists of vendors without prices, by the beginning of their address, without the scheme. */
const listsByAddress: readonly (readonly [address: string, list: string])[] = [
  ['dashscope-intl.aliyuncs.com/', 'alibaba'],
  ['dashscope.aliyuncs.com/', 'alibaba-cn'],
  ['llm.chutes.ai/', 'chutes'],
  ['api.deepinfra.com/', 'deepinfra'],
  ['go.fastrouter.ai/', 'fastrouter'],
  ['models.github.ai/', 'github-models'],
  ['router.huggingface.co/', 'huggingface'],
  ['api.inceptionlabs.ai/', 'inception'],
  ['inference.net/', 'inference'],
  ['api.llama.com/', 'llama'],
  ['api-inference.modelscope.cn/', 'modelscope'],
  ['api.morphllm.com/', 'morph'],
  ['integrate.api.nvidia.com/', 'nvidia'],
  ['opencode.ai/', 'opencode'],
  ['llm.submodel.ai/', 'submodel'],
  ['api.synthetic.new/', 'synthetic'],
  ['api.upstage.ai/', 'upstage'],
  ['api.venice.ai/', 'venice'],
  ['api.inference.wandb.ai/', 'wandb'],
]

const closedNames: readonly (readonly [vendor: string, names: RegExp])[] = [
  ['openai', /^(gpt-(?!oss)|chatgpt-|o[1-9](-|$)|text-embedding-(3|ada))/],
  ['x-ai', /^grok-/],
]

export function findVendor(dialect: ProviderDialect, baseUrl: string, model: string): Vendor | null {
  return findByAddress(baseUrl) ?? findByDialect(dialect) ?? findByClosedName(model)
}

/**
 * The vendor of a name that a person wrote into the configuration: `vendor/model`, or a model by any vendor’s name.
 * Returns the model without the vendor.
 */
export function findNamedVendor(catalogueId: string): { vendor: Vendor; model: string } | null {
  const slash = catalogueId.indexOf('/')
  if (slash > 0) {
    const named = getPrices().findProvider({ providerId: catalogueId.slice(0, slash) })
    if (named) return { vendor: createVendor(named.id), model: catalogueId.slice(slash + 1) }
  }
  const maker = getPrices().findProvider({ modelId: catalogueId.toLowerCase() })
  return maker ? { vendor: createVendor(maker.id), model: catalogueId } : null
}

function findByAddress(baseUrl: string): Vendor | null {
  const url = URL.parse(baseUrl)
  if (!url) return null
  const address = `${url.host}${url.pathname.replace(/\/?$/, '/')}`
  const priced = getPrices().findProvider({ providerApiUrl: `https://${address}` })
  if (priced) return createVendor(priced.id, listByAddress(address))
  const list = listByAddress(address)
  return list ? { prices: null, lists: [list] } : null
}

function listByAddress(address: string): string | undefined {
  return listsByAddress.find(([beginning]) => address.startsWith(beginning))?.[1]
}

function findByDialect(dialect: ProviderDialect): Vendor | null {
  return dialect === 'anthropic' || dialect === 'google' ? createVendor(dialect) : null
}

function findByClosedName(model: string): Vendor | null {
  const closed = closedNames.find(([, names]) => names.test(model.toLowerCase()))
  return closed ? createVendor(closed[0]) : null
}

function createVendor(id: string, list?: string): Vendor {
  return { prices: id, lists: listsByPriceId[id] ?? (list === undefined ? [] : [list]) }
}
