/**
 * Which deployments an asked model means: the provider’s own id, `provider/model`, or an alias. Pure.
 *
 * `local` is every model on this machine. `auto` is the same, and where this machine has no chat model a chat request
 * may go to the configured external ones; a question to the notes stays here with the extractive model. So no call
 * that names an alias leaves the machine because a local model failed.
 */
import { fail, quote } from '../base/index.ts'
import type { Provider } from '../providers/index.ts'
import { createDeployment } from './catalogue.ts'
import type { Candidates, Capability, Deployment } from './types.ts'

export interface Choice {
  readonly deployments: readonly Deployment[]
  readonly providers: readonly Provider[]
}

export function resolveModel(asked: string, capability: Capability, choice: Choice): Candidates {
  const exact = choice.deployments.filter(({ model }) => model === asked)
  if (exact.length > 0) return { asked, exact: true, deployments: capableOf(exact, capability, asked) }
  if (asked === 'auto' || asked === 'local')
    return { asked, exact: false, deployments: resolveAlias(asked, capability, choice.deployments) }
  const named = resolveQualified(asked, choice)
  if (named.length > 0) return { asked, exact: false, deployments: capableOf(named, capability, asked) }
  fail('model.not-found', {
    message: `There is no model ${quote(asked)}. GET /v1/models lists the models that you can use.`,
    param: 'model',
  })
}

function resolveAlias(
  alias: 'auto' | 'local',
  capability: Capability,
  deployments: readonly Deployment[],
): Deployment[] {
  const able = deployments.filter((deployment) => isMeantByAlias(deployment, capability))
  const local = able.filter(({ egress }) => egress === 'local')
  // The extractive model comes last: it is what is left when no language model answers.
  local.sort((a, b) => Number(a.info.builtIn) - Number(b.info.builtIn))
  const chosen = local.length > 0 || alias === 'local' ? local : able
  if (chosen.length > 0) return chosen
  const purpose = capability === 'embedding' ? 'embedding model' : 'chat model'
  fail('model.not-found', {
    message: `There is no ${alias === 'local' ? `${purpose} on this machine` : purpose} for ${quote(alias)}. Start a model server such as Ollama or configure a provider, then see GET /v1/models.`,
    param: 'model',
  })
}

/** `provider/model`, also for a model that the provider has not listed when it has listed none. */
function resolveQualified(asked: string, { deployments, providers }: Choice): Deployment[] {
  const slash = asked.indexOf('/')
  const provider = slash > 0 ? providers.find(({ id }) => id === asked.slice(0, slash)) : undefined
  const model = asked.slice(slash + 1)
  if (!provider || model === '') return []
  const known = deployments.filter((deployment) => deployment.provider === provider)
  if (known.length > 0 || provider.url === null) return known.filter((deployment) => deployment.model === model)
  return [
    createDeployment(provider, {
      id: model,
      kind: 'unknown',
      contextWindow: null,
      inputUsdPerMTok: null,
      outputUsdPerMTok: null,
    }),
  ]
}

function capableOf(deployments: readonly Deployment[], capability: Capability, asked: string): Deployment[] {
  const able = deployments.filter((deployment) => isCapable(deployment, capability))
  if (able.length > 0) return able
  const message = deployments.some(({ info }) => info.builtIn)
    ? `The model ${quote(asked)} answers questions to your notes only: use POST /v1/ask for those. To chat, connect a model server (docs/guide/models.md) and name one of its models.`
    : `The model ${quote(asked)} ${capability === 'embedding' ? 'chats and computes no embeddings' : 'computes embeddings and cannot chat'}. GET /v1/models lists the models that you can use.`
  fail('model.capability', { message, param: 'model' })
}

/** A model that somebody names may do what we do not know of; one that an alias picks must be known to do it. */
function isCapable({ info }: Deployment, capability: Capability): boolean {
  if (info.builtIn) return capability === 'ask'
  return info.kind === 'unknown' || (info.kind === 'embedding') === (capability === 'embedding')
}

function isMeantByAlias(deployment: Deployment, capability: Capability): boolean {
  return deployment.info.kind !== 'unknown' && isCapable(deployment, capability)
}
