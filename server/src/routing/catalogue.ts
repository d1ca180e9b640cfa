/**
 * The list of deployments: every model of every provider, in the configured order, with what is known of it. What the
 * configuration declares counts; then what the provider’s own list told; then the catalogue.
 */
import type { CapabilityName, ModelInfo } from '@cairn/contract'
import type { ModelDeclaration, Provider } from '../providers/index.ts'
import { findModelFacts } from './catalogue/index.ts'
import type { Deployment } from './types.ts'

export function listDeployments(
  providers: readonly Provider[],
  learned: ReadonlyMap<string, readonly ModelDeclaration[]>,
): Deployment[] {
  return providers.flatMap((provider) => modelsOf(provider, learned).map((model) => createDeployment(provider, model)))
}

export function createDeployment(provider: Provider, model: ModelDeclaration): Deployment {
  const facts = findModelFacts({
    dialect: provider.dialect,
    egress: provider.egress,
    baseUrl: provider.url,
    model: model.id,
    catalogueId: model.catalogueId,
  })
  const isPriced = model.inputUsdPerMTok !== null || model.outputUsdPerMTok !== null
  // A declared price is the whole price: a discount for cached input that was not declared is not assumed.
  const price = isPriced ? model : facts
  const info: ModelInfo = {
    id: model.id,
    provider: provider.id,
    dialect: provider.dialect,
    egress: provider.egress,
    clearance: provider.clearance,
    region: provider.region,
    kind: model.kind === 'unknown' ? (facts.kind ?? 'unknown') : model.kind,
    contextWindow: model.contextWindow ?? facts.contextWindow,
    maxOutputTokens: model.maxOutputTokens ?? facts.maxOutputTokens,
    capabilities: { ...facts.capabilities, ...model.capabilities },
    inputUsdPerMTok: price.inputUsdPerMTok,
    outputUsdPerMTok: price.outputUsdPerMTok,
    cacheReadUsdPerMTok: price.cacheReadUsdPerMTok,
    cacheWriteUsdPerMTok: price.cacheWriteUsdPerMTok,
    priceSource: isPriced ? 'config' : facts.inputUsdPerMTok === null ? null : 'catalogue',
    builtIn: provider.dialect === 'extractive',
    isDefault: false,
  }
  return {
    id: `${provider.id}/${model.id}`,
    provider,
    model: model.id,
    egress: provider.egress,
    clearance: provider.clearance,
    region: provider.region,
    info,
    weight: model.weight,
    priority: model.priority,
  }
}

/** False only where it is known that the model lacks it. */
export function mayHave({ info }: Deployment, capability: CapabilityName): boolean {
  return info.capabilities[capability] !== false
}

/** A provider that declares nothing is known by what it listed. */
function modelsOf(
  provider: Provider,
  learned: ReadonlyMap<string, readonly ModelDeclaration[]>,
): readonly ModelDeclaration[] {
  return provider.models.length > 0 ? provider.models : (learned.get(provider.id) ?? [])
}
