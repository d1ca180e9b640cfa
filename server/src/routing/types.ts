/** What the pipeline asks of routing: who could answer, in which order to try, and the trying. */
import type { AttemptReport, Label, ModelInfo } from '@cairn/contract'
import type { Principal } from '../base/index.ts'
import type { EgressPermit } from '../platform/index.ts'
import type { Discovery, Provider } from '../providers/index.ts'

/** One model at one provider. */
export interface Deployment {
  readonly provider: Provider
  /** The id the provider knows. */
  readonly model: string
  readonly egress: 'local' | 'external'
  readonly clearance: Label
  readonly info: ModelInfo
}

export interface Candidates {
  readonly asked: string
  /** True when the asked id is exactly the provider’s own, so that bytes can pass unchanged. */
  readonly exact: boolean
  readonly deployments: readonly Deployment[]
}

export interface Plan {
  readonly attempts: readonly Deployment[]
  readonly rejected: readonly { deployment: Deployment; reason: string }[]
}

/**
 * What a call needs of a model. `ask` is a question to the notes: any chat model can answer it, and the built-in
 * extractive model too, which can do nothing else.
 */
export type Capability = 'ask' | 'chat' | 'embedding'

export interface Execution<T> {
  readonly signal: AbortSignal
  /** One attempt. The permit is what opens the outbound door; the signal is aborted by the caller and by deadlines. */
  send(deployment: Deployment, permit: EgressPermit, signal: AbortSignal): Promise<T>
  /** When a value that goes on after `send` (a stream) has ended; it keeps its place at the provider until then. */
  settled?(value: T): Promise<unknown>
  /** Told of every attempt, also when the last of them fails and `execute` throws. */
  report?(attempt: AttemptReport, deployment: Deployment): void
}

export interface Executed<T> {
  value: T
  deployment: Deployment
  attempts: AttemptReport[]
}

export interface Routing {
  /**
   * Deployments that this principal may use for the asked model; for none asked, the configured default. Throws
   * `model.not-found`, or `model.capability` when the model exists and cannot do it. Pure.
   */
  candidates(asked: string | undefined, capability: Capability, principal: Principal): Candidates
  /** Orders what is cleared for notes of this label; pure. */
  plan(candidates: Candidates, label: Label): Plan
  /**
   * Runs the attempts in order until one succeeds. Throws `model.not-cleared` for an empty plan, the last failure when
   * all fail, and at once what another deployment would only repeat.
   */
  execute<T>(plan: Plan, run: Execution<T>): Promise<Executed<T>>
  models(principal: Principal): ModelInfo[]
  /** Asks the providers that declare no models for their list; keeps the last list of one that fails. */
  refresh(signal: AbortSignal): Promise<{ provider: string; models: number; problem: string | null }[]>
  /** Looks for model servers on this machine and adds those that are not configured already. */
  discover(signal: AbortSignal): Promise<Discovery>
  /** Requests at each provider and waiting for it. */
  load(): { provider: string; inFlight: number; waiting: number }[]
}
