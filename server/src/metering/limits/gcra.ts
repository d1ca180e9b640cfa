/**
 * The generic cell rate algorithm (ITU-T I.371, 1993): for each limit one number, the time at which everything taken
 * would be used up at the allowed rate. It is a token bucket that holds a full minute’s worth: a caller that was quiet
 * may take all of it at once and then goes on at the rate. Exact to the millisecond, and nothing is to be refilled.
 */
import type { Clock } from '../../base/index.ts'
import type { LimitOwner, Refusal, Take } from './types.ts'

export const minuteMs = 60_000
/** Who used more than was estimated pays that back with waiting, for two minutes at most. */
export const longestDebtMs = 2 * minuteMs
/** Times are sums of fractions. */
const tolerance = 1e-6
const pruneAbove = 4_096

export interface Gcra extends LimitOwner {
  take(takes: readonly Take[]): Exclude<ReturnType<LimitOwner['take']>, Promise<unknown>>
  adjust(takes: readonly Take[]): void
  /** Limits that are in use now. */
  readonly size: number
}

export interface GcraOptions {
  readonly clock: Clock
  /** Lets a take through that is larger than a minute allows while nothing else is taken: for shares of a limit. */
  readonly admitsLarge?: boolean
}

export function createGcra({ clock, admitsLarge = false }: GcraOptions): Gcra {
  const usedUp = new Map<string, number>()

  function peek(takes: readonly Take[]): Refusal | null {
    const now = clock.monotonic()
    let worst: Refusal | null = null
    for (const [index, { key, limit, amount }] of takes.entries()) {
      const used = Math.max(0, (usedUp.get(key) ?? 0) - now)
      const over = used + (amount * minuteMs) / limit - minuteMs
      if (over <= tolerance || (admitsLarge && used <= tolerance)) continue
      const retryAfterMs = waitOf(over, used, amount > limit)
      if (worst === null || isLonger(retryAfterMs, worst.retryAfterMs)) worst = { index, retryAfterMs }
    }
    return worst
  }

  const waitOf = (over: number, used: number, isLarge: boolean) => {
    if (!isLarge) return Math.ceil(over - tolerance)
    return admitsLarge ? Math.ceil(used) : null
  }

  function adjust(takes: readonly Take[]): void {
    const now = clock.monotonic()
    for (const { key, limit, amount } of takes) {
      if (amount === 0) continue
      const until = Math.max(now, usedUp.get(key) ?? 0) + (amount * minuteMs) / limit
      if (until <= now) usedUp.delete(key)
      else usedUp.set(key, Math.min(until, now + longestDebtMs))
    }
    if (usedUp.size > pruneAbove) for (const [key, until] of usedUp) if (until <= now) usedUp.delete(key)
  }

  return {
    peek,
    adjust,
    take(takes) {
      const refused = peek(takes)
      if (refused !== null) return { refused }
      adjust(takes)
      return { refused: null, taken: { adjust: (amounts) => adjust(withAmounts(takes, amounts)) } }
    },
    get size() {
      return usedUp.size
    },
  }
}

export function withAmounts(takes: readonly Take[], amounts: readonly number[]): Take[] {
  return takes.map((take, index) => ({ ...take, amount: amounts[index] ?? 0 }))
}

function isLonger(one: number | null, other: number | null): boolean {
  return other !== null && (one === null || one > other)
}
