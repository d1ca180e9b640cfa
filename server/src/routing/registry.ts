/**
 * Which providers there are and what they offer: those of the configuration, those that the console stored, those that
 * were found on this machine, the built-in one; and for those that declare no models the list that they gave last.
 */
import type { Config, ModelInfo, ProviderInfo, ProviderTest } from '@cairn/contract'
import { CairnError, errorFields, fail, quote, type Clock, type Logger } from '../base/index.ts'
import type { Outbound, PermitOffice } from '../platform/index.ts'
import {
  createBuiltInProvider,
  createProvider,
  discoverLocal,
  UpstreamFailure,
  type Discovery,
  type LocalServer,
  type ModelDeclaration,
  type Provider,
  type Timeouts,
  type UpstreamSettings,
} from '../providers/index.ts'
import { resolveModel, type Choice } from './candidates.ts'
import { listDeployments } from './catalogue.ts'
import type { Deployment, Routing } from './types.ts'

export interface ConfiguredProvider {
  readonly provider: Provider
  readonly origin: ProviderInfo['origin']
  readonly hasKey: boolean
  readonly isEnabled: boolean
}

export interface RegistryOptions {
  /** Of the configuration, in the order in which they are tried. */
  readonly upstreams: readonly UpstreamSettings[]
  readonly defaultModel: string
  readonly routing: Pick<Config['routing'], 'strategy' | 'virtualModels'>
  readonly timeouts: Timeouts
  readonly permits: Pick<PermitOffice, 'issue'>
  readonly outbound: Outbound
  readonly clock: Clock
  readonly logger: Logger
  /** Where to look for local model servers; the usual ports when absent. */
  readonly localServers?: readonly LocalServer[] | undefined
}

export interface Registry extends Pick<Routing, 'refresh' | 'discover' | 'testProvider'> {
  choice(): Choice
  models(): ModelInfo[]
  providers(): readonly ConfiguredProvider[]
  /** Puts the stored providers in place of those that were stored before. */
  replaceStored(stored: readonly UpstreamSettings[]): void
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createRegistry(options: RegistryOptions): Registry {
  const { permits, logger, outbound, clock, timeouts } = options
  let all: readonly ConfiguredProvider[] = [
    { provider: createBuiltInProvider(), origin: 'built-in', hasKey: false, isEnabled: true },
    ...options.upstreams.map((upstream) => configure(upstream, 'configuration')),
  ]
  const learned = new Map<string, readonly ModelDeclaration[]>()
  let choice = build()

  function build(): Choice {
    const providers = all.filter(({ isEnabled }) => isEnabled).map(({ provider }) => provider)
    const made: Choice = { ...options.routing, deployments: listDeployments(providers, learned), providers }
    return { ...made, deployments: markDefault(made, options.defaultModel) }
  }

  function rebuild(): void {
    choice = build()
  }

  const permitFor = ({ id, egress }: Provider, url: string) => permits.issue({ provider: id, egress, url })

  async function refreshOne(provider: Provider, url: string, signal: AbortSignal) {
    const { id } = provider
    try {
      const listed = await provider.listModels({ permit: permitFor(provider, url), signal })
      learned.set(id, listed)
      return { provider: id, models: listed.length, problem: null }
    } catch (thrown) {
      logger.warn('a provider did not list its models', { provider: id, ...errorFields(thrown) })
      const problem = thrown instanceof UpstreamFailure ? thrown.message : 'failed'
      return { provider: id, models: learned.get(id)?.length ?? 0, problem }
    }
  }

  async function refresh(signal: AbortSignal) {
    const silent = choice.providers.filter(({ models }) => models.length === 0)
    const asked = silent.flatMap((each) => (each.url === null ? [] : [refreshOne(each, each.url, signal)]))
    const results = await Promise.all(asked)
    rebuild()
    return results
  }

  async function discover(signal: AbortSignal): Promise<Discovery> {
    const looked = (provider: string, url: string) => permits.issue({ provider, egress: 'local', url })
    const servers = options.localServers
    const discovery = await discoverLocal({ outbound, clock, permitFor: looked, signal, servers })
    const added = discovery.found.filter(
      ({ id, baseUrl }) => !all.some(({ provider }) => isSame(provider, id, baseUrl)),
    )
    all = [...all, ...added.map((upstream) => configure(upstream, 'found'))]
    rebuild()
    return { found: added, ignored: discovery.ignored }
  }

  function configure(upstream: UpstreamSettings, origin: ProviderInfo['origin']): ConfiguredProvider {
    const provider = createProvider(upstream, { outbound, clock, timeouts })
    return { provider, origin, hasKey: upstream.apiKey !== undefined, isEnabled: upstream.enabled ?? true }
  }

  async function testProvider(id: string, signal: AbortSignal): Promise<ProviderTest> {
    const found = all.find(({ provider }) => provider.id === id)?.provider
    if (!found) fail('provider.not-found', { message: `There is no provider ${quote(id)}.` })
    if (found.url === null)
      return { ok: true, asked: 'nothing', models: 1, ms: 0, code: null, message: 'It is built in and always there.' }
    const startedAt = clock.monotonic()
    const result = (test: Pick<ProviderTest, 'ok' | 'models' | 'code' | 'message'>): ProviderTest => ({
      asked: 'models',
      ms: Math.round(clock.monotonic() - startedAt),
      ...test,
    })
    try {
      const listed = await found.listModels({ permit: permitFor(found, found.url), signal })
      learned.set(id, listed)
      rebuild()
      return result({
        ok: true,
        models: listed.length,
        code: null,
        message: `It answers and lists ${listed.length} models.`,
      })
    } catch (thrown) {
      if (signal.aborted) throw thrown
      const error = thrown instanceof CairnError ? thrown : new CairnError('internal.error', { cause: thrown })
      return result({ ok: false, models: null, code: error.code, message: error.message })
    }
  }

  return {
    choice: () => choice,
    models: () => choice.deployments.map(({ info }) => info),
    providers: () => all,
    replaceStored(stored) {
      const others = all.filter(({ origin }) => origin !== 'database')
      const isTaken = (id: string) => others.some(({ provider }) => provider.id === id)
      const own = stored.filter(({ id }) => !isTaken(id)).map((upstream) => configure(upstream, 'database'))
      // What is found on this machine comes last, as at the start; once somebody has added it, it is theirs.
      const found = others.filter(
        ({ origin, provider: { id, url } }) =>
          origin === 'found' && !own.some(({ provider }) => url !== null && isSame(provider, id, url)),
      )
      all = [...others.filter(({ origin }) => origin !== 'found'), ...own, ...found]
      rebuild()
    },
    refresh,
    discover,
    testProvider,
  }
}

/** Marks the model that answers when a question names none. */
function markDefault(choice: Choice, defaultModel: string): readonly Deployment[] {
  try {
    const [usual] = resolveModel(defaultModel, 'ask', choice).deployments
    return choice.deployments.map((each) =>
      each === usual ? { ...each, info: { ...each.info, isDefault: true } } : each,
    )
  } catch {
    // The default may name a model that its provider has not listed yet.
    return choice.deployments
  }
}

function isSame(known: Provider, id: string, baseUrl: string): boolean {
  return known.id === id || (known.url !== null && originOf(known.url) === originOf(baseUrl))
}

/** Scheme, host and port, with the names of this machine as one. */
function originOf(url: string): string {
  return new URL(url).origin.replace(/\/\/(localhost|\[::1\])/, '//127.0.0.1')
}
