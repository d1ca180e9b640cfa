/** What every stage is handed: who asks, under which request id, until when. */
import type { Label } from '@cairn/contract'
import type { Principal } from '../base/index.ts'

export interface Call {
  readonly requestId: string
  readonly principal: Principal
  /** Aborted when the client leaves or the server stops; every stage passes it on. */
  readonly signal: AbortSignal
  /** `clock.monotonic()` when the request's head arrived. */
  readonly startedAtMs: number
  /**
   * Says what the call needs beside a caller who is let in; in place of what was said before. It is asked again when
   * access has changed, and the signal is aborted when it does not hold any more. To be pure.
   */
  readonly onlyWhile?: (isAllowed: () => boolean) => void
  /** `bypass`: the caller wants an answer that is made for it and not kept. */
  readonly cache?: 'bypass'
  /** What the caller says its own words are, where it says so: they go to no provider that is not cleared for it. */
  readonly label?: Label
}
