/**
 * How many attempts of the last minute succeeded and failed: counts in twelve slices of time, the oldest given up, so
 * that what is still counted is at most 55 to 60 seconds old.
 */

const sliceMs = 5_000
const slices = 12

export interface Outcomes {
  /** Succeeded at even places, failed at odd ones. */
  readonly counts: Uint32Array
  /** Number of the newest slice since the clock's start. */
  slice: number
  succeeded: number
  failed: number
}

export function createOutcomes(): Outcomes {
  return { counts: new Uint32Array(slices * 2), slice: 0, succeeded: 0, failed: 0 }
}

export function addOutcome(outcomes: Outcomes, isFailure: boolean, nowMs: number): void {
  forgetOld(outcomes, nowMs)
  const at = (outcomes.slice % slices) * 2 + (isFailure ? 1 : 0)
  outcomes.counts[at] = (outcomes.counts[at] ?? 0) + 1
  if (isFailure) outcomes.failed++
  else outcomes.succeeded++
}

/** Call it before reading `succeeded` and `failed`. */
export function forgetOld(outcomes: Outcomes, nowMs: number): void {
  const now = Math.floor(nowMs / sliceMs)
  if (now <= outcomes.slice) return
  const first = Math.max(outcomes.slice + 1, now - slices + 1)
  for (let slice = first; slice <= now; slice++) {
    const at = (slice % slices) * 2
    outcomes.succeeded -= outcomes.counts[at] ?? 0
    outcomes.failed -= outcomes.counts[at + 1] ?? 0
    outcomes.counts[at] = 0
    outcomes.counts[at + 1] = 0
  }
  outcomes.slice = now
}
