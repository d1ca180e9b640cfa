/** Makes providers from their configuration, with the defaults that depend on the address. */
import { capabilityNames, type CapabilityName, type Upstream } from '@cairn/contract'
import { Secret, type Clock } from '../base/index.ts'
import type { Outbound } from '../platform/index.ts'
import { declareModel } from './model-kind.ts'
import type { Timeouts } from './openai/call-guard.ts'
import { createAnthropicProvider } from './anthropic/provider.ts'
import { createGoogleProvider } from './google/provider.ts'
import { createOpenAiProvider } from './openai/provider.ts'
import type { ModelDeclaration, Provider } from './types.ts'

export interface ProviderServices {
  readonly outbound: Outbound
  readonly clock: Clock
  readonly timeouts: Timeouts
}

/** An upstream as configured or discovered; the key may have been wrapped by the configuration already. */
export type UpstreamSettings = Omit<Upstream, 'apiKey'> & { apiKey?: string | Secret | undefined }

export function createProvider(upstream: UpstreamSettings, services: ProviderServices): Provider {
  const egress = upstream.egress ?? (isLoopback(upstream.baseUrl) ? 'local' : 'external')
  const { apiKey } = upstream
  return dialects[upstream.dialect]({
    id: upstream.id,
    baseUrl: upstream.baseUrl,
    apiKey: typeof apiKey === 'string' ? new Secret(apiKey) : (apiKey ?? null),
    auth: upstream.auth ?? 'bearer',
    hasResponses: upstream.hasResponses ?? false,
    egress,
    clearance: upstream.clearance ?? (egress === 'local' ? 'restricted' : 'internal'),
    region: upstream.region ?? null,
    maxInFlight: upstream.maxInFlight ?? null,
    models: upstream.models.map(toDeclaration),
    ...services,
  })
}

const dialects = {
  openai: createOpenAiProvider,
  anthropic: createAnthropicProvider,
  google: createGoogleProvider,
} as const

function toDeclaration(model: Upstream['models'][number]): ModelDeclaration {
  if (typeof model === 'string') return declareModel(model)
  const guessed = declareModel(model.id)
  return {
    ...guessed,
    kind: kindOf(model.capabilities) ?? guessed.kind,
    contextWindow: model.contextWindow ?? null,
    maxOutputTokens: model.maxOutputTokens ?? null,
    capabilities: readCapabilities(model.capabilities ?? []),
    inputUsdPerMTok: model.inputUsdPerMTok ?? null,
    outputUsdPerMTok: model.outputUsdPerMTok ?? null,
    cacheReadUsdPerMTok: model.cacheReadUsdPerMTok ?? null,
    cacheWriteUsdPerMTok: model.cacheWriteUsdPerMTok ?? null,
    catalogueId: model.catalogueId ?? null,
    weight: model.weight ?? guessed.weight,
    priority: model.priority ?? guessed.priority,
  }
}

/** `tools` says that it can, `-tools` that it cannot; words that are no capability say nothing. */
function readCapabilities(words: readonly string[]): ModelDeclaration['capabilities'] {
  const said: Partial<Record<CapabilityName, boolean>> = {}
  for (const name of capabilityNames) {
    if (words.includes(name)) said[name] = true
    else if (words.includes(`-${name}`)) said[name] = false
  }
  return said
}

function kindOf(capabilities: readonly string[] | undefined): ModelDeclaration['kind'] | undefined {
  if (capabilities?.some((name) => name.startsWith('embed')))
    return capabilities.includes('chat') ? 'unknown' : 'embedding'
  return capabilities?.includes('chat') ? 'chat' : undefined
}

/** Whether the address can only be this machine. */
function isLoopback(address: string): boolean {
  const host = new URL(address).hostname
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
