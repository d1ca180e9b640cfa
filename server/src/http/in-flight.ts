/** The requests that are being answered, each with the signal that ends its work, and the waiting for them at a stop. */

export interface OpenRequest {
  /** Aborted when the client leaves, the reply breaks, or the server has waited long enough. */
  readonly signal: AbortSignal
  readonly abort: (reason: unknown) => void
  readonly close: () => void
  /** Calls back when it is closed. */
  readonly onClose: (listener: () => void) => void
}

export interface InFlight {
  /** `left` is the runtime's signal that the client is gone. */
  open(left: AbortSignal): OpenRequest
  readonly size: () => number
  abortAll(reason: unknown): void
  /** Resolves with true when nothing is open any more, with false after `ms` milliseconds. */
  drain(ms: number): Promise<boolean>
}

export function createInFlight(): InFlight {
  const open = new Set<AbortController>()
  const waiting = new Set<() => void>()

  return {
    open(left) {
      const controller = new AbortController()
      const leave = () => controller.abort(left.reason)
      const listeners: (() => void)[] = []
      open.add(controller)
      if (left.aborted) leave()
      else left.addEventListener('abort', leave, { once: true })
      return {
        signal: controller.signal,
        abort: (reason) => controller.abort(reason),
        onClose: (listener) => void listeners.push(listener),
        close() {
          left.removeEventListener('abort', leave)
          if (!open.delete(controller)) return
          for (const each of listeners) each()
          if (open.size > 0) return
          for (const resolve of waiting) resolve()
        },
      }
    },
    size: () => open.size,
    abortAll(reason) {
      for (const controller of open) controller.abort(reason)
    },
    async drain(ms) {
      if (open.size === 0) return true
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const finish = () => resolve(true)
      const timer = setTimeout(() => resolve(false), ms)
      waiting.add(finish)
      try {
        return await promise
      } finally {
        clearTimeout(timer)
        waiting.delete(finish)
      }
    },
  }
}
