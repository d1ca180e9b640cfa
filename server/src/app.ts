/**
 * The composition root: builds every module once and passes each what it needs. Nothing else constructs a module.
 * `openApp` is the server without its sockets' lifetime; `serve.ts` gives it one.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { accessSchema, createAccess, type Access } from './access/index.ts'
import { auditSchema, createAudit, type Audit } from './audit/index.ts'
import {
  createId,
  createToken,
  fail,
  Secret,
  systemClock,
  withDeadline,
  type Clock,
  type Logger,
  type Principal,
} from './base/index.ts'
import { createPassThroughCache } from './cache/index.ts'
import type { LoadedConfig } from './config/index.ts'
import { createHttpServer, type HttpServer, type MetricSource } from './http/index.ts'
import { createAsk, createChat, createEmbeddings, createSearch } from './pipeline/index.ts'
import { createOutbound, createPermitOffice, lockDirectory, openKeyring, type Outbound } from './platform/index.ts'
import { createBuiltInProvider, createProvider, type Provider } from './providers/index.ts'
import { createRouting, type Routing } from './routing/index.ts'
import { deploymentSchema, findDeploymentId, openStore, type Store, type StoreLocation } from './storage/index.ts'
import { indexSchema, openVaults, vaultsSchema, type Vaults } from './vaults/index.ts'

export interface AppOptions {
  readonly loaded: LoadedConfig
  readonly logger: Logger
  readonly version: string
  /** Folder with the built console, or null. */
  readonly consoleDirectory: string | null
  /** Vaults to serve when none is named or registered. */
  readonly exampleVault: string | null
  readonly clock?: Clock
}

export interface App {
  readonly http: HttpServer
  readonly access: Access
  readonly audit: Audit
  readonly vaults: Vaults
  readonly routing: Routing
  /** The server itself, for what it does of its own accord. */
  readonly self: Principal
  /** The bearer of the local command line. */
  readonly localCredential: Secret
  close(): Promise<void>
}

const stateSchemas = [deploymentSchema, accessSchema, auditSchema, vaultsSchema]

// oxlint-disable-next-line max-lines-per-function -- the one list of what there is, in the order of making
export async function openApp({
  loaded,
  logger,
  version,
  consoleDirectory,
  exampleVault,
  clock = systemClock,
}: AppOptions): Promise<App> {
  const { config, secrets } = loaded
  const closers: (() => Promise<unknown>)[] = []
  const close = async () => {
    const failures: unknown[] = []
    for (const closer of closers.toReversed()) await closer().catch((thrown: unknown) => failures.push(thrown))
    if (failures.length > 0) throw failures[0]
  }
  try {
    const lock = await lockDirectory(config.data.directory)
    closers.push(() => lock.release())
    const locate = (name: string, durability: 'full' | 'normal'): StoreLocation =>
      secrets.databaseUrl === null
        ? { kind: 'sqlite', file: join(config.data.directory, `${name}.db`), durability }
        : { kind: 'postgres', url: secrets.databaseUrl.reveal() }
    const store = await openStore({ location: locate('cairn', 'full'), schemas: stateSchemas }, logger)
    closers.push(() => store.close())
    const indexLocation = locate('index', 'normal')
    const indexStore = await openStore({ location: indexLocation, schemas: [indexSchema] }, logger)
    closers.push(() => indexStore.close())

    const deploymentId = await findDeploymentId(store, clock)
    const keyring = await openKeyring(config.data.keyring ?? fail('config.invalid'), deploymentId, ['receipt-label'])
    const localCredential = new Secret(`cairn_local_${createToken(32)}`)
    const access = await createAccess({ store, clock, logger, ownerKey: secrets.ownerKey, localCredential })
    const audit = createAudit({ store, clock })
    const cache = createPassThroughCache()

    const permits = createPermitOffice()
    const outbound = createOutbound({ permits, clock, logger })
    const providerServices = { outbound, clock, timeouts: config.models }
    const providers: Provider[] = [
      createBuiltInProvider(),
      ...config.upstreams.map((upstream) =>
        createProvider({ ...upstream, apiKey: secrets.upstreamKeys.get(upstream.id) }, providerServices),
      ),
    ]
    const routing = createRouting({ providers, models: config.models, outbound, permits, clock, logger })

    const only = loaded.vaultsFromFlag || config.vaults.length > 0 ? config.vaults : null
    const vaults = await openVaults({
      store,
      indexStore,
      indexLocation,
      clock,
      logger,
      only,
      semanticWeight: config.retrieval.semanticWeight,
      keepOut: config.data.directory,
    })
    closers.push(() => vaults.close())
    if (only === null && exampleVault !== null && (await vaults.list()).length === 0)
      await vaults.add({ path: exampleVault, name: 'Example vault' })

    const signer = {
      sign: (data: string) => keyring.sign('receipt-label', data),
      verify: (data: string, signature: string) => keyring.verify('receipt-label', data, signature),
    }
    const settings = {
      passages: config.retrieval.passages,
      citations: 5,
      notFoundBelow: config.retrieval.notFoundBelow,
    }
    const services = { access, audit, cache, clock, logger, routing, vaults, signer, settings }
    const http = createHttpServer({
      access,
      audit,
      vaults,
      clock,
      logger,
      models: routing,
      pipeline: {
        ask: createAsk(services),
        search: createSearch(services),
        chat: createChat(services),
        embeddings: createEmbeddings(services),
      },
      settings: { ...config.server },
      server: { version, deploymentId },
      consoleDirectory: consoleDirectory !== null && existsSync(consoleDirectory) ? consoleDirectory : null,
      health: watchHealth(store, vaults, closers),
      metricSources: [describeEgress(outbound), describeLoad(routing)],
    })
    const self: Principal = {
      id: 'server',
      name: 'Server',
      kind: 'system',
      via: 'internal',
      credentialId: createId('run'),
    }
    return { http, access, audit, vaults, routing, self, localCredential, close }
  } catch (thrown) {
    await close()
    throw thrown
  }
}

