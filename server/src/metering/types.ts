/**
 * What the pipeline asks of the meter: may this call begin, hold what it may cost, book what it did cost. Money is in
 * whole nano US dollars (1e-9), so that sums are exact: 9 million dollars fit a number.
 */
import type { BudgetRule, BudgetState, UsageQuery, UsageReply } from '@cairn/contract'
import type { Principal } from '../base/index.ts'

/** What is being metered. Identifiers only. */
export interface MeteredCall {
  readonly requestId: string
  readonly principal: Pick<Principal, 'id' | 'credentialId' | 'withinKeys' | 'via'>
  /** Groups of the principal (from the issue on access on). */
  readonly teams: readonly string[]
  /** Whether they may see everybody’s usage, and so what refuses them; asked only when something does. No: absent. */
  readonly mayReadUsage?: () => boolean
  readonly kind: 'chat' | 'ask' | 'embedding' | 'messages' | 'responses'
}

export interface MeteredModel {
  /** `provider/model`. */
  readonly deployment: string
  readonly provider: string
  readonly egress: 'local' | 'external'
}

export interface Estimate {
  readonly inputTokens: number
  readonly outputTokens: number
  /** Null when no price is known; such a call is held against no money budget. */
  readonly nanoUsd: number | null
}

/** What an attempt came to. */
export interface Booking {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cacheReadTokens: number
  readonly cacheWriteTokens: number
  readonly reasoningTokens: number
  readonly nanoUsd: number | null
  /** The provider did not tell its usage: counts and cost are by the documented estimate. */
  readonly isEstimated: boolean
  /** `ok`, `cancelled`, or the kind of the failure. */
  readonly outcome: string
  readonly ttftMs: number | null
  readonly totalMs: number
}

/** One attempt at a provider, held until it is settled. Settling twice is ignored. */
export interface MeteredAttempt {
  /** Books what it came to and gives the rest back. Never throws; what cannot be written is kept and tried again. */
  settle(booking: Booking): void
  /** It was never sent: nothing is booked, all is given back. */
  cancel(): void
}

/** One call, open until `close`. */
export interface MeteredRequest {
  /**
   * Holds what the attempt may cost. Durable before it resolves where money is at stake, so that a crash leaves an open
   * reservation and not a hole. Throws `budget.exceeded`, `limit.tokens`.
   */
  attempt(model: MeteredModel, estimate: Estimate): Promise<MeteredAttempt>
  /** It was answered from the cache: nothing is paid, this was saved. */
  hit(model: MeteredModel, saved: { inputTokens: number; outputTokens: number; nanoUsd: number | null }): void
}

export interface Meter {
  /** Takes one request from the limits. Throws `limit.requests` with when to try again. */
  begin(call: MeteredCall): Promise<MeteredRequest>
  /**
   * Why this attempt would be refused now, in words for the caller, or null: for planning and `explain`, from what this process knows, holding
   * nothing. Does no I/O.
   */
  wouldRefuse(call: MeteredCall, model: MeteredModel, estimate: Estimate): string | null
  /** `of`: the id of a person whose usage alone is told, by hour or by day; everybody’s without it. */
  usage(query: UsageQuery, of?: string): Promise<UsageReply>
  listBudgets(): Promise<BudgetState[]>
  /** Replaces all rules. Takes effect in every process within about a second. */
  setBudgets(rules: readonly BudgetRule[], by: string): Promise<BudgetState[]>
  /** Resolves when everything booked so far is in the ledger. */
  flush(): Promise<void>
  close(): Promise<void>
}
