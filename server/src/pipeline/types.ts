/** What every stage is handed: who asks, under which request id, until when. */
import type { Principal } from '../base/index.ts'

export interface Call {
  readonly requestId: string
  readonly principal: Principal
  /** Aborted when the client leaves or the server stops; every stage passes it on. */
  readonly signal: AbortSignal
  /** `clock.monotonic()` when the request's head arrived. */
  readonly startedAtMs: number
  /** `bypass`: the caller wants an answer that is made for it and not kept. */
  readonly cache?: 'bypass'
}
