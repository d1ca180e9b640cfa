/**
 * Which providers there are and what they offer: those that were configured, those that were found on this machine,
 * and for those that declare no models the list that they gave last.
 */
import type { ModelInfo } from '@cairn/contract'
import { errorFields, type Clock, type Logger } from '../base/index.ts'
import type { Outbound, PermitOffice } from '../platform/index.ts'
import {
  createProvider,
  discoverLocal,
  UpstreamFailure,
  type Discovery,
  type LocalServer,
  type ModelDeclaration,
  type Provider,
  type Timeouts,
} from '../providers/index.ts'
import { resolveModel, type Choice } from './candidates.ts'
import { listDeployments } from './catalogue.ts'
import type { Deployment, Routing } from './types.ts'

export interface RegistryOptions {
  /** In the order in which they are tried; the built-in one among them. */
  readonly providers: readonly Provider[]
  readonly defaultModel: string
  readonly timeouts: Timeouts
  readonly permits: Pick<PermitOffice, 'issue'>
  readonly outbound: Outbound
  readonly clock: Clock
  readonly logger: Logger
  /** Where to look for local model servers; the usual ports when absent. */
  readonly localServers?: readonly LocalServer[] | undefined
}

export interface Registry extends Pick<Routing, 'refresh' | 'discover'> {
  choice(): Choice
  models(): ModelInfo[]
}

export function createRegistry(options: RegistryOptions): Registry {
  const { permits, logger } = options
  const providers = [...options.providers]
  const learned = new Map<string, readonly ModelDeclaration[]>()
  let deployments = markDefault(listDeployments(providers, learned), providers, options.defaultModel)

  function rebuild(): void {
    deployments = markDefault(listDeployments(providers, learned), providers, options.defaultModel)
  }

  async function refreshOne(provider: Provider, url: string, signal: AbortSignal) {
    const { id, egress } = provider
    try {
      const listed = await provider.listModels({ permit: permits.issue({ provider: id, egress, url }), signal })
      learned.set(id, listed)
      return { provider: id, models: listed.length, problem: null }
    } catch (thrown) {
      logger.warn('a provider did not list its models', { provider: id, ...errorFields(thrown) })
      const problem = thrown instanceof UpstreamFailure ? thrown.message : 'failed'
      return { provider: id, models: learned.get(id)?.length ?? 0, problem }
    }
  }

  async function refresh(signal: AbortSignal) {
    const silent = providers.filter(({ models }) => models.length === 0)
    const asked = silent.flatMap((each) => (each.url === null ? [] : [refreshOne(each, each.url, signal)]))
    const results = await Promise.all(asked)
    rebuild()
    return results
  }

  async function discover(signal: AbortSignal): Promise<Discovery> {
    const { outbound, clock, timeouts, localServers } = options
    const permitFor = (provider: string, url: string) => permits.issue({ provider, egress: 'local', url })
    const discovery = await discoverLocal({ outbound, clock, permitFor, signal, servers: localServers })
    const added = discovery.found.filter(({ id, baseUrl }) => !providers.some((known) => isSame(known, id, baseUrl)))
    providers.push(...added.map((upstream) => createProvider(upstream, { outbound, clock, timeouts })))
    rebuild()
    return { found: added, ignored: discovery.ignored }
  }

  return {
    choice: () => ({ deployments, providers }),
    models: () => deployments.map(({ info }) => info),
    refresh,
    discover,
  }
}

/** Marks the model that answers when a question names none. */
function markDefault(all: Deployment[], providers: readonly Provider[], defaultModel: string): Deployment[] {
  try {
    const [usual] = resolveModel(defaultModel, 'ask', { deployments: all, providers }).deployments
    return all.map((each) => (each === usual ? { ...each, info: { ...each.info, isDefault: true } } : each))
  } catch {
    // The default may name a model that its provider has not listed yet.
    return all
  }
}

function isSame(known: Provider, id: string, baseUrl: string): boolean {
  return known.id === id || (known.url !== null && originOf(known.url) === originOf(baseUrl))
}

/** Scheme, host and port, with the names of this machine as one. */
function originOf(url: string): string {
  return new URL(url).origin.replace(/\/\/(localhost|\[::1\])/, '//127.0.0.1')
}
