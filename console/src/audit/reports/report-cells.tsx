/** Cells of a report as somebody reads them: names for ids, times in UTC as on paper, and what is not told is called so. */
import type { ComponentChildren } from 'preact'
import {
  reportWords,
  type AuditReport,
  type ReportCell,
  type ReportCellKind,
  type ReportColumnSpec,
  type ReportPartSpec,
} from '@cairn/contract'
import { formatCount, formatCost } from '../../shell/clock.ts'
import { hrefOf } from '../../shell/router.ts'
import { specOf } from './report-ask.ts'

export type Names = AuditReport['names']

export interface ShownColumn extends ReportColumnSpec {
  readonly id: string
}

export interface ShownPart extends Omit<ReportPartSpec, 'columns'> {
  readonly id: string
  readonly total: number
  readonly rows: AuditReport['parts'][number]['rows']
  /** Those in which some row has something. */
  readonly columns: readonly ShownColumn[]
}

export function listShownParts({ id, parts }: AuditReport): ShownPart[] {
  const spec = specOf(id)
  return parts.flatMap((part) => {
    const about = spec.parts[part.id]
    if (about === undefined) return []
    const columns = about.columns.flatMap((column) => {
      const said = spec.columns[column]
      const isFilled = part.rows.some((row) => !isBlank(row[column] ?? null))
      return said === undefined || !isFilled ? [] : [{ id: column, ...said }]
    })
    return [{ ...about, ...part, columns }]
  })
}

const isBlank = (value: ReportCell): boolean =>
  value === null || value === '' || (Array.isArray(value) && value.length === 0)

const unsaid: ReadonlySet<string> = new Set(Object.values(reportWords))
const nobodies: Readonly<Record<string, string>> = { anonymous: 'Somebody not signed in', server: 'The server' }

/** The id where the reader is not told a name. */
export function nameWho(names: Names, who: string): string {
  const id = who.replace(/^(?:user|service|group):/, '')
  if (Object.hasOwn(nobodies, id)) return nobodies[id] ?? id
  return Object.hasOwn(names, id) ? (names[id] ?? who) : who
}

export function namePlace(names: Names, place: string): string {
  if (place.startsWith('org:')) return 'Whole server'
  const [, vault = '', path] = /^(?:vault|folder|note):([^/]+)(?:\/(.+))?$/.exec(place) ?? []
  if (vault === '') return place
  const name = Object.hasOwn(names, vault) ? (names[vault] ?? vault) : vault
  return path === undefined ? name : `${name} / ${path.replace(/\.md$/, '').split('/').join(' / ')}`
}

/** `2026-11-23 14:30:05`, in UTC as in the files, so that both can be laid side by side. */
export function sayUtc(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}

/** In one line, also for charts. */
export function sayCell(names: Names, kind: ReportCellKind, value: ReportCell): string {
  if (value === null) return ''
  if (Array.isArray(value)) return value.join(', ')
  if (typeof value === 'number') {
    if (kind === 'time') return sayUtc(value)
    if (kind === 'day') return sayUtc(value).slice(0, 10)
    return kind === 'usd' ? formatCost(value) : formatCount(value)
  }
  if (kind === 'who') return nameWho(names, value)
  return kind === 'place' ? namePlace(names, value) : nameWithin(names, value)
}

/** Of a sentence of the server that names somebody as `user:ID`. */
function nameWithin(names: Names, text: string): string {
  return text.replace(/\b(?:user|service|group):\w+/g, (who) => nameWho(names, who))
}

const attention: ReadonlySet<string> = new Set(['look at it', 'failed', 'refused'])

interface CellProps {
  readonly names: Names
  readonly kind: ReportCellKind
  readonly value: ReportCell
}

export function Cell({ names, kind, value }: CellProps): ComponentChildren {
  if (isBlank(value)) return <span class="muted">–</span>
  const text = sayCell(names, kind, value)
  if (kind === 'entry' && typeof value === 'number')
    return <a href={hrefOf('audit', { range: 'all', entry: String(value) })}>{text}</a>
  if (kind === 'hash') return <code class="report-hash">{text}</code>
  if (typeof value === 'string' && unsaid.has(value)) return <em class="audit-unsaid">{text}</em>
  if (Array.isArray(value))
    return (
      <ul class="report-list">
        {value.map((each) => (
          <li key={each}>{each}</li>
        ))}
      </ul>
    )
  return typeof value === 'string' && attention.has(value) ? <strong class="report-look">{text}</strong> : <>{text}</>
}
