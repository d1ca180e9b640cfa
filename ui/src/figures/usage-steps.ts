/** Usage in even steps of time for the charts: a gap where nothing was used. */
import type { UsageRow } from '@cairn/contract'
import type { SeriesValues } from '../time-series/stack.ts'

const hourMs = 3_600_000

export const usageSpans = {
  day: { by: 'hour', steps: 24, stepMs: hourMs, name: '24 hours', words: 'the last 24 hours' },
  month: { by: 'day', steps: 30, stepMs: 24 * hourMs, name: '30 days', words: 'the last 30 days' },
} as const

export type UsageSpan = keyof typeof usageSpans

export const usageSpanIds = ['day', 'month'] as const satisfies readonly UsageSpan[]

/** Start of the first step, milliseconds since 1970; steps begin at whole hours or days in UTC, as the server counts. */
export function startOf(span: UsageSpan, now: number): number {
  const { steps, stepMs } = usageSpans[span]
  return (Math.floor(now / stepMs) - (steps - 1)) * stepMs
}

export interface UsageSteps {
  readonly times: readonly number[]
  readonly stepMs: number
  readonly rows: readonly (UsageRow | null)[]
}

/** `rows` by hour or by day, as the span asks for. */
export function divideUsage(rows: readonly UsageRow[], span: UsageSpan, now: number): UsageSteps {
  const { steps, stepMs } = usageSpans[span]
  const start = startOf(span, now)
  const times = Array.from({ length: steps }, (_, index) => start + index * stepMs)
  const found = new Map(rows.map((row) => [Math.floor((Date.parse(row.group) - start) / stepMs), row]))
  return { times, stepMs, rows: times.map((_, index) => found.get(index) ?? null) }
}

export function valuesOf({ rows }: UsageSteps, read: (row: UsageRow) => number | null): SeriesValues {
  return rows.map((row) => (row === null ? null : read(row)))
}
