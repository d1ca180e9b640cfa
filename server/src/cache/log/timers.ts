/** Timers as the engine asks for them, so that a test can hold time in its hands. */

export interface Timers {
  /** Calls `run` once after `ms` milliseconds; the returned function prevents it. */
  after(ms: number, run: () => void): () => void
  /** What chance decides here: 0 to below 1. */
  random(): number
}

export const systemTimers: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
}
