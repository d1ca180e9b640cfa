/** What each kind of failure says about the deployment it came from. */
import type { FailureKind } from '../../providers/index.ts'

/**
 * `counts`: it may be ill; so many in a row, or too large a share, and it is left alone.
 * `waits`: it answers and wants to be left alone; after that it takes requests again without a probe.
 * `wrong`: it will refuse everything until somebody changes something; it is left alone at once, then probed.
 * `nothing`: the request or we were the reason.
 */
export type FailureEffect = 'counts' | 'waits' | 'wrong' | 'nothing'

export const failureEffects = {
  unreachable: 'counts',
  timeout: 'counts',
  failed: 'counts',
  malformed: 'counts',
  'broken-stream': 'counts',
  'rate-limited': 'waits',
  credentials: 'wrong',
  denied: 'wrong',
  redirect: 'wrong',
  'queue-full': 'nothing',
  rejected: 'nothing',
  'context-length': 'nothing',
  'content-policy': 'nothing',
} as const satisfies Record<FailureKind, FailureEffect>
