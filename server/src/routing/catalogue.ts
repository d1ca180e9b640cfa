/** The list of deployments: every model of every provider, in the configured order. */
import type { ModelInfo } from '@cairn/contract'
import type { ModelDeclaration, Provider } from '../providers/index.ts'
import type { Deployment } from './types.ts'

export function listDeployments(
  providers: readonly Provider[],
  learned: ReadonlyMap<string, readonly ModelDeclaration[]>,
): Deployment[] {
  return providers.flatMap((provider) => modelsOf(provider, learned).map((model) => createDeployment(provider, model)))
}

export function createDeployment(provider: Provider, model: ModelDeclaration): Deployment {
  const info: ModelInfo = {
    id: model.id,
    provider: provider.id,
    egress: provider.egress,
    clearance: provider.clearance,
    kind: model.kind,
    contextWindow: model.contextWindow,
    inputUsdPerMTok: model.inputUsdPerMTok,
    outputUsdPerMTok: model.outputUsdPerMTok,
    builtIn: provider.dialect === 'extractive',
    isDefault: false,
  }
  return { provider, model: model.id, egress: provider.egress, clearance: provider.clearance, info }
}

/** What was declared counts; a provider that declares nothing is known by what it listed. */
function modelsOf(
  provider: Provider,
  learned: ReadonlyMap<string, readonly ModelDeclaration[]>,
): readonly ModelDeclaration[] {
  return provider.models.length > 0 ? provider.models : (learned.get(provider.id) ?? [])
}
