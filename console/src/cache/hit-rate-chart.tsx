/** Over the last hour or day: which share of the reads each tier answered. The rest of the height are misses. */
import { useMemo } from 'preact/hooks'
import type { CacheHistoryPoint } from '@cairn/contract'
import { Button, TimeSeries, type SeriesPart } from '@cairn/ui'
import { formatShare, formatTimeOfDay } from '../shell/clock.ts'
import { divideHistory, sayHitRate } from '@cairn/ui/figures'
import { tierNames } from './words.ts'

export const spans = {
  hour: { minutes: 60, stepMinutes: 1, name: '1 hour', words: 'the last hour' },
  day: { minutes: 1_440, stepMinutes: 15, name: '24 hours', words: 'the last 24 hours' },
} as const

export type SpanId = keyof typeof spans

const spanIds = ['hour', 'day'] as const satisfies readonly SpanId[]

export interface HitRateChartProps {
  readonly history: readonly CacheHistoryPoint[]
  readonly now: number
  readonly span: SpanId
  readonly onSpan: (span: SpanId) => void
}

export function HitRateChart({ history, now, span, onSpan }: HitRateChartProps) {
  const steps = useMemo(() => divideHistory(history, { ...spans[span], now }), [history, now, span])
  const parts = useMemo<readonly SeriesPart[]>(() => {
    const { memory, disk, shared, stale } = steps.shares
    const tiers: SeriesPart[] = [
      { key: 'memory', label: tierNames.memory, colour: 1, values: memory },
      { key: 'disk', label: tierNames.disk, colour: 2, values: disk },
      { key: 'shared', label: tierNames.shared, colour: 3, values: shared },
    ]
    const isStale = stale.some((value) => value !== null && value > 0)
    return isStale ? [...tiers, { key: 'stale', label: 'Stale', colour: 4, values: stale }] : tiers
  }, [steps])
  const summary = (index: number) => sayHitRate(steps.rates[index])
  return (
    <section class="section">
      <div class="section-head">
        <h2>Hit rate over time</h2>
        <div class="spans" role="group" aria-label="How far back">
          {spanIds.map((id) => (
            <Button key={id} small pressed={id === span} onClick={() => onSpan(id)}>
              {spans[id].name}
            </Button>
          ))}
        </div>
      </div>
      <div class="card">
        <TimeSeries
          label="Share of reads answered from the cache"
          times={steps.times}
          stepMs={steps.stepMs}
          parts={parts}
          max={1}
          formatTime={formatTimeOfDay}
          formatValue={formatShare}
          summary={summary}
          empty={<p class="none-yet muted">Nothing was read in {spans[span].words}.</p>}
        />
      </div>
    </section>
  )
}
