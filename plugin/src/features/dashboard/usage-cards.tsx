/** What was used in the time asked for: the sums, and calls, cost and latency over time. */
import { useMemo } from 'preact/hooks'
import type { UsageReply, UsageRow } from '@cairn/contract'
import { Badge, EmptyState, Sparkline, TimeSeries, type SeriesPart } from '@cairn/ui'
import {
  divideUsage,
  formatCompact,
  formatCost,
  formatCounted,
  formatDay,
  formatMs,
  formatShare,
  formatTimeOfDay,
  formatUsdStep,
  usageSpans,
  valuesOf,
  type UsageSpan,
  type UsageSteps,
} from '@cairn/ui/figures'
import type { Figures } from '../../core/dashboard/figures.ts'
import { Card, NotShown, PartFailed } from './card.tsx'

interface ChartProps {
  readonly steps: UsageSteps
  readonly span: UsageSpan
}

export function UsageCards({ figures: { usage, span }, at }: { readonly figures: Figures; readonly at: number }) {
  if (usage === null)
    return (
      <Card title="Usage" wide>
        <NotShown what="Usage is shown to those" right="usage.read" />
      </Card>
    )
  if (!usage.ok)
    return (
      <Card title="Usage" wide>
        <PartFailed failure={usage.failure} />
      </Card>
    )
  return <Usage usage={usage.value} span={span} at={at} />
}

function Usage({ usage, span, at }: { readonly usage: UsageReply; readonly span: UsageSpan; readonly at: number }) {
  const steps = useMemo(() => divideUsage(usage.rows, span, at), [usage, span, at])
  const whose = <Badge>{usage.of === 'all' ? 'Everybody’s' : 'Yours'}</Badge>
  const { total } = usage
  if (total.calls + total.failures === 0)
    return (
      <Card title="Usage" aside={whose} wide>
        <EmptyState icon="ask" title={`Nothing was asked in ${usageSpans[span].words}`}>
          Ask a question: what it took is shown here.
        </EmptyState>
      </Card>
    )
  return (
    <>
      <Card title="Usage" aside={whose} wide>
        <Tiles total={total} steps={steps} />
      </Card>
      <CallsChart steps={steps} span={span} />
      <CostChart steps={steps} span={span} />
      <LatencyChart steps={steps} span={span} />
    </>
  )
}

function Tiles({ total, steps }: { readonly total: UsageReply['total']; readonly steps: UsageSteps }) {
  const { calls, cacheHits, failures, inputTokens, outputTokens, costUsd, savedUsd, estimatedUsd } = total
  const tiles = [
    {
      name: 'Answers',
      value: formatCompact(calls),
      note: failures === 0 ? 'no failed attempt' : formatCounted(failures, 'failed attempt'),
      values: valuesOf(steps, (row) => row.calls),
    },
    {
      name: 'Cost',
      value: formatCost(costUsd),
      note:
        estimatedUsd > 0
          ? `${formatCost(estimatedUsd)} of it estimated`
          : `${formatCompact(inputTokens + outputTokens)} tokens`,
      values: valuesOf(steps, (row) => row.costUsd),
    },
    {
      name: 'Saved',
      value: formatCost(savedUsd),
      note: 'by answers from the cache',
      values: valuesOf(steps, (row) => row.savedUsd),
    },
    {
      name: 'From the cache',
      value: calls === 0 ? '–' : formatShare(cacheHits / calls),
      note: `${formatCompact(cacheHits)} of ${formatCounted(calls, 'answer')}`,
      values: valuesOf(steps, (row) => (row.calls === 0 ? null : row.cacheHits / row.calls)),
    },
  ]
  return (
    <dl class="cairn-tiles">
      {tiles.map(({ name, value, note, values }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="cairn-tile-number">{value}</dd>
          <dd class="cairn-muted">{note}</dd>
          <dd aria-hidden="true">
            <Sparkline values={values} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

const formatStep = { day: formatTimeOfDay, month: formatDay } as const

interface OverTimeProps extends ChartProps {
  readonly title: string
  readonly parts: readonly SeriesPart[]
  readonly shape?: 'bars' | 'lines'
  readonly formatValue: (value: number) => string
  readonly formatTick?: (value: number) => string
  readonly summary: (row: UsageRow | null) => string
}

function OverTime({ title, steps, span, summary, ...chart }: OverTimeProps) {
  return (
    <Card title={title}>
      <TimeSeries
        label={title}
        {...chart}
        times={steps.times}
        stepMs={steps.stepMs}
        formatTime={formatStep[span]}
        summary={(index) => summary(steps.rows[index] ?? null)}
        empty={<p class="cairn-muted">No model answered in {usageSpans[span].words}.</p>}
      />
    </Card>
  )
}

function CallsChart({ steps, span }: ChartProps) {
  const parts = useMemo<readonly SeriesPart[]>(
    () => [
      { key: 'made', label: 'By a model', colour: 1, values: valuesOf(steps, (row) => row.calls - row.cacheHits) },
      { key: 'hits', label: 'From the cache', colour: 2, values: valuesOf(steps, (row) => row.cacheHits) },
      { key: 'failed', label: 'Failed', colour: 'danger', values: valuesOf(steps, (row) => row.failures) },
    ],
    [steps],
  )
  const summary = (row: UsageRow | null) => (row ? formatCounted(row.calls, 'answer') : 'nothing asked')
  return (
    <OverTime title="Answers" steps={steps} span={span} parts={parts} formatValue={formatCompact} summary={summary} />
  )
}

function CostChart({ steps, span }: ChartProps) {
  const parts = useMemo<readonly SeriesPart[]>(
    () => [
      { key: 'cost', label: 'Paid', colour: 1, values: valuesOf(steps, (row) => row.costUsd) },
      { key: 'saved', label: 'Saved', colour: 2, values: valuesOf(steps, (row) => row.savedUsd) },
    ],
    [steps],
  )
  const summary = (row: UsageRow | null) =>
    row ? `${formatCost(row.costUsd)} paid, ${formatCost(row.savedUsd)} saved` : 'nothing asked'
  return (
    <OverTime
      title="Cost and what was saved"
      steps={steps}
      span={span}
      parts={parts}
      formatValue={formatCost}
      formatTick={formatUsdStep}
      summary={summary}
    />
  )
}

function LatencyChart({ steps, span }: ChartProps) {
  const parts = useMemo<readonly SeriesPart[]>(
    () => [
      { key: 'p50', label: 'Median', colour: 1, values: valuesOf(steps, (row) => row.ttftP50Ms) },
      { key: 'p95', label: '95th percentile', colour: 4, values: valuesOf(steps, (row) => row.ttftP95Ms) },
    ],
    [steps],
  )
  const isKnown = (row: UsageRow | null) => row !== null && (row.ttftP50Ms ?? row.ttftP95Ms) !== null
  return (
    <OverTime
      title="Time to the first word"
      steps={steps}
      span={span}
      parts={parts}
      shape="lines"
      formatValue={(ms) => (ms === 0 ? '0' : formatMs(ms))}
      summary={(row) => (isKnown(row) ? '' : 'no model answered')}
    />
  )
}
