/**
 * A report as CSV by RFC 4180: one table with the same columns in every row. The first one says to which part a row
 * belongs; rows of the part `about` say what the report is of. Whoever is named has a second column beside, for the name.
 */
import type { AuditReport, ReportCell, ReportCellKind } from '@cairn/contract'
import { formatTime } from '../../base/index.ts'
import { toRow } from '../export/csv.ts'
import { listFacts, listParts, nameOf, sayUsd, specOf } from './describe.ts'

interface CsvColumn {
  readonly id: string
  readonly kind: ReportCellKind
  readonly isName: boolean
}

const named: ReadonlySet<ReportCellKind> = new Set(['who', 'place'])

export function writeReportCsv(report: AuditReport): Uint8Array {
  const columns = Object.entries(specOf(report).columns).flatMap(([id, { kind }]): CsvColumn[] => [
    { id, kind, isName: false },
    ...(named.has(kind) ? [{ id, kind, isName: true }] : []),
  ])
  const lines = [toRow(['part', 'fact', 'value', ...columns.map(({ id, isName }) => (isName ? `${id} name` : id))])]
  const blank = columns.map(() => '')
  const tell = (part: string, name: string, value: string) => lines.push(toRow([part, name, value, ...blank]))
  for (const { name, value } of listFacts(report)) tell('about', name, value)
  tell('about', 'Checkpoint', report.pin.checkpoint)
  for (const { title, value, kind } of report.totals)
    tell('total', title, value === null ? '' : writeCell(kind as ReportCellKind, value))
  for (const { id, title, rows, total } of listParts(report)) {
    if (rows.length < total) tell('cut', title, `${rows.length} of ${total} rows`)
    for (const row of rows)
      lines.push(
        toRow([
          id,
          '',
          '',
          ...columns.map((column) => {
            const value = row[column.id] ?? null
            if (column.isName) return nameOf(report, column.kind, value) ?? ''
            return writeCell(column.kind, value)
          }),
        ]),
      )
  }
  return new TextEncoder().encode(lines.join(''))
}

function writeCell(kind: ReportCellKind, value: ReportCell): string {
  if (value === null) return ''
  if (Array.isArray(value)) return value.join('; ')
  if (typeof value === 'string') return value
  if (kind === 'time') return formatTime(value)
  if (kind === 'day') return formatTime(value).slice(0, 10)
  return kind === 'usd' ? sayUsd(value) : String(value)
}
