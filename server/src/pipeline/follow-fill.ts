/**
 * The signal of an upstream call that outlives the fill which began it: until somebody can listen, it is aborted with
 * the fill; from then on, by whoever has the last listener leave.
 */
import type { Fill } from '../cache/index.ts'

export interface UpstreamSignal {
  readonly signal: AbortSignal
  /** The fill’s end means nothing any more. */
  detach(): void
  abort(): void
}

export function followFill({ signal }: Pick<Fill, 'signal'>): UpstreamSignal {
  const controller = new AbortController()
  const leave = () => controller.abort(signal.reason)
  if (signal.aborted) leave()
  else signal.addEventListener('abort', leave, { once: true })
  return {
    signal: controller.signal,
    detach: () => signal.removeEventListener('abort', leave),
    abort: () => controller.abort(new DOMException('Nobody listens any more.', 'AbortError')),
  }
}
