/**
 * The one error that ends a request. Its code comes from THE error table, its `message` is for the caller, and
 * `internal` is for the log and never leaves the server.
 */
import type { ErrorCode, ErrorSpec } from '@cairn/contract'
import { errorTable } from '@cairn/contract/tables'

export interface FailureDetail {
  /** Words for the caller: what happened, and what to do next. The title of the table when absent. */
  message?: string
  /** Path of the request's field that is wrong. */
  param?: string
  /** Words for the log only. */
  internal?: string
  /** Milliseconds after which another try makes sense. */
  retryAfterMs?: number
  /** The server has tried again already, so that the client should not. */
  retried?: boolean
  cause?: unknown
}

export class CairnError extends Error {
  override readonly name = 'CairnError'
  readonly code: ErrorCode
  readonly param: string | null
  readonly internal: string | null
  readonly retryAfterMs: number | null
  readonly retried: boolean

  constructor(code: ErrorCode, detail: FailureDetail = {}) {
    super(detail.message ?? `${errorTable[code].title}.`, { cause: detail.cause })
    this.code = code
    this.param = detail.param ?? null
    this.internal = detail.internal ?? null
    this.retryAfterMs = detail.retryAfterMs ?? null
    this.retried = detail.retried ?? false
  }

  get spec(): ErrorSpec {
    return errorTable[this.code]
  }
}

/** Ends the request with a code of the error table. */
export function fail(code: ErrorCode, detail: FailureDetail = {}): never {
  throw new CairnError(code, detail)
}

/** Turns anything thrown into the one error; what is not ours becomes `internal.error` and keeps its cause. */
export function toCairnError(thrown: unknown): CairnError {
  if (thrown instanceof CairnError) return thrown
  const internal = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
  return new CairnError('internal.error', { internal, cause: thrown })
}

/** A condition that our own code guarantees. When it fails the request ends, never the process. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new CairnError('internal.error', { internal: `invariant: ${message}` })
}

/** Several findings as one sentence with one stop, also where a finding has a stop of its own. */
export function joinFindings(findings: readonly string[]): string {
  return `${findings.map((each) => each.replace(/[.\s]+$/, '')).join('; ')}.`
}

/** At most 80 characters of a caller's own scalar, escaped, for an error message. Never of a note or a secret. */
export function quote(value: unknown): string {
  if (value !== null && typeof value === 'object') return Array.isArray(value) ? 'a list' : 'an object'
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`
}
