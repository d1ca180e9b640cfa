/** Which model took how much: tokens and failures as bars, and all numbers as a table. */
import { useState } from 'preact/hooks'
import type { UsageRow } from '@cairn/contract'
import { BarList, Button, Table, type BarPart, type Column } from '@cairn/ui'
import { formatCompact, formatCost, formatCount, formatCounted, formatMs } from '../shell/clock.ts'

/** Models that have a bar; the table has more. */
const mostBars = 8
const pageSize = 100

const tokenParts: readonly BarPart[] = [
  { key: 'in', label: 'In', colour: 1 },
  { key: 'out', label: 'Out', colour: 2 },
]
const attemptParts: readonly BarPart[] = [
  { key: 'calls', label: 'Answered', colour: 1 },
  { key: 'failures', label: 'Failed', colour: 'danger' },
]

const tokensOf = ({ inputTokens, outputTokens }: UsageRow) => inputTokens + outputTokens
const answeredOf = ({ calls, cacheHits }: UsageRow) => Math.max(0, calls - cacheHits)
const attemptsOf = (row: UsageRow) => answeredOf(row) + row.failures

export function ModelUsage({ rows }: { readonly rows: readonly UsageRow[] }) {
  const [most, setMost] = useState(pageSize)
  return (
    <>
      <div class="models-charts">
        <div class="card">
          <h3>Tokens by model</h3>
          <BarList
            label="Tokens by model"
            parts={tokenParts}
            rows={takeMost(rows, tokensOf).map((row) => ({
              key: row.group,
              name: row.group,
              values: [row.inputTokens, row.outputTokens],
              text: `${formatCompact(row.inputTokens)} in, ${formatCompact(row.outputTokens)} out`,
            }))}
          />
        </div>
        <div class="card">
          <h3>Failures by model</h3>
          <BarList
            label="Failures by model"
            parts={attemptParts}
            rows={takeMost(rows, attemptsOf).map((row) => ({
              key: row.group,
              name: row.group,
              values: [answeredOf(row), row.failures],
              text: `${formatCompact(row.failures)} of ${formatCounted(attemptsOf(row), 'attempt')}`,
            }))}
          />
        </div>
      </div>
      <div class="models-wide-table">
        <Table
          caption="Usage by model"
          columns={columns}
          rows={rows.slice(0, most)}
          rowKey={({ group }) => group}
          empty={null}
        />
      </div>
      {rows.length > most ? (
        <Button onClick={() => setMost(most + pageSize)}>
          Show {formatCount(Math.min(pageSize, rows.length - most))} more
        </Button>
      ) : null}
    </>
  )
}

function takeMost(rows: readonly UsageRow[], read: (row: UsageRow) => number): readonly UsageRow[] {
  return rows
    .filter((row) => read(row) > 0)
    .toSorted((a, b) => read(b) - read(a))
    .slice(0, mostBars)
}

function countColumn(key: string, heading: string, read: (row: UsageRow) => number): Column<UsageRow> {
  return { key, heading, align: 'end', sortBy: read, cell: (row) => formatCount(read(row)) }
}

function latencyColumn(key: string, heading: string, read: (row: UsageRow) => number | null): Column<UsageRow> {
  const cell = (row: UsageRow) => {
    const ms = read(row)
    return ms === null ? <span class="muted">–</span> : formatMs(ms)
  }
  return { key, heading, align: 'end', sortBy: read, cell }
}

const columns: readonly Column<UsageRow>[] = [
  {
    key: 'model',
    heading: 'Model',
    sortBy: ({ group }) => group,
    cell: ({ group }) => <strong class="models-strong">{group}</strong>,
  },
  countColumn('calls', 'Calls', ({ calls }) => calls),
  countColumn('hits', 'From cache', ({ cacheHits }) => cacheHits),
  countColumn('failures', 'Failures', ({ failures }) => failures),
  countColumn('in', 'Tokens in', ({ inputTokens }) => inputTokens),
  countColumn('out', 'Tokens out', ({ outputTokens }) => outputTokens),
  {
    key: 'cost',
    heading: 'Cost',
    align: 'end',
    sortBy: ({ costUsd }) => costUsd,
    cell: ({ costUsd }) => formatCost(costUsd),
  },
  latencyColumn('p50', 'First token, median', ({ ttftP50Ms }) => ttftP50Ms),
  latencyColumn('p95', '95 %', ({ ttftP95Ms }) => ttftP95Ms),
]
