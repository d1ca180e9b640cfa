/** A report in words, the same in every file: what it is of, with what it was asked, and what its cells say. */
import type {
  AuditReport,
  ReportCell,
  ReportCellKind,
  ReportColumnSpec,
  ReportPartSpec,
  ReportSpec,
} from '@cairn/contract'
import { auditReportParameters, auditReportTable } from '@cairn/contract/tables'
import { formatTime } from '../../base/index.ts'

export function specOf({ id }: Pick<AuditReport, 'id'>): ReportSpec {
  return auditReportTable[id]
}

/** `2026-11-23 14:30:05`, in UTC. */
export function sayTime(ms: number): string {
  return formatTime(ms).slice(0, 19).replace('T', ' ')
}

export interface Fact {
  readonly name: string
  readonly value: string
}

/** What a reader needs to know of a report to get it again and to hold it against the log. */
export function listFacts(report: AuditReport): Fact[] {
  const { pin, period, parameters, query, read, stateSha256 } = report
  const spec = specOf(report)
  const fact = (name: string, value: string): Fact => ({ name, value })
  return [
    fact('Report', spec.title),
    fact('Question', spec.answers),
    ...(period === null
      ? []
      : [fact('Period, UTC', `${sayTime(period.from)} to ${sayTime(period.to)}, the end not included`)]),
    ...Object.entries(parameters).map(([id, value]) => {
      const about = auditReportParameters[id as keyof typeof auditReportParameters]
      return fact(about.title, `${value} ${value === 1 ? about.unit.replace(/s$/, '') : about.unit}`)
    }),
    fact('Log', pin.origin),
    fact('Entries of the log', String(pin.size)),
    fact('Root of its tree', pin.root),
    fact('Newest entry, UTC', sayTime(pin.at).slice(0, 16)),
    fact('Signed', pin.checkpoint.trim().split('\n').at(-1) ?? ''),
    ...(pin.minIndex > 0 ? [fact('Pruned', `entries before ${pin.minIndex}`)] : []),
    fact('Asked with', query),
    fact('Read for it', `${read.entries} entries, ${read.erased} with a part that nobody can read any more`),
    fact('From the log', spec.log),
    fact('As of now', spec.state ?? 'Nothing but what people, groups and vaults are called.'),
    fact('SHA-256 of what is as of now', stateSha256),
  ]
}

export interface NamedColumn extends ReportColumnSpec {
  readonly id: string
}

export interface NamedPart extends Omit<ReportPartSpec, 'columns'> {
  readonly id: string
  readonly columns: readonly NamedColumn[]
  readonly total: number
  readonly rows: AuditReport['parts'][number]['rows']
}

export function listParts(report: AuditReport): NamedPart[] {
  const spec = specOf(report)
  return report.parts.flatMap(({ id, total, rows }) => {
    const part = spec.parts[id]
    if (part === undefined) return []
    const columns = part.columns.flatMap((column) => {
      const about = spec.columns[column]
      return about === undefined ? [] : [{ id: column, ...about }]
    })
    return [{ ...part, id, columns, total, rows }]
  })
}

/** What a person, group or vault is called now; null for one that is not known, or not to the reader. */
export function nameOf({ names }: Pick<AuditReport, 'names'>, kind: ReportCellKind, value: ReportCell): string | null {
  if (typeof value !== 'string') return null
  if (kind === 'who') return names[value.replace(/^(?:user|service|group):/, '')] ?? null
  if (kind !== 'place') return null
  const [, vault = '', path] = /^(?:vault|folder|note):([^/]+)(?:\/(.+))?$/.exec(value) ?? []
  const name = names[vault]
  return name === undefined ? null : path === undefined ? name : `${name} / ${path}`
}

/** A cell as text for people: names where they are known. */
export function sayCell(report: Pick<AuditReport, 'names'>, kind: ReportCellKind, value: ReportCell): string {
  if (value === null) return ''
  if (Array.isArray(value)) return value.join(', ')
  if (kind === 'time' && typeof value === 'number') return sayTime(value)
  if (kind === 'day' && typeof value === 'number') return sayTime(value).slice(0, 10)
  if (kind === 'usd') return typeof value === 'number' ? sayUsd(value) : value
  if (typeof value === 'number') return String(value)
  return nameOf(report, kind, value) ?? value.replace(namedInText, (who) => nameOf(report, 'who', who) ?? who)
}

/** Somebody whom a sentence names. */
const namedInText = /\b(?:user|service|group):\w+/g

/** As exact as it is counted: to the billionth, without zeros at the end beyond cents. */
export function sayUsd(usd: number): string {
  return usd.toFixed(9).replace(/(\.\d\d\d*?)0+$/, '$1')
}
