/** What models, providers and routes say of themselves, in words for a person. */
import type {
  CapabilityName,
  Label,
  ModelInfo,
  PlannedAttemptInfo,
  ProviderInfo,
  RejectionRule,
  VirtualModelInfo,
} from '@cairn/contract'
import { formatMs, formatUsd } from '../shell/clock.ts'

export const capabilityNames: Readonly<Record<CapabilityName, string>> = {
  vision: 'Vision',
  tools: 'Tools',
  'json-schema': 'JSON schema',
  streaming: 'Streaming',
  reasoning: 'Reasoning',
}

export const labelNames: Readonly<Record<Label, string>> = {
  public: 'Public',
  internal: 'Internal',
  confidential: 'Confidential',
  restricted: 'Restricted',
}

export function describePlace({ egress }: Pick<ModelInfo, 'egress'>): string {
  return egress === 'local' ? 'on this machine' : 'outside'
}

const priceSources = { config: 'set by you', catalogue: 'catalogue', provider: 'its provider' } as const

export interface PriceWords {
  readonly price: string
  readonly source: string
}

/** In and out, for a million tokens; null where nothing is known. */
export function describePrice(model: ModelInfo): PriceWords | null {
  const { inputUsdPerMTok: input, outputUsdPerMTok: output, priceSource, builtIn, kind } = model
  if (builtIn) return { price: 'Free', source: '' }
  if (input === null && output === null) return null
  const source = priceSource === null ? '' : priceSources[priceSource]
  if (!input && !output) return { price: 'Free', source }
  const isInputOnly = kind === 'embedding' && !output
  const words = [input, ...(isInputOnly ? [] : [output])].map((usd) => (usd === null ? '?' : formatPrice(usd)))
  return { price: words.join(' / '), source }
}

function formatPrice(usd: number): string {
  return usd === 0 ? '$0' : formatUsd(usd)
}

export function formatSpeed(tokensPerSecond: number): string {
  return tokensPerSecond < 10 ? tokensPerSecond.toFixed(1) : String(Math.round(tokensPerSecond))
}

export const formatLatency = (ms: number): string => formatMs(ms)

export const strategyWords: Readonly<Record<string, string>> = {
  balanced: 'by expected time, errors and price',
  cheapest: 'the cheapest first',
  fastest: 'the one that answers soonest first',
  best: 'in the listed order',
  weighted: 'shared out by weight',
  priority: 'in the listed order',
}

/** The names that are always there, with the strategy that they then have. */
const builtInNames: Readonly<Record<string, { strategy: string; words: string }>> = {
  auto: { strategy: 'best', words: 'Models on this machine; for a chat the others where it has none' },
  local: { strategy: 'best', words: 'Models on this machine, never another' },
  fast: { strategy: 'fastest', words: 'Every chat model, the one that answers soonest first' },
  cheap: { strategy: 'cheapest', words: 'Every chat model, the cheapest first' },
  best: { strategy: 'best', words: 'Every chat model, in the configured order' },
}

export function describeVirtual({ id, strategy }: VirtualModelInfo): string {
  const own = builtInNames[id]
  return own?.strategy === strategy ? own.words : `A name of yours: ${strategyWords[strategy] ?? strategy}`
}

export const dialectNames: Readonly<Record<ProviderInfo['dialect'], string>> = {
  openai: 'OpenAI',
  anthropic: 'Anthropic',
  google: 'Google',
  extractive: 'Built in',
}

/** Why a provider cannot be changed here; empty for those that can. */
export const originWords: Readonly<Record<ProviderInfo['origin'], string>> = {
  database: '',
  configuration: 'Set in the configuration; change it there.',
  found: 'Found on this machine at the start.',
  'built-in': 'Always there; answers by quoting the notes.',
}

export const roleWords: Readonly<Record<PlannedAttemptInfo['role'], string>> = {
  choice: 'Tried first',
  fallback: 'Tried next',
  'last-resort': 'Last resort',
}

export const ruleWords: Readonly<Record<RejectionRule, string>> = {
  capability: 'Cannot do it',
  'context-window': 'Too many tokens',
  clearance: 'Not cleared for these notes',
  region: 'Wrong region',
  permission: 'Not yours to use',
  budget: 'Over budget',
  disabled: 'Switched off',
  health: 'Not well',
  limit: 'Enough others',
}

export function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
