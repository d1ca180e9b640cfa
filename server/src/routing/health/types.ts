/**
 * How each deployment fares: what planning reads of it, and what attempts tell. Reading is a look into memory; planning
 * stays pure because it is handed a view and draws random numbers from a source that it is handed too.
 */
import type { DeploymentState } from '@cairn/contract'
import type { FailureKind } from '../../providers/index.ts'

export interface DeploymentHealth {
  readonly state: DeploymentState
  /** Kind of the failure that led to `cooling` or `open`; null when `ok`. */
  readonly reason: string | null
  /** `clock.monotonic()` at which it is tried again; null when it can be tried now. */
  readonly untilMs: number | null
  /** Peak EWMA of the time to the first token in milliseconds: jumps up with a slow one, falls slowly. Null before the first. */
  readonly ttftMs: number | null
  /** Moving mean of the same without peaks, or the mean time that requests wait for it now. Null before four replies. */
  readonly meanTtftMs: number | null
  /** `clock.monotonic()` of the last first token; null before the first. */
  readonly heardAtMs: number | null
  readonly tokensPerSecond: number | null
  /** Moving share of failed attempts, 0 to 1. */
  readonly errorRate: number
  readonly inFlight: number
  /**
   * 1, or less while it starts slowly after a recovery or is to be tried with one request; 0 while it is left alone or
   * that one request is under way.
   */
  readonly share: number
}

/** One attempt under way. Exactly one of the ends is told; what comes after is ignored. */
export interface HealthTrial {
  firstToken(): void
  succeeded(outputTokens: number | null): void
  /** A failure of the deployment. `retryAfterMs` as it asked for. */
  failed(kind: FailureKind, retryAfterMs: number | null): void
  /** The caller left or was wrong: says nothing about the deployment. */
  abandoned(): void
}

export interface HealthBoard {
  view(deployment: string): DeploymentHealth
  /** Null when the deployment is left alone and another probe is under way: it is not to be tried now. */
  begin(deployment: string): HealthTrial | null
  close(): Promise<void>
}

/** What processes tell each other of a deployment. Durations, no times: the clocks of machines differ. */
export interface Trouble {
  readonly deployment: string
  readonly state: 'open' | 'cooling'
  /** Kind of the failure that led to it. */
  readonly reason: string
  /** How long from now it is left alone, in milliseconds. */
  readonly forMs: number
  /** Whether one request must succeed before others follow. */
  readonly needsProbe: boolean
}

export type HealthNews = Trouble | { readonly deployment: string; readonly state: 'ok' }

/** Tells what happened here to the other processes, and what happened there to this one. Nothing waits for it. */
export interface HealthShare {
  tell(news: HealthNews): void
  /** What the others know already is told too. */
  follow(listener: (news: HealthNews) => void): void
  close(): Promise<void>
}
