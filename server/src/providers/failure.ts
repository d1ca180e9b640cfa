/** The one shape of everything that can go wrong at a provider; each dialect converts into it at its edge. */
import type { ErrorCode } from '@cairn/contract'
import { CairnError, type FailureDetail } from '../base/index.ts'

interface FailureSpec {
  readonly code: ErrorCode
  /** Whether the next deployment is tried. The caller's own mistake would only be repeated there. */
  readonly retryable: boolean
}

const failureTable = {
  unreachable: { code: 'upstream.unreachable', retryable: true },
  timeout: { code: 'upstream.timeout', retryable: true },
  'rate-limited': { code: 'upstream.rate-limited', retryable: true },
  credentials: { code: 'upstream.credentials', retryable: true },
  failed: { code: 'upstream.failed', retryable: true },
  malformed: { code: 'upstream.malformed', retryable: true },
  'broken-stream': { code: 'upstream.broken-stream', retryable: true },
  redirect: { code: 'upstream.redirect', retryable: true },
  'queue-full': { code: 'upstream.queue-full', retryable: true },
  denied: { code: 'egress.denied', retryable: true },
  rejected: { code: 'upstream.rejected', retryable: false },
  'context-length': { code: 'upstream.rejected', retryable: false },
  'content-policy': { code: 'upstream.rejected', retryable: false },
} as const satisfies Record<string, FailureSpec>

export type FailureKind = keyof typeof failureTable

/** Ends an attempt. It is a `CairnError`, so that the last one of a request can end the request as it is. */
export class UpstreamFailure extends CairnError {
  readonly kind: FailureKind
  /** HTTP status of the provider's reply, if one came. */
  readonly status: number | null
  readonly retryable: boolean

  constructor(kind: FailureKind, detail: FailureDetail & { status?: number } = {}) {
    super(failureTable[kind].code, detail)
    this.kind = kind
    this.status = detail.status ?? null
    this.retryable = failureTable[kind].retryable
  }
}
