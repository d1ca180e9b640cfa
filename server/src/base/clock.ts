/** The only place that reads the time. Everything else is given a `Clock`. */

export interface Clock {
  /** Milliseconds since 1970, as people count time. May jump. */
  now(): number
  /** Milliseconds since some start, never going back. For durations, deadlines and leases. */
  monotonic(): number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
}

/** ISO 8601 in UTC of milliseconds since 1970. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString()
}

/** For libraries that take nothing else. */
export function toDate(ms: number): Date {
  return new Date(ms)
}