const checkEveryMs = 5_000
const checkTakesMs = 2_000

/** Asks the store every few seconds whether it still answers; `/readyz` tells. */
function watchHealth(store: Store, vaults: Vaults, closers: (() => Promise<unknown>)[]): () => 'ok' | 'failed' {
  let state: 'ok' | 'failed' = 'ok'
  let isChecking = false
  const check = async () => {
    if (isChecking) return
    isChecking = true
    try {
      await withDeadline(store.read('SELECT 1 AS one'), checkTakesMs, 'storage.failed')
      state = 'ok'
    } catch {
      state = 'failed'
    } finally {
      isChecking = false
    }
  }
  const timer = setInterval(() => void check(), checkEveryMs)
  closers.push(async () => clearInterval(timer))
  return () => (vaults.isHealthy() ? state : 'failed')
}

/** What went through the outbound door. Providers are named by the configuration, so they are no secret of a person. */
function describeEgress(outbound: Outbound): MetricSource {
  return () => [
    {
      name: 'cairn_egress_requests_total',
      help: 'Requests that went through the outbound door, by provider and how they ended.',
      type: 'counter',
      samples: outbound.counts().flatMap(({ provider, egress, requests, failed, denied }) => [
        { labels: { provider, egress, outcome: 'ok' }, value: requests - failed - denied },
        { labels: { provider, egress, outcome: 'failed' }, value: failed },
        { labels: { provider, egress, outcome: 'denied' }, value: denied },
      ]),
    },
  ]
}

function describeLoad(routing: Routing): MetricSource {
  const gauge = (name: string, help: string, read: (load: ReturnType<Routing['load']>[number]) => number) => ({
    name,
    help,
    type: 'gauge' as const,
    samples: routing.load().map((load) => ({ labels: { provider: load.provider }, value: read(load) })),
  })
  return () => [
    gauge('cairn_upstream_in_flight', 'Requests under way at a provider.', ({ inFlight }) => inFlight),
    gauge('cairn_upstream_waiting', 'Requests waiting for a provider.', ({ waiting }) => waiting),
  ]
}
