/** What was used: how soon models answered, what it cost, and which model took how much. */
import { useCallback, useMemo, useState } from 'preact/hooks'
import type { UsageReply, UsageRow } from '@cairn/contract'
import { Button, EmptyState, Spinner } from '@cairn/ui'
import type { Reply } from '../api/failure.ts'
import { getUsage } from '../api/resources.ts'
import { formatCompact, formatCost, formatCounted, now } from '../shell/clock.ts'
import { useLive } from '../shell/use-live.ts'
import { CostChart, LatencyChart } from './usage-charts.tsx'
import { ModelUsage } from './usage-models.tsx'
import { divideUsage, startOf, usageSpanIds, usageSpans, type UsageSpan } from '@cairn/ui/figures'
import { ViewFailure } from '../shell/view-failure.tsx'

/** Slower than other pages: sums by hour change slowly, and each look is on record. */
const refreshMs = 30_000

interface Usage {
  readonly span: UsageSpan
  readonly byTime: UsageReply
  readonly byModel: UsageReply
}

async function readUsage(span: UsageSpan, signal: AbortSignal): Promise<Reply<Usage>> {
  const from = startOf(span, now())
  const [byTime, byModel] = await Promise.all([
    getUsage(usageSpans[span].by, from, signal),
    getUsage('model', from, signal),
  ])
  if (!byTime.ok) return byTime
  return byModel.ok ? { ok: true, value: { span, byTime: byTime.value, byModel: byModel.value } } : byModel
}

export function UsageView() {
  const [span, setSpan] = useState<UsageSpan>('day')
  const { value, at, failure, refresh } = useLive(
    useCallback((signal: AbortSignal) => readUsage(span, signal), [span]),
    refreshMs,
  )
  if (failure?.status === 403) return <ViewFailure failure={failure} what="usage" onRetry={refresh} />
  return (
    <section class="section models-usage" aria-labelledby="usage-title">
      <div class="section-head">
        <h2 id="usage-title">Usage</h2>
        <div class="spans" role="group" aria-label="How far back">
          {usageSpanIds.map((id) => (
            <Button key={id} small pressed={id === span} onClick={() => setSpan(id)}>
              {usageSpans[id].name}
            </Button>
          ))}
        </div>
      </div>
      {failure ? <ViewFailure failure={failure} what="usage" onRetry={refresh} /> : null}
      {value ? <Figures usage={value} at={at} /> : failure ? null : <Spinner label="Loading usage" />}
    </section>
  )
}

function Figures({ usage: { span, byTime, byModel }, at }: { readonly usage: Usage; readonly at: number }) {
  const steps = useMemo(() => divideUsage(byTime.rows, span, at), [byTime, span, at])
  const { total } = byModel
  if (total.calls + total.failures === 0)
    return (
      <EmptyState icon="models" title={`Nothing was used in ${usageSpans[span].words}`}>
        Ask a question, or send a chat request to <code>{location.origin}/v1</code>: what it took is shown here.
      </EmptyState>
    )
  return (
    <>
      <Highlights total={total} />
      <div class="models-charts">
        <LatencyChart steps={steps} span={span} />
        <CostChart steps={steps} span={span} />
      </div>
      <ModelUsage rows={byModel.rows} />
    </>
  )
}

function Highlights({ total }: { readonly total: Omit<UsageRow, 'group'> }) {
  const { calls, cacheHits, failures, inputTokens, outputTokens, costUsd, savedUsd, estimatedUsd } = total
  return (
    <dl class="card-row is-highlights">
      <div class="card">
        <dt>Calls answered</dt>
        <dd class="card-number">{formatCompact(calls)}</dd>
        <dd class="muted">{cacheHits === 0 ? 'none from the cache' : `${formatCompact(cacheHits)} from the cache`}</dd>
      </div>
      <div class="card">
        <dt>Cost</dt>
        <dd class="card-number">{costUsd > 0 && costUsd < 0.01 ? '< $0.01' : formatCost(costUsd)}</dd>
        <dd class="muted">
          {estimatedUsd > 0
            ? `${formatCost(estimatedUsd)} of it estimated`
            : `${formatCost(savedUsd)} saved by the cache`}
        </dd>
      </div>
      <div class="card">
        <dt>Tokens</dt>
        <dd class="card-number">{formatCompact(inputTokens + outputTokens)}</dd>
        <dd class="muted">
          {formatCompact(inputTokens)} in, {formatCompact(outputTokens)} out
        </dd>
      </div>
      <div class="card">
        <dt>Failed attempts</dt>
        <dd class="card-number">{formatCompact(failures)}</dd>
        <dd class="muted">of {formatCounted(calls - cacheHits + failures, 'attempt')}</dd>
      </div>
    </dl>
  )
}
