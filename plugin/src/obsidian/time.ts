/** Clock, chance and waiting of the app's window, for the parts that are pure. */

export const now = (): number => Date.now()

export const random = (): number => Math.random()

/** Runs a function later; gives what cancels it. */
export function later(run: () => void, ms: number): () => void {
  const timer = window.setTimeout(run, ms)
  return () => window.clearTimeout(timer)
}

/** Ends early, without complaint, when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) return done()
    const end = () => {
      window.clearTimeout(timer)
      signal.removeEventListener('abort', end)
      done()
    }
    const timer = window.setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}

/** Sixteen hex digits from the system's source. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
