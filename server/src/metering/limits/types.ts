/** Requests and tokens per minute, taken from whoever owns the count. */

/** So much of one limit. */
export interface Take {
  /** Kind and id of the subject, and `r` for requests or `t` for tokens. */
  readonly key: string
  /** A minute’s worth. */
  readonly limit: number
  readonly amount: number
}

export interface Refusal {
  /** Which of the takes has to wait longest. */
  readonly index: number
  /** Exact; null when it is more than a whole minute allows, so that it can never be taken. */
  readonly retryAfterMs: number | null
}

/** All that was asked for, taken. */
export interface Taken {
  /** Takes more, or gives back with a negative number; one for each take, in order. */
  adjust(amounts: readonly number[]): void
}

export type TakeOutcome = { readonly refused: Refusal } | { readonly refused: null; readonly taken: Taken }

/** Who counts. Takes all or nothing. */
export interface LimitOwner {
  /** Never rejects: an owner out of reach is replaced by a stricter count of this process. */
  take(takes: readonly Take[]): TakeOutcome | Promise<TakeOutcome>
  /** What `take` would refuse, as far as this process knows; takes nothing. */
  peek(takes: readonly Take[]): Refusal | null
}

/** What is asked of an owner in another process or on another machine, which keeps no closures. */
export type LimitQuestion =
  | { readonly kind: 'take'; readonly takes: readonly Take[] }
  | { readonly kind: 'adjust'; readonly takes: readonly Take[] }

/** An owner that may be out of reach: rejects then. */
export interface RemoteLimits {
  take(takes: readonly Take[]): Promise<Refusal | null>
  adjust(takes: readonly Take[]): Promise<void>
}
