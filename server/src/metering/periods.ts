/** The calendar day and month in UTC that a moment belongs to. Money is counted where its call began. */
import { formatTime } from '../base/index.ts'

export interface Period {
  /** `2026-03-05` or `2026-03`. */
  readonly key: string
  readonly name: 'day' | 'month'
  readonly fromMs: number
  /** When the next one begins. */
  readonly toMs: number
}

export interface Periods {
  readonly day: Period
  readonly month: Period
}

const dayMs = 86_400_000

/** Remembers the last one, since most calls fall on the same day. */
export function createCalendar(): (at: number) => Periods {
  let last: Periods | null = null
  return (at) => {
    if (last === null || at < last.day.fromMs || at >= last.day.toMs) last = findPeriods(at)
    return last
  }
}

function findPeriods(at: number): Periods {
  const text = formatTime(at)
  const [year = 0, month = 0] = text.split('-').map(Number)
  const fromMs = Math.floor(at / dayMs) * dayMs
  return {
    day: { key: text.slice(0, 10), name: 'day', fromMs, toMs: fromMs + dayMs },
    month: {
      key: text.slice(0, 7),
      name: 'month',
      fromMs: Date.UTC(year, month - 1, 1),
      toMs: Date.UTC(year, month, 1),
    },
  }
}
