/** What the pipeline asks of routing: who could answer, in which order to try, and the trying. */
import type {
  AttemptReport,
  CapabilityName,
  DeploymentState,
  Label,
  ModelInfo,
  ModelsReply,
  ProviderInfo,
  ProviderTest,
  RejectionRule,
  RouteExplainRequest,
  RouteExplanation,
  RoutingStrategy,
} from '@cairn/contract'
import type { Principal } from '../base/index.ts'
import type { EgressPermit } from '../platform/index.ts'
import type { Discovery, Provider } from '../providers/index.ts'

/** One model at one provider. */
export interface Deployment {
  /** `provider/model`. */
  readonly id: string
  readonly provider: Provider
  /** The id the provider knows. */
  readonly model: string
  readonly egress: 'local' | 'external'
  readonly clearance: Label
  readonly region: string | null
  readonly info: ModelInfo
  /** Share with the strategy `weighted`. */
  readonly weight: number
  /** The lower, the earlier with the strategy `priority`. */
  readonly priority: number
}

/**
 * What a call is. `ask` is a question to the notes: any chat model can answer it, and the built-in extractive model
 * too, which can do nothing else.
 */
export type CallKind = 'ask' | 'chat' | 'embedding'

/** What a call needs of a model. */
export interface Needs {
  readonly kind: CallKind
  readonly capabilities: readonly CapabilityName[]
  /** Estimates in tokens; the output is what the caller bounds it to, where it does. */
  readonly inputTokens: number
  readonly outputTokens: number
}

export interface Rejection {
  readonly deployment: Deployment
  readonly rule: RejectionRule
  readonly reason: string
  /** When it can be tried again, in milliseconds from now, where that is known. */
  readonly retryAfterMs?: number
}

export interface Candidates {
  readonly asked: string
  readonly kind: CallKind
  /** What the asked name means. `exact` is the provider’s own id, so that bytes can pass unchanged. */
  readonly resolved: 'exact' | 'qualified' | 'virtual'
  readonly exact: boolean
  readonly strategy: RoutingStrategy
  /** In the order of the configuration or of the virtual model. */
  readonly deployments: readonly Deployment[]
  /** Those that the name means too and that cannot be used by this caller. */
  readonly rejected: readonly Rejection[]
}

export interface PlannedAttempt {
  readonly deployment: Deployment
  readonly role: 'choice' | 'fallback' | 'last-resort'
  readonly why: string
  /** The lower the earlier; null where the order was given. */
  readonly score: number | null
  /** By the estimates of the needs; null without a price. */
  readonly estimatedUsd: number | null
}

export interface Plan {
  readonly strategy: RoutingStrategy
  readonly label: Label
  readonly needs: Needs
  readonly attempts: readonly PlannedAttempt[]
  /**
   * Those that may answer by the rules that do not change with the moment (capability, clearance, region, permission),
   * in the order of the candidates: what an answer may have been made by, whoever is tried first now.
   */
  readonly allowed: readonly Deployment[]
  readonly rejected: readonly Rejection[]
}

/** What planning is told beside the candidates. */
export interface PlanRequest {
  readonly needs: Needs
  readonly label: Label
  /**
   * Conversations with the same text go to the same deployment while it is healthy, so that the provider’s prompt
   * cache is of use. Null: any.
   */
  readonly affinity: string | null
  /** Why money or limits refuse a deployment, or null; asked of the meter without holding anything. */
  readonly refusedByBudget?: (deployment: Deployment) => string | null
  /** Why a rule keeps the notes of the request from a deployment, or null. */
  readonly refusedByNotes?: (deployment: Deployment) => string | null
}

/** What an attempt tells about its progress, for health. */
export interface Trial {
  /** The first content came. */
  firstToken(): void
  /** The whole reply came. */
  ended(outputTokens: number | null): void
}

export interface Execution<T> {
  readonly signal: AbortSignal
  /** Who pays for retries: the id of the principal. */
  readonly caller: string
  /** One attempt. The permit is what opens the outbound door; the signal is aborted by the caller and by deadlines. */
  send(deployment: Deployment, permit: EgressPermit, signal: AbortSignal): Promise<T>
  /**
   * When a value that goes on after `send` (a stream) has ended; it keeps its place at the provider until then. Rejects
   * or resolves with the number of output tokens, where it is known.
   */
  settled?(value: T): Promise<number | null>
  /** Told of every attempt, also when the last of them fails and `execute` throws. */
  report?(attempt: AttemptReport, deployment: Deployment): void
}

export interface Executed<T> {
  value: T
  deployment: Deployment
  attempts: AttemptReport[]
}

/** A model that answered. */
export interface Used {
  readonly provider: string
  readonly model: string
  readonly egress: Deployment['egress']
}

export interface Routing {
  /**
   * Deployments that this principal may use for the asked model; for none asked, the configured default. Throws
   * `model.not-found`, or `model.capability` when the model exists and cannot do it. Pure.
   */
  candidates(asked: string | undefined, kind: CallKind, principal: Principal): Candidates
  /** Filters and orders for what the call needs and for the label of the notes in it; does no I/O, sends nothing. */
  plan(candidates: Candidates, request: PlanRequest): Plan
  /** The same as `candidates` and `plan`, told. */
  explain(request: RouteExplainRequest, principal: Principal): RouteExplanation
  /**
   * Runs the attempts in order until one succeeds. Throws why nothing is planned (`model.not-cleared`, `model.region`,
   * `model.capability`, `budget.exceeded`, `model.unavailable`), the last failure when all fail, and at once what
   * another deployment would only repeat.
   */
  execute<T>(plan: Plan, run: Execution<T>): Promise<Executed<T>>
  models(principal: Principal): ModelInfo[]
  /** Whether the principal may use a model of a provider, by the rules of this moment. Pure. */
  mayUse(principal: Principal, used: Used): boolean
  /** Every deployment there is, whoever may use it. */
  all(): readonly Pick<Deployment, 'id'>[]
  /** Models with their health, virtual models, providers, and where the catalogue comes from. */
  describe(principal: Principal): ModelsReply
  findProvider(id: string): ProviderInfo | undefined
  /** Asks a provider for its models, or a model for one token. Throws `provider.not-found`. */
  testProvider(id: string, signal: AbortSignal): Promise<ProviderTest>
  /** Asks the providers that declare no models for their list; keeps the last list of one that fails. */
  refresh(signal: AbortSignal): Promise<{ provider: string; models: number; problem: string | null }[]>
  /** Looks for model servers on this machine and adds those that are not configured already. */
  discover(signal: AbortSignal): Promise<Discovery>
  /** How each model at each provider fares, as this process sees it. */
  health(): { provider: string; model: string; state: DeploymentState }[]
  /** Requests at each provider and waiting for it. */
  load(): { provider: string; inFlight: number; waiting: number }[]
  close(): Promise<void>
}
