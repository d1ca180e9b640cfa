/**
 * Places at a provider: how many requests it serves at once, and how many may wait for one. A wait ends with a place,
 * with the caller’s leaving, or at once when the queue is full.
 */
import { UpstreamFailure } from '../providers/index.ts'

export interface SlotLimits {
  readonly inFlight: number
  readonly waiting: number
}

export interface Slots {
  /** Resolves with what gives the place back. Throws `upstream.queue-full`, or the signal’s reason. */
  enter(signal: AbortSignal): Promise<() => void>
  inFlight(): number
  waiting(): number
}

export function createSlots(provider: string, limits: SlotLimits): Slots {
  // A Set keeps the order of arrival and lets a caller leave from the middle.
  const queue = new Set<() => void>()
  let inFlight = 0

  function take(): () => void {
    inFlight += 1
    let held = true
    return () => {
      if (!held) return
      held = false
      inFlight -= 1
      const [next] = queue
      if (next) {
        queue.delete(next)
        next()
      }
    }
  }

  function enter(signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) return Promise.reject(signal.reason as Error)
    if (inFlight < limits.inFlight && queue.size === 0) return Promise.resolve(take())
    if (queue.size >= limits.waiting) {
      const message = `Provider ${provider} has ${limits.inFlight} requests in work and ${limits.waiting} waiting. Try again later.`
      return Promise.reject(new UpstreamFailure('queue-full', { message, retryAfterMs: 1_000 }))
    }
    return new Promise((resolve, reject) => {
      const admit = () => {
        signal.removeEventListener('abort', leave)
        resolve(take())
      }
      const leave = () => {
        queue.delete(admit)
        reject(signal.reason as Error)
      }
      queue.add(admit)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  return { enter, inFlight: () => inFlight, waiting: () => queue.size }
}
