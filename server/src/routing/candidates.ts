/**
 * Which deployments an asked model means: the provider’s own id, `provider/model`, or a virtual model. Pure.
 *
 * `local` is every model on this machine. `auto` is the same, and where this machine has no chat model a chat request
 * may go to the configured external ones; a question to the notes stays here with the extractive model. So no call
 * that names one of these leaves the machine because a local model failed. `fast`, `cheap` and `best` are every chat
 * model, by their own strategies, and the configuration can name more.
 */
import { builtInVirtualModels, type RoutingStrategy, type VirtualModel } from '@cairn/contract'
import { fail, quote } from '../base/index.ts'
import { declareModel, type Provider } from '../providers/index.ts'
import { createDeployment } from './catalogue.ts'
import type { CallKind, Candidates, Deployment, Rejection } from './types.ts'

export interface Choice {
  readonly deployments: readonly Deployment[]
  readonly providers: readonly Provider[]
  readonly virtualModels: readonly VirtualModel[]
  /** Of a model that several providers have. */
  readonly strategy: RoutingStrategy
  /** Asked for a model that its provider has not listed. Everything may be used, when absent. */
  readonly mayUse?: (deployment: Deployment) => boolean
}

type Found = Omit<Candidates, 'asked' | 'kind'>

export function resolveModel(asked: string, kind: CallKind, choice: Choice): Candidates {
  const { deployments, strategy, virtualModels } = choice
  const exact = deployments.filter(({ model }) => model === asked)
  if (exact.length > 0) {
    const able = capableOf(exact, kind, asked)
    return tell(asked, kind, { ...able, resolved: 'exact', exact: true, strategy })
  }
  const own = virtualModels.find(({ id }) => id === asked)
  if (own) return tell(asked, kind, { ...resolveOwn(own, kind, choice), strategy: own.strategy })
  if (isBuiltInName(asked)) {
    const named = builtInVirtualModels[asked]
    const found = meantByName(asked, kind, deployments)
    return tell(asked, kind, { deployments: found, rejected: [], resolved: 'virtual', exact: false, strategy: named })
  }
  const qualified = resolveQualified(asked, choice)
  if (qualified.length > 0) {
    const able = capableOf(qualified, kind, asked)
    return tell(asked, kind, { ...able, resolved: 'qualified', exact: false, strategy })
  }
  fail('model.not-found', {
    message: `There is no model ${quote(asked)}. GET /v1/models lists the models that you can use.`,
    param: 'model',
  })
}

function isBuiltInName(asked: string): asked is keyof typeof builtInVirtualModels {
  return Object.hasOwn(builtInVirtualModels, asked)
}

function tell(asked: string, kind: CallKind, found: Found): Candidates {
  return { asked, kind, ...found }
}

function resolveOwn(own: VirtualModel, kind: CallKind, choice: Choice): Omit<Found, 'strategy'> {
  const meant = own.models.flatMap((name) => {
    const exact = choice.deployments.filter(({ model }) => model === name)
    return exact.length > 0 ? exact : resolveQualified(name, choice)
  })
  const unique = [...new Map(meant.map((deployment) => [deployment.id, deployment])).values()]
  if (unique.length === 0)
    fail('model.not-found', {
      message: `None of the models of ${quote(own.id)} is there now. Change routing.virtualModels, or see that their providers run.`,
      param: 'model',
    })
  return { ...capableOf(unique, kind, own.id), resolved: 'virtual', exact: false }
}

function meantByName(name: string, kind: CallKind, deployments: readonly Deployment[]): Deployment[] {
  const able = deployments.filter((deployment) => isMeantByName(deployment, kind))
  // The extractive model comes last: it is what is left when no language model answers.
  const inOrder = able.toSorted((a, b) => Number(a.info.builtIn) - Number(b.info.builtIn))
  // Who asks for the best means a hosted model where there is one.
  if (name === 'best') inOrder.sort((a, b) => bestRank(a) - bestRank(b))
  const local = inOrder.filter(({ egress }) => egress === 'local')
  const isOfThisMachine = name === 'local' || name === 'auto'
  const staysHere = name === 'local' || local.length > 0
  const chosen = isOfThisMachine && staysHere ? local : inOrder
  if (chosen.length > 0) return chosen
  const purpose = kind === 'embedding' ? 'embedding model' : 'chat model'
  fail('model.not-found', {
    message: `There is no ${name === 'local' ? `${purpose} on this machine` : purpose} for ${quote(name)}. Start a model server such as Ollama or configure a provider, then see GET /v1/models.`,
    param: 'model',
  })
}

function bestRank({ egress, info }: Deployment): number {
  return info.builtIn ? 2 : egress === 'external' ? 0 : 1
}

/** `provider/model`, also for a model that the provider has not listed when it has listed none. */
function resolveQualified(asked: string, { deployments, providers, mayUse }: Choice): Deployment[] {
  const slash = asked.indexOf('/')
  const provider = slash > 0 ? providers.find(({ id }) => id === asked.slice(0, slash)) : undefined
  const model = asked.slice(slash + 1)
  if (!provider || model === '') return []
  const known = deployments.filter((deployment) => deployment.provider === provider)
  if (known.length > 0 || provider.url === null) return known.filter((deployment) => deployment.model === model)
  const unlisted = createDeployment(provider, { ...declareModel(model), kind: 'unknown' })
  return mayUse === undefined || mayUse(unlisted) ? [unlisted] : []
}

function capableOf(
  deployments: readonly Deployment[],
  kind: CallKind,
  asked: string,
): Pick<Found, 'deployments' | 'rejected'> {
  const able = deployments.filter((deployment) => isCapable(deployment, kind))
  const rejected = deployments
    .filter((deployment) => !able.includes(deployment))
    .map((deployment): Rejection => ({ deployment, rule: 'capability', reason: whyIncapable(deployment, kind) }))
  if (able.length > 0) return { deployments: able, rejected }
  const message = deployments.some(({ info }) => info.builtIn)
    ? `The model ${quote(asked)} answers questions to your notes only: use POST /v1/ask for those. To chat, connect a model server (docs/guide/models.md) and name one of its models.`
    : `The model ${quote(asked)} ${rejected[0]?.reason ?? 'cannot do that'}. GET /v1/models lists the models that you can use.`
  fail('model.capability', { message, param: 'model' })
}

function whyIncapable({ info }: Deployment, kind: CallKind): string {
  if (info.builtIn) return 'answers questions to the notes only'
  return kind === 'embedding' ? 'chats and computes no embeddings' : 'computes embeddings and cannot chat'
}

/** A model that somebody names may do what we do not know of; one that a virtual model picks must be known to do it. */
function isCapable({ info }: Deployment, kind: CallKind): boolean {
  if (info.builtIn) return kind === 'ask'
  return info.kind === 'unknown' || (info.kind === 'embedding') === (kind === 'embedding')
}

function isMeantByName(deployment: Deployment, kind: CallKind): boolean {
  return deployment.info.kind !== 'unknown' && isCapable(deployment, kind)
}
