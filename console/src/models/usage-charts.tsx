/** Latency and cost over time. */
import { useMemo } from 'preact/hooks'
import { TimeSeries, type SeriesPart } from '@cairn/ui'
import { formatCost, formatCounted, formatDay, formatMs, formatTimeOfDay } from '../shell/clock.ts'
import { formatUsdStep, usageSpans, valuesOf, type UsageSpan, type UsageSteps } from '@cairn/ui/figures'

export interface UsageChartProps {
  readonly steps: UsageSteps
  readonly span: UsageSpan
}

const formatStep = { day: formatTimeOfDay, month: formatDay } as const

export function LatencyChart({ steps, span }: UsageChartProps) {
  const parts = useMemo<readonly SeriesPart[]>(
    () => [
      { key: 'p50', label: 'Median', colour: 1, values: valuesOf(steps, ({ ttftP50Ms }) => ttftP50Ms) },
      { key: 'p95', label: '95th percentile', colour: 4, values: valuesOf(steps, ({ ttftP95Ms }) => ttftP95Ms) },
    ],
    [steps],
  )
  return (
    <div class="card">
      <h3>Time to the first token</h3>
      <TimeSeries
        label="Time to the first token"
        shape="lines"
        times={steps.times}
        stepMs={steps.stepMs}
        parts={parts}
        formatTime={formatStep[span]}
        formatValue={(ms) => (ms === 0 ? '0' : formatMs(ms))}
        summary={(index) => (parts.every(({ values }) => values[index] === null) ? 'nothing streamed' : '')}
        empty={<p class="none-yet muted">No reply was streamed in {usageSpans[span].words}.</p>}
      />
    </div>
  )
}

export function CostChart({ steps, span }: UsageChartProps) {
  const parts = useMemo<readonly SeriesPart[]>(() => {
    const told = valuesOf(steps, ({ costUsd, estimatedUsd }) => costUsd - estimatedUsd)
    const estimated = valuesOf(steps, ({ estimatedUsd }) => estimatedUsd)
    const isEstimated = estimated.some((value) => value !== null && value > 0)
    const known: SeriesPart = { key: 'known', label: 'By the provider’s count', colour: 1, values: told }
    return isEstimated ? [known, { key: 'estimated', label: 'Estimated', colour: 4, values: estimated }] : [known]
  }, [steps])
  const summary = (index: number) => {
    const row = steps.rows[index]
    return row ? `${formatCost(row.costUsd)} for ${formatCounted(row.calls, 'call')}` : 'nothing used'
  }
  return (
    <div class="card">
      <h3>Cost</h3>
      <TimeSeries
        label="Cost"
        times={steps.times}
        stepMs={steps.stepMs}
        parts={parts}
        formatTime={formatStep[span]}
        formatValue={formatCost}
        formatTick={formatUsdStep}
        summary={summary}
        empty={<p class="none-yet muted">Nothing was used in {usageSpans[span].words}.</p>}
      />
    </div>
  )
}
