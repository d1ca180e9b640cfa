/**
 * The composition root: builds every module once and passes each what it needs. Nothing else constructs a module.
 * `openApp` is the server without its sockets' lifetime; `serve.ts` gives it one.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  accessSchema,
  policySchema,
  createAccess,
  describeProtection,
  type Access,
  type AccessOptions,
} from './access/index.ts'
import {
  auditPurposes,
  chooseWitnessFile,
  openAuditParts,
  originOf,
  retiredAuditSchema,
  secretsOf,
  type Audit,
} from './audit/index.ts'
import {
  createId,
  createLonePeers,
  createToken,
  fail,
  Secret,
  systemClock,
  type Clock,
  type HostPeers,
  type Logger,
  type Principal,
} from './base/index.ts'
import { cacheEraSchema, openTieredCache, type CacheStats } from './cache/index.ts'
import type { LoadedConfig } from './config/index.ts'
import {
  createHttpServer,
  describeAudit,
  describeCache,
  describeDrift,
  describeEgress,
  describeHealth,
  describeLoad,
  describeSinks,
  describeWitnesses,
  describeTurn,
  type HttpServer,
} from './http/index.ts'
import { createMeteringMetrics, meteringSchema, openMeter } from './metering/index.ts'
import {
  createAnnounce,
  createAsk,
  createChat,
  createEmbeddings,
  createMessages,
  createResponses,
  createSearch,
  openPipelineCaches,
} from './pipeline/index.ts'
import {
  createOutbound,
  createPermitOffice,
  openCertificate,
  openKeyring,
  openRedis,
  type Certificate,
  type Outbound,
  type PermitOffice,
} from './platform/index.ts'
import {
  createDriftWatch,
  createHealthBoard,
  createHealthShare,
  createProviderStore,
  createRouting,
  followProviders,
  providersSchema,
  sharePlaces,
  type Routing,
} from './routing/index.ts'
import {
  deploymentSchema,
  findDeploymentId,
  holdDeployment,
  openStore,
  requireSameKeyring,
  watchStore,
  type StoreLocation,
} from './storage/index.ts'
import {
  beginRun,
  indexSchema,
  openIndexingTurn,
  openVaults,
  readFacts,
  vaultsSchema,
  type Vaults,
} from './vaults/index.ts'

export interface AppOptions {
  readonly loaded: LoadedConfig
  readonly logger: Logger
  readonly version: string
  /** Folder with the built console, or null. */
  readonly consoleDirectory: string | null
  /** Vaults to serve when none is named or registered. */
  readonly exampleVault: string | null
  readonly clock?: Clock
  /** This process is one of several on one port; whoever started them holds the deployment. */
  readonly worker?: WorkerPlace
  /** Another server took the database while this one had lost touch with it: this one must stop. */
  readonly onTaken?: () => void
}

