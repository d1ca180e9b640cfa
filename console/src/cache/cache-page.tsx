/** What the cache holds, how often it is used, whether it is in step, and purging it. */
import { useState } from 'preact/hooks'
import type { CacheNamespace, CacheReport } from '@cairn/contract'
import { Badge, Button, EmptyState, ErrorState, Spinner, Table, type Column } from '@cairn/ui'
import { formatCount, formatCounted, formatShare, formatUsd } from '../shell/clock.ts'
import { FailureState } from '../shell/failure-state.tsx'
import { Page } from '../shell/page.tsx'
import { HitRateChart, spans, type SpanId } from './hit-rate-chart.tsx'
import { hitRateOf, hitRateOfKind, type HitRate } from '@cairn/ui/figures'
import { PurgeDialog } from './purge-dialog.tsx'
import { TierCards } from './tier-cards.tsx'
import { useCacheStats } from './use-cache-stats.ts'
import { describeLog, nameKind } from './words.ts'

export function CachePage() {
  const [span, setSpan] = useState<SpanId>('hour')
  const [purging, setPurging] = useState(false)
  const { value: report, at, failure, refresh } = useCacheStats(spans[span].minutes)
  return (
    <Page
      title="Cache"
      intro="What was made once is used again. An edited note drops exactly what was made from it."
      action={report ? <Button onClick={() => setPurging(true)}>Purge</Button> : null}
    >
      {failure ? <FailureState failure={failure} onRetry={refresh} /> : null}
      {report ? (
        <>
          <Inconsistencies count={report.inconsistencies} />
          <Highlights report={report} span={span} />
          <TierCards report={report} />
          <HitRateChart history={report.history} now={at} span={span} onSpan={setSpan} />
          <Kinds namespaces={report.namespaces} />
        </>
      ) : failure ? null : (
        <Spinner label="Loading the cache" />
      )}
      {purging && report ? (
        <PurgeDialog namespaces={report.namespaces} onPurged={refresh} onClose={() => setPurging(false)} />
      ) : null}
    </Page>
  )
}

function Inconsistencies({ count }: { readonly count: number }) {
  if (count === 0) return null
  return (
    <ErrorState
      title={`The consistency checker found ${formatCounted(count, 'wrong entry', 'wrong entries')}`}
      hint="This is a bug in Cairn. Purge everything, and report it with the server’s log."
    />
  )
}

function Highlights({ report, span }: { readonly report: CacheReport; readonly span: SpanId }) {
  const rate = hitRateOf(report.history)
  const saved = report.namespaces.reduce((sum, { savedUsd }) => sum + savedUsd, 0)
  const log = describeLog(report)
  return (
    <dl class="card-row is-highlights">
      <div class="card">
        <dt>Hit rate</dt>
        <dd class="card-number">{rate.share === null ? '–' : formatShare(rate.share)}</dd>
        <dd class="muted">
          {rate.reads === 0 ? 'Nothing read' : `of ${formatCounted(rate.reads, 'read')}`} in {spans[span].words}
        </dd>
      </div>
      <div class="card">
        <dt>Saved</dt>
        <dd class="card-number">{saved === 0 ? '$0.00' : formatUsd(saved)}</dd>
        <dd class="muted">since the server started, at known prices</dd>
      </div>
      <div class="card">
        <dt>Invalidations</dt>
        <dd>
          <Badge tone={log.tone} icon={log.tone === 'accent' ? 'check' : 'warning'}>
            {log.title}
          </Badge>
        </dd>
        <dd class="muted">{log.text}</dd>
      </div>
    </dl>
  )
}

function Kinds({ namespaces }: { readonly namespaces: readonly CacheNamespace[] }) {
  const used = namespaces.filter((namespace) => hitRateOfKind(namespace).reads + namespace.bypasses > 0)
  return (
    <section class="section">
      <h2>What is cached</h2>
      <Table
        caption="What is cached, by kind"
        columns={kindColumns.filter(({ key }) => !rareColumns.has(key) || used.some((kind) => countOf(kind, key) > 0))}
        rows={used}
        rowKey={({ name }) => name}
        empty={
          <EmptyState icon="cache" title="Nothing read yet">
            Ask a question: its answer is kept and given again while its notes stay as they are.
          </EmptyState>
        }
      />
    </section>
  )
}

const hitsOf = ({ hits }: CacheNamespace) => hits.memory + hits.disk + hits.shared

const kindColumns: readonly Column<CacheNamespace>[] = [
  {
    key: 'kind',
    heading: 'Kind',
    sortBy: ({ name }) => nameKind(name),
    cell: ({ name }) => <strong>{nameKind(name)}</strong>,
  },
  {
    key: 'rate',
    heading: 'Hit rate',
    align: 'end',
    sortBy: (namespace) => hitRateOfKind(namespace).share,
    cell: (namespace) => <Rate rate={hitRateOfKind(namespace)} />,
  },
  { key: 'hits', heading: 'Hits', align: 'end', sortBy: hitsOf, cell: (namespace) => formatCount(hitsOf(namespace)) },
  {
    key: 'misses',
    heading: 'Misses',
    align: 'end',
    sortBy: ({ misses }) => misses,
    cell: ({ misses }) => formatCount(misses),
  },
  {
    key: 'stale',
    heading: 'Stale',
    align: 'end',
    sortBy: ({ stale }) => stale,
    cell: ({ stale }) => formatCount(stale),
  },
  {
    key: 'bypasses',
    heading: 'Not cached',
    align: 'end',
    sortBy: ({ bypasses }) => bypasses,
    cell: ({ bypasses }) => formatCount(bypasses),
  },
  {
    key: 'saved',
    heading: 'Saved',
    align: 'end',
    sortBy: ({ savedUsd }) => savedUsd,
    cell: ({ savedUsd }) => (savedUsd === 0 ? <span class="muted">–</span> : formatUsd(savedUsd)),
  },
]

/** Columns that most people never need: shown once there is something in them. */
const rareColumns: ReadonlySet<string> = new Set(['stale', 'bypasses'])

function countOf({ stale, bypasses }: CacheNamespace, column: string): number {
  return column === 'stale' ? stale : bypasses
}

function Rate({ rate: { share } }: { readonly rate: HitRate }) {
  return share === null ? <span class="muted">–</span> : <>{formatShare(share)}</>
}
