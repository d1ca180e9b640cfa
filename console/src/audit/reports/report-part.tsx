/** One part of a report: a small chart where it helps, and its rows, some at a time. */
import { useState } from 'preact/hooks'
import type { AuditReport } from '@cairn/contract'
import { BarList, Button, Table, TimeSeries, type Column } from '@cairn/ui'
import { formatCount, formatDay } from '../../shell/clock.ts'
import { Cell, sayCell, type Names, type ShownColumn, type ShownPart } from './report-cells.tsx'

type Row = ShownPart['rows'][number]

const pageSize = 25

export interface PartViewProps {
  readonly part: ShownPart
  readonly names: Names
  /** All rows at once, for paper. */
  readonly isWhole: boolean
}

export function PartView({ part, names, isWhole }: PartViewProps) {
  const { id, title, about, rows, total, columns } = part
  const [most, setMost] = useState(pageSize)
  const shown = isWhole ? rows : rows.slice(0, most)
  const headingId = `report-part-${id}`
  return (
    <section class="section report-part" aria-labelledby={headingId}>
      <div class="report-part-head">
        <h2 id={headingId}>{title}</h2>
        <p class="muted">{about}</p>
      </div>
      <PartChart part={part} names={names} />
      <Table
        caption={title}
        columns={columns.map((column) => toColumn(column, names))}
        rows={[...shown.entries()]}
        rowKey={([at]) => String(at)}
        empty={null}
      />
      {shown.length < rows.length ? (
        <div class="audit-foot">
          <Button onClick={() => setMost(most + pageSize * 4)}>
            Show {formatCount(Math.min(pageSize * 4, rows.length - most))} more of {formatCount(rows.length)}
          </Button>
        </div>
      ) : null}
      {rows.length < total ? (
        <p class="audit-note muted">
          These are the first {formatCount(rows.length)} of {formatCount(total)} rows. Ask for a shorter time to see the
          others.
        </p>
      ) : null}
    </section>
  )
}

const numbers: ReadonlySet<string> = new Set(['count', 'usd', 'entry'])

function toColumn({ id, title, kind }: ShownColumn, names: Names): Column<[number, Row]> {
  return {
    key: id,
    heading: title,
    cell: ([, row]) => <Cell names={names} kind={kind} value={row[id] ?? null} />,
    // Numbers sort as such, everything else as it reads.
    sortBy: ([, row]) => {
      const value = row[id] ?? null
      return typeof value === 'number' ? value : value === null ? null : sayCell(names, kind, value)
    },
    ...(numbers.has(kind) && { align: 'end' }),
  }
}

const mostBars = 8
const dayMs = 86_400_000

/** None for a single row, which its number tells better. */
function PartChart({ part: { title, chart, rows, columns }, names }: Pick<PartViewProps, 'part' | 'names'>) {
  if (chart === undefined || rows.length < 2) return null
  const [label, value] = chart
  const [named, counted] = [label, value].map((id) => columns.find((column) => column.id === id))
  if (named === undefined || counted === undefined) return null
  const number = (row: Row) => Number(row[value] ?? 0)
  const caption = `${counted.title}: ${title.toLowerCase()}`
  if (named.kind === 'day')
    return (
      <DayChart caption={caption} title={counted.title} days={rows.map((row) => [Number(row[label]), number(row)])} />
    )
  return (
    <div class="card report-chart">
      <BarList
        label={caption}
        parts={[{ key: value, label: counted.title, colour: 1 }]}
        rows={rows.slice(0, mostBars).map((row, at) => ({
          key: String(at),
          name: sayCell(names, named.kind, row[label] ?? null) || '–',
          values: [number(row)],
          text: formatCount(number(row)),
        }))}
      />
    </div>
  )
}

interface DayChartProps {
  readonly caption: string
  readonly title: string
  readonly days: readonly (readonly [day: number, count: number])[]
}

/** Days between the first and the last, those on which nothing was too. */
function DayChart({ caption, title, days }: DayChartProps) {
  const counts = new Map(days)
  const [first = 0, last = 0] = [days[0]?.[0], days.at(-1)?.[0]]
  const times = Array.from({ length: Math.round((last - first) / dayMs) + 1 }, (_, at) => first + at * dayMs)
  const values = times.map((day) => counts.get(day) ?? 0)
  return (
    <div class="card report-chart">
      <TimeSeries
        label={caption}
        times={times}
        stepMs={dayMs}
        parts={[{ key: 'count', label: title, colour: 1, values }]}
        formatTime={formatDay}
        formatValue={formatCount}
        summary={() => ''}
        empty={null}
      />
    </div>
  )
}

/** What a part without rows is called in the one line for all of them. */
export const isEmptyPart = ({ total }: AuditReport['parts'][number] | ShownPart): boolean => total === 0