/** What one of several processes is told by the one that started it. */
export interface WorkerPlace {
  readonly port: number
  /** The same for all of them, since it stands in `server.json`. */
  readonly localCredential: Secret
  readonly peers: HostPeers
  /** Nobody works on the deployment yet. */
  readonly beginsRun: boolean
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

const stateSchemas = [
  deploymentSchema,
  accessSchema,
  policySchema,
  retiredAuditSchema,
  vaultsSchema,
  cacheEraSchema,
  meteringSchema,
  providersSchema,
]
const keyPurposes = [
  'receipt-label',
  'cache',
  'cache-names',
  'provider-keys',
  'session',
  'second-factors',
  ...auditPurposes,
] as const

// oxlint-disable-next-line max-lines-per-function -- the one list of what there is, in the order of making
export async function openApp({
  loaded,
  logger,
  version,
  consoleDirectory,
  exampleVault,
  clock = systemClock,
  worker,
  onTaken = () => {},
}: AppOptions): Promise<App> {
  const { config, secrets } = loaded
  const closers: (() => Promise<unknown>)[] = []
  const close = async () => {
    const failures: unknown[] = []
    for (const closer of closers.toReversed()) await closer().catch((thrown: unknown) => failures.push(thrown))
    if (failures.length > 0) throw failures[0]
  }
  try {
    const hold = worker ? null : await holdDeployment({ ...describePlace(loaded), logger, onTaken })
    if (hold) closers.push(() => hold.release())
    const peers = worker?.peers ?? createLonePeers()
    const { workers } = config.server
    // All processes together take about as many connections to PostgreSQL as one would.
    const connections = Math.max(2, Math.floor(8 / workers))
    const locate = (name: string, durability: 'full' | 'normal'): StoreLocation =>
      secrets.databaseUrl === null
        ? { kind: 'sqlite', file: join(config.data.directory, `${name}.db`), durability }
        : { kind: 'postgres', url: secrets.databaseUrl.reveal() }
    const location = locate('cairn', 'full')
    const store = await openStore({ location, schemas: stateSchemas, connections }, logger)
    closers.push(() => store.close())
    const indexLocation = locate('index', 'normal')
    const indexStore = await openStore({ location: indexLocation, schemas: [indexSchema], connections }, logger)
    closers.push(() => indexStore.close())

    const deploymentId = await findDeploymentId(store, clock)
    const keyringFile = config.data.keyring ?? fail('config.invalid')
    const keyring = await openKeyring(keyringFile, deploymentId, keyPurposes)
    const isFirst = worker?.beginsRun ?? hold?.isFirst ?? false
    await requireSameKeyring(store, { fingerprint: keyring.sign('receipt-label', 'keyring'), isFirst })
    const localCredential = worker?.localCredential ?? createLocalCredential()
    const permits = createPermitOffice()
    const outbound = createOutbound({ permits, clock, logger, keepAlive: config.internal.keepAlive })
    const access = await createAccess({
      store,
      clock,
      logger,
      ownerKey: secrets.ownerKey,
      localCredential,
      peers,
      seal: keyring,
      settings: identitySettings(loaded),
      door: createOpenIdDoor(permits, outbound),
      factsOf: async (vault, path) => (await readFacts(indexStore, vault, [path])).get(path) ?? null,
    })
    const auditing = await openAuditParts({
      location: locate('audit', 'full'),
      indexLocation: locate('audit-index', 'normal'),
      secrets: secretsOf(keyring),
      origin: originOf(deploymentId),
      clock,
      logger,
      version,
      spoolFolder: join(config.data.directory, 'audit-spool'),
      isFirst,
      witnessFile: chooseWitnessFile(config.audit.witnessFile, { keyring: keyringFile, deploymentId }),
      sinks: config.audit.sinks,
      sinkSecrets: secrets.sinkSecrets,
      witnesses: config.audit.witnesses,
      verifyEveryMs: config.audit.verifyEveryHours * 3_600_000,
      witnessSecrets: secrets.witnessSecrets,
      outbound,
      permits,
    })
    closers.push(() => auditing.close())
    const { audit } = auditing
    const cache = await openTieredCache({
      directory: config.data.directory,
      deploymentId,
      memoryBytes: config.cache.memoryBytes,
      diskBytes: config.cache.diskBytes,
      redisUrl: secrets.redisUrl,
      state: store,
      keyring,
      clock,
      logger,
    })
    closers.push(() => cache.close())
    peers.answer('cache', () => cache.stats())

    const redis = secrets.redisUrl === null ? null : await openRedis({ url: secrets.redisUrl, clock, logger })
    closers.push(async () => redis?.close())
    const share = createHealthShare({ redis, deploymentId, clock, logger })
    const routing = createRouting({
      upstreams: config.upstreams.map((upstream) => ({ ...upstream, apiKey: secrets.upstreamKeys.get(upstream.id) })),
      models: config.models,
      settings: config.routing,
      health: createHealthBoard({ clock, logger, settings: config.routing, share }),
      outbound,
      permits,
      clock,
      logger,
      limits: sharePlaces(workers),
      mayUse: (principal, { provider, model, egress }) =>
        access.may(principal, 'model.use', `model:${provider}/${model}`, {
          'model.egress': egress,
          'model.provider': provider,
        }),
    })
    closers.push(() => routing.close())
    const stored = createProviderStore({ store, seal: keyring, clock, logger })
    const providers = await followProviders({ stored, routing, logger })
    closers.push(() => providers.close())
    const drift = createDriftWatch({ clock, logger })
    const meter = await openMeter({ store, location, clock, logger, isFirst, deploymentId, redis, peers, workers })
    closers.push(() => meter.close())

    const only = loaded.vaultsFromFlag || config.vaults.length > 0 ? config.vaults : null
    if (isFirst) await beginRun(store)
    const turn = openIndexingTurn(config.data.directory, secrets.databaseUrl)
    closers.push(() => turn.close())
    const isShared = worker !== undefined || secrets.databaseUrl !== null
    const vaults = await openVaults({
      store,
      indexStore,
      indexLocation,
      stateLocation: location,
      clock,
      logger,
      only,
      semanticWeight: config.retrieval.semanticWeight,
      keepOut: config.data.directory,
      announce: createAnnounce(cache),
      protection: describeProtection(access),
      ...(isShared ? { shared: { turn, peers } } : {}),
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
    const certificate = await openServerCertificate(loaded, { clock, logger })
    closers.push(async () => certificate?.close())
    const caches = openPipelineCaches(cache, { ...config.cache, deploymentId })
    const { recordFirst } = config.internal
    const services = {
      access,
      audit,
      caches,
      clock,
      drift,
      logger,
      meter,
      recordFirst,
      routing,
      vaults,
      signer,
      settings,
    }
    const storeWatch = watchStore(store)
    closers.push(async () => storeWatch.stop())
    const http = createHttpServer({
      access,
      audit,
      auditReader: auditing.reader,
      auditOutlet: auditing.outlet,
      auditSinks: auditing.sinks,
      auditReports: auditing.reports,
      auditWitnesses: auditing.witnesses,
      vaults,
      clock,
      logger,
      ...(certificate ? { certificate } : {}),
      models: routing,
      providers,
      metering: meter,
      cache,
      collectCacheStats: async () => (await peers.collect('cache')) as readonly CacheStats[],
      pipeline: {
        ask: createAsk(services),
        search: createSearch(services),
        chat: createChat(services),
        embeddings: createEmbeddings(services),
        messages: createMessages(services),
        responses: createResponses(services),
      },
      settings: {
        ...config.server,
        authzen: config.access.authzen,
        ...(worker ? { port: worker.port, reusePort: true } : {}),
      },
      peers,
      server: { version, deploymentId },
      consoleDirectory: consoleDirectory !== null && existsSync(consoleDirectory) ? consoleDirectory : null,
      health: () => (vaults.isHealthy() && storeWatch.answers() ? 'ok' : 'failed'),
      metricSources: [
        describeEgress(outbound),
        describeLoad(routing),
        describeHealth(routing),
        describeDrift(drift),
        describeAudit(audit),
        describeTurn(vaults),
        describeCache(cache),
        describeSinks(auditing.sinks),
        describeWitnesses(auditing.witnesses),
        createMeteringMetrics(meter),
      ],
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

export function createLocalCredential(): Secret {
  return new Secret(`cairn_local_${createToken(32)}`)
}

async function openServerCertificate(
  { config }: LoadedConfig,
  parts: { clock: Clock; logger: Logger },
): Promise<Certificate | null> {
  const { certFile, keyFile } = config.server.tls
  return certFile === undefined || keyFile === undefined
    ? null
    : openCertificate({ files: { certFile, keyFile }, ...parts })
}

function identitySettings({ config: { access }, secrets }: LoadedConfig): AccessOptions['settings'] {
  const { sessionMs, sessionIdleMs, requireMfa, openid } = access
  const { issuer, ...rest } = openid
  return {
    sessionMs,
    sessionIdleMs,
    requireMfa,
    openid: issuer === undefined ? null : { ...rest, issuer, clientSecret: secrets.openIdClientSecret },
  }
}

/** The provider of sign-ins is reached through the one door like everybody else; identity says which origins are its. */
function createOpenIdDoor(permits: PermitOffice, outbound: Outbound): AccessOptions['door'] {
  return (url, request) =>
    outbound.fetch(permits.issue({ provider: 'openid', egress: 'external', url }), { url, ...request })
}

/** Where the deployment is, for `holdDeployment`. */
export function describePlace({ config, secrets }: LoadedConfig) {
  return {
    directory: config.data.directory,
    databaseUrl: secrets.databaseUrl?.reveal() ?? null,
    hasRedis: secrets.redisUrl !== null,
  }
}
