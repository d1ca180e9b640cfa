/** The one shape of everything that can go wrong at a provider; each dialect converts into it at its edge. */
import type { ErrorCode } from '@cairn/contract'
import { CairnError, type FailureDetail } from '../base/index.ts'

interface FailureSpec {
  readonly code: ErrorCode
  /**
   * Which of the deployments that are left can still help: any; one of another provider, where the fault is the
   * provider’s as a whole; one with a larger context window; none, since the caller’s own mistake would be repeated.
   */
  readonly next: 'any' | 'other-provider' | 'larger-context' | 'none'
}

const failureTable = {
  unreachable: { code: 'upstream.unreachable', next: 'any' },
  timeout: { code: 'upstream.timeout', next: 'any' },
  'rate-limited': { code: 'upstream.rate-limited', next: 'any' },
  credentials: { code: 'upstream.credentials', next: 'other-provider' },
  failed: { code: 'upstream.failed', next: 'any' },
  malformed: { code: 'upstream.malformed', next: 'any' },
  'broken-stream': { code: 'upstream.broken-stream', next: 'any' },
  redirect: { code: 'upstream.redirect', next: 'other-provider' },
  'queue-full': { code: 'upstream.queue-full', next: 'any' },
  denied: { code: 'egress.denied', next: 'other-provider' },
  rejected: { code: 'upstream.rejected', next: 'none' },
  'context-length': { code: 'upstream.context-length', next: 'larger-context' },
  'content-policy': { code: 'upstream.content-policy', next: 'other-provider' },
} as const satisfies Record<string, FailureSpec>

export type FailureKind = keyof typeof failureTable

/** Ends an attempt. It is a `CairnError`, so that the last one of a request can end the request as it is. */
export class UpstreamFailure extends CairnError {
  readonly kind: FailureKind
  /** HTTP status of the provider's reply, if one came. */
  readonly status: number | null
  readonly next: FailureSpec['next']

  constructor(kind: FailureKind, detail: FailureDetail & { status?: number } = {}) {
    super(failureTable[kind].code, detail)
    this.kind = kind
    this.status = detail.status ?? null
    this.next = failureTable[kind].next
  }
}

/** The same failure, told after others were tried. */
export function asRetried(failure: UpstreamFailure): UpstreamFailure {
  const { kind, message, param, internal, retryAfterMs, status, cause } = failure
  return new UpstreamFailure(kind, {
    message,
    ...(param === null ? {} : { param }),
    ...(internal === null ? {} : { internal }),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
    ...(status === null ? {} : { status }),
    cause,
    retried: true,
  })
}
