/** Stretches of time: what can be picked, how each is divided for the chart, and counts in even steps. */
import type { AuditSummaryView } from '@cairn/contract'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
const weekMs = 7 * dayMs

/** Beside these there is a stretch of one’s own, from and to. */
export const ranges = {
  hour: { title: 'Last hour', words: 'the last hour', ms: hourMs },
  day: { title: 'Last 24 hours', words: 'the last 24 hours', ms: dayMs },
  week: { title: 'Last 7 days', words: 'the last 7 days', ms: weekMs },
  month: { title: 'Last 30 days', words: 'the last 30 days', ms: 30 * dayMs },
  quarter: { title: 'Last 90 days', words: 'the last 90 days', ms: 90 * dayMs },
  year: { title: 'Last 12 months', words: 'the last 12 months', ms: 365 * dayMs },
  all: { title: 'All time', words: 'the log', ms: null },
} as const

export type RangeId = keyof typeof ranges

export const rangeIds = Object.keys(ranges) as readonly RangeId[]
export const usualRange: RangeId = 'day'

export type Bucket = 'hour' | 'day' | 'week'

export const bucketMs: Readonly<Record<Bucket, number>> = { hour: hourMs, day: dayMs, week: weekMs }

/** Milliseconds since 1970; `from` null for the beginning of the log, `to` null for now and what comes. */
export interface Span {
  readonly from: number | null
  readonly to: number | null
}

/** The longest stretches that are divided into hours and into days. */
const longestInHours = 3 * dayMs
const longestInDays = 120 * dayMs

/** Weeks too are even steps; months are not. */
export function bucketOf({ from, to }: Span, now: number): Bucket {
  const length = from === null ? Number.POSITIVE_INFINITY : (to ?? now) - from
  if (length <= longestInHours) return 'hour'
  return length <= longestInDays ? 'day' : 'week'
}

/** Beginning of the step in which a time lies, in UTC as the server counts; weeks begin on Monday. */
export function stepStart(at: number, bucket: Bucket): number {
  const step = bucketMs[bucket]
  // 1970 began on a Thursday.
  const shift = bucket === 'week' ? 3 * dayMs : 0
  return Math.floor((at + shift) / step) * step - shift
}

/** The stretch of a range as of now, in whole steps, so that its first bar is as wide as the others. */
export function spanOf(range: RangeId, now: number): Span {
  const { ms } = ranges[range]
  if (ms === null) return { from: null, to: null }
  if (ms === hourMs) return { from: Math.floor((now - ms) / minuteMs) * minuteMs, to: null }
  const bucket = bucketOf({ from: now - ms, to: null }, now)
  return { from: stepStart(now - ms, bucket) + bucketMs[bucket], to: null }
}

export const outcomes = ['ok', 'refused', 'failed'] as const

export type Outcome = (typeof outcomes)[number]

export interface Activity {
  /** Starts of the steps, milliseconds since 1970. */
  readonly times: readonly number[]
  readonly stepMs: number
  readonly bucket: Bucket
  /** For each outcome a number for each step. */
  readonly counts: Readonly<Record<Outcome, readonly number[]>>
  readonly totals: Readonly<Record<Outcome, number>>
  /** There were more steps than are counted. */
  readonly isCut: boolean
}

/** More than there are in six years, in weeks. */
const mostSteps = 400

/** Counts by outcome in even steps from the beginning of the span to its end; 0 where nothing was recorded. */
export function divideActivity(
  { rows, truncated }: Pick<AuditSummaryView, 'rows' | 'truncated'>,
  { from, to }: Span,
  bucket: Bucket,
  now: number,
): Activity {
  const step = bucketMs[bucket]
  const starts = rows.flatMap(({ start }) => start ?? [])
  const first = stepStart(from ?? starts.reduce((least, start) => Math.min(least, start), now), bucket)
  const last = stepStart(Math.max(first, (to ?? now) - 1), bucket)
  const length = Math.min(mostSteps, (last - first) / step + 1)
  const times = Array.from({ length }, (_, index) => first + index * step)
  const counts = { ok: times.map(() => 0), refused: times.map(() => 0), failed: times.map(() => 0) }
  const totals = { ok: 0, refused: 0, failed: 0 }
  for (const { group, start, count } of rows) {
    const outcome = outcomes.find((each) => each === group[0])
    if (outcome === undefined || start === null) continue
    totals[outcome] += count
    const index = (start - first) / step
    const before = counts[outcome][index]
    if (before !== undefined) counts[outcome][index] = before + count
  }
  return { times, stepMs: step, bucket, counts, totals, isCut: truncated }
}
