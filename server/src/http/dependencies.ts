/** What the HTTP edge is given: the modules behind it, by the few functions it calls, and its settings. */
import type {
  AskDryRun,
  AskEvent,
  AskReply,
  AskRequest,
  AuthZenAdapter,
  ChatRequest,
  EmbeddingsRequest,
  MessagesRequest,
  ResponsesRequest,
  SearchRequest,
  SearchResult,
} from '@cairn/contract'
import type { Access, Credentials } from '../access/index.ts'
import type {
  Audit,
  AuditEntry,
  AuditOutlet,
  AuditReader as WholeAuditReader,
  AuditReports,
  AuditSinks,
  OutsideWitnesses,
  CallRecorder,
  Recorder,
} from '../audit/index.ts'
import type { Cache, CacheStats } from '../cache/index.ts'
import type { Clock, HostPeers, Logger } from '../base/index.ts'
import type { Meter } from '../metering/index.ts'
import type { Call } from '../pipeline/index.ts'
import type { Certificate } from '../platform/index.ts'
import type { ProviderStore, Routing } from '../routing/index.ts'
import type { HeldNote, Vaults as WholeVaults } from '../vaults/index.ts'
import type { MetricSource } from './metrics.ts'

export type { Access, AuditEntry, Call, Credentials, HeldNote, Recorder }

/** The part of `vaults` that is shown under `/api`; questions go through the pipeline. */
export type Vaults = Pick<
  WholeVaults,
  | 'allFacts'
  | 'factsOf'
  | 'findFolders'
  | 'listHeld'
  | 'releaseHeld'
  | 'list'
  | 'find'
  | 'add'
  | 'addSynced'
  | 'synced'
  | 'untilPruned'
  | 'remove'
  | 'reindex'
  | 'subscribe'
  | 'listNotes'
  | 'readNote'
  | 'related'
>

/** The part of `audit` that answers questions. */
export type AuditReader = Pick<WholeAuditReader, 'query' | 'summarize' | 'find' | 'textsOf' | 'subscribe'>

export interface GatewayReply {
  readonly status: number
  /** Only `content-type`, `retry-after` and `x-cairn-…` reach the client. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | ReadableStream<Uint8Array>
}

export type AskOutcome =
  | { readonly kind: 'reply'; readonly reply: AskReply; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'dry-run'; readonly reply: AskDryRun }
  | {
      readonly kind: 'stream'
      readonly events: AsyncIterable<AskEvent>
      readonly headers: Readonly<Record<string, string>>
    }

export interface Pipeline {
  ask(call: Call, request: AskRequest): Promise<AskOutcome>
  search(call: Call, request: SearchRequest): Promise<{ results: SearchResult[] }>
  /** `body` is the request as it came, for the byte pass-through. */
  chat(call: Call, input: { request: ChatRequest; body: Uint8Array }): Promise<GatewayReply>
  embeddings(call: Call, input: { request: EmbeddingsRequest; body: Uint8Array }): Promise<GatewayReply>
  responses(call: Call, input: NativeInput<ResponsesRequest>): Promise<GatewayReply>
  messages(call: Call, input: NativeInput<MessagesRequest>): Promise<GatewayReply>
}

export interface NativeInput<R> {
  readonly request: R
  readonly body: Uint8Array
  /** Those of the request that belong to its dialect (`anthropic-version`, `anthropic-beta`), names in small letters. */
  readonly headers: Readonly<Record<string, string>>
}

/** The part of `routing` that is shown and asked under `/api`. */
export type ModelCatalogue = Pick<Routing, 'models' | 'all' | 'describe' | 'explain' | 'findProvider' | 'testProvider'>

/**
 * Providers in the database. `put` and `remove` resolve when `ModelCatalogue` of this process goes by the change; other
 * processes follow within about a second.
 */
export type StoredProviders = Pick<ProviderStore, 'find' | 'put' | 'remove'>

export interface HttpSettings {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly reusePort?: boolean
  /** How an AuthZEN client’s names become ours. */
  readonly authzen?: AuthZenAdapter | undefined
  /** Processes that share the port. */
  readonly workers?: number
  /** The address under which others reach this server; its host is accepted beside loopback. */
  readonly publicUrl?: string | undefined
  /** Addresses whose `X-Forwarded-For` counts; with a public address, others than they and this machine are refused. */
  readonly trustedProxies?: readonly string[]
  /** Origins whose pages may read replies to requests with a key. Default none. */
  readonly corsOrigins?: readonly string[]
  readonly maxBodyBytes: number
  readonly bodyTimeoutMs: number
  /** Between two comments on a silent event stream. Default 15,000. */
  readonly heartbeatMs?: number
  /** How long a client may leave a reply unread before it is cut. Default 60,000. */
  readonly stallMs?: number
}

export interface HttpDependencies {
  readonly access: Access
  readonly audit: CallRecorder &
    Pick<Audit, 'health' | 'reportSeen' | 'alarms' | 'witnesses' | 'checkpoint' | 'holds' | 'retention' | 'levels'>
  readonly auditReader: AuditReader
  readonly auditReports: Pick<AuditReports, 'make'>
  readonly auditOutlet: Omit<AuditOutlet, 'close' | 'sinks' | 'witnesses'>
  readonly auditSinks: Pick<AuditSinks, 'list' | 'receipts'>
  readonly auditWitnesses: Pick<OutsideWitnesses, 'list' | 'loads'>
  readonly vaults: Vaults
  readonly pipeline: Pipeline
  readonly models: ModelCatalogue
  readonly providers: StoredProviders
  readonly metering: Pick<Meter, 'usage' | 'listBudgets' | 'setBudgets'>
  readonly cache: Pick<Cache, 'stats' | 'invalidate'>
  /** The numbers of each process of this host; without it this process is the only one. */
  readonly collectCacheStats?: () => Promise<readonly CacheStats[]>
  readonly clock: Clock
  readonly logger: Logger
  /** What to speak TLS with; plain HTTP without it. */
  readonly certificate?: Pick<Certificate, 'current' | 'onRenewed'>
  readonly settings: HttpSettings
  readonly server: { readonly version: string; readonly deploymentId: string }
  /** Folder with the built console, or null to serve none. */
  readonly consoleDirectory: string | null
  /** Whether the parts behind the edge can serve; asked by `/readyz`. */
  readonly health: () => 'ok' | 'starting' | 'failed'
  readonly metricSources?: readonly MetricSource[]
  /** The other processes of this host; without it this process is the only one. */
  readonly peers?: HostPeers
}
