/** Entries counted by one or two dimensions, the largest groups first; a group leads to its entries. */
import { useCallback, useState } from 'preact/hooks'
import { auditDimensions, type AuditSummaryView } from '@cairn/contract'
import { Button, EmptyState, Select, Spinner, Table, type Column } from '@cairn/ui'
import { useLoad } from '../access/use-load.ts'
import { formatCompact, formatCount, formatCounted, now } from '../shell/clock.ts'
import { hrefOf } from '../shell/router.ts'
import { ViewFailure } from '../shell/view-failure.tsx'
import { summarizeEvents } from './audit-api.ts'
import { useAudit } from './audit-context.ts'
import { SaidText } from './entry-list.tsx'
import { queryOf, spanOfFilter, writeFilter } from './filter.ts'
import {
  dimensionWords,
  filterOfGroup,
  nameGroup,
  namesOfDimensions,
  writeDimensions,
  type Dimension,
  type Dimensions,
} from './groups.ts'

const pageSize = 50

export function GroupsView({ by }: { readonly by: Dimensions }) {
  const { filter } = useAudit()
  const ask = useCallback(
    (signal: AbortSignal) =>
      summarizeEvents({ ...queryOf(filter, spanOfFilter(filter, now())), by: namesOfDimensions(by) }, signal),
    [filter, by],
  )
  const { value, failure, reload } = useLoad(ask)
  if (failure?.status === 403) return <ViewFailure failure={failure} what="the audit log" onRetry={reload} />
  return (
    <section class="section" aria-labelledby="audit-groups">
      <div class="section-head">
        <h2 id="audit-groups">Groups</h2>
        <Pickers by={by} />
      </div>
      {failure ? <ViewFailure failure={failure} what="the audit log" onRetry={reload} /> : null}
      {value ? (
        <Groups key={namesOfDimensions(by)} by={by} summary={value} />
      ) : failure ? null : (
        <Spinner label="Counting" />
      )}
    </section>
  )
}

function Pickers({ by }: { readonly by: Dimensions }) {
  const { filter } = useAudit()
  const pick = (next: Dimensions) => {
    location.hash = hrefOf('audit', { view: 'groups', ...writeFilter(filter), ...writeDimensions(next) })
  }
  const options = auditDimensions.map((value) => ({ value, text: dimensionWords[value] }))
  return (
    <div class="audit-pickers">
      <Select
        label="By"
        value={by.first}
        options={options}
        onChange={(first) => pick({ first: first as Dimension, second: by.second === first ? by.first : by.second })}
      />
      <Select
        label="And by"
        value={by.second ?? ''}
        options={[{ value: '', text: 'Nothing else' }, ...options.filter(({ value }) => value !== by.first)]}
        onChange={(second) => pick({ ...by, second: second === '' ? null : (second as Dimension) })}
      />
    </div>
  )
}

type Row = AuditSummaryView['rows'][number]

function Groups({ by, summary }: { readonly by: Dimensions; readonly summary: AuditSummaryView }) {
  const { names, hrefWith } = useAudit()
  const [most, setMost] = useState(pageSize)
  const { rows, truncated } = summary
  const total = rows.reduce((sum, { count }) => sum + count, 0)
  const largest = rows.reduce((max, { count }) => Math.max(max, count), 0)
  const named = (dimension: Dimension, index: number): Column<Row> => ({
    key: dimension,
    heading: dimensionWords[dimension],
    cell: (row) => <SaidText said={nameGroup(names, dimension, row, index)} />,
  })
  const hasTokens = rows.some(({ tokensIn, tokensOut }) => tokensIn + tokensOut > 0)
  const columns: Column<Row>[] = [
    named(by.first, 0),
    ...(by.second === null ? [] : [named(by.second, 1)]),
    {
      key: 'count',
      heading: 'Entries',
      cell: (row) => <CountBar row={row} largest={largest} href={hrefOfGroup(by, row, hrefWith)} />,
    },
    ...(hasTokens ? [tokenColumn('in', 'Tokens in', 'tokensIn'), tokenColumn('out', 'Tokens out', 'tokensOut')] : []),
  ]
  if (rows.length === 0)
    return (
      <EmptyState icon="audit" title="No entry is like this">
        Take a longer time, or look for less.
      </EmptyState>
    )
  return (
    <>
      <p class="audit-note muted" role="status">
        {formatCounted(total, 'entry', 'entries')} in {formatCounted(rows.length, 'group')}
        {truncated ? '; there are more groups, which are not counted here' : ''}.
      </p>
      <div class="audit-groups">
        <Table
          caption="Groups"
          columns={columns}
          rows={rows.slice(0, most)}
          rowKey={({ group, hidden }) => JSON.stringify([group, hidden])}
          empty={null}
        />
      </div>
      {rows.length > most ? (
        <div class="audit-foot">
          <Button onClick={() => setMost(most + pageSize)}>
            Show {formatCount(Math.min(pageSize, rows.length - most))} more
          </Button>
        </div>
      ) : null}
    </>
  )
}

function hrefOfGroup(by: Dimensions, row: Row, hrefWith: ReturnType<typeof useAudit>['hrefWith']): string | null {
  const change = filterOfGroup(by, row)
  return change === null ? null : hrefWith(change, { view: 'search' })
}

interface CountBarProps {
  readonly row: Row
  readonly largest: number
  readonly href: string | null
}

/** The bar says again what the number says. */
function CountBar({ row: { count }, largest, href }: CountBarProps) {
  return (
    <span class="audit-count">
      {href === null ? (
        <span class="audit-count-number">{formatCount(count)}</span>
      ) : (
        <a class="audit-count-number" href={href} aria-label={`Show ${formatCounted(count, 'entry', 'entries')}`}>
          {formatCount(count)}
        </a>
      )}
      <span class="audit-count-track" aria-hidden="true">
        <span class="audit-count-bar" style={{ inlineSize: `${largest > 0 ? (count / largest) * 100 : 0}%` }} />
      </span>
    </span>
  )
}

function tokenColumn(key: string, heading: string, field: 'tokensIn' | 'tokensOut'): Column<Row> {
  return {
    key,
    heading,
    align: 'end',
    cell: (row) => (row[field] === 0 ? <span class="muted">–</span> : formatCompact(row[field])),
  }
}
