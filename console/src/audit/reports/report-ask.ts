/** Which report is asked for, and with what: as it stands in the address, so that a link shows the same. */
import {
  auditReportIds,
  auditReportParameters,
  auditReportTable,
  type AuditReportId,
  type AuditReportParameter,
  type ReportSpec,
} from '@cairn/contract'
import { rangeIds, spanOf, type RangeId, type Span } from '../ranges.ts'

export interface ReportAsk {
  readonly id: AuditReportId
  /** Null: from and to are one’s own. */
  readonly range: RangeId | null
  readonly own: Span
  /** Size of the log; null for as it is now. */
  readonly asOf: number | null
  /** Only those that differ from the usual. */
  readonly values: Readonly<Partial<Record<AuditReportParameter, number>>>
}

export const usualReportRange: RangeId = 'month'

export const specOf = (id: AuditReportId): ReportSpec => auditReportTable[id]

const readWhole = (text: string | null): number | null =>
  text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null

/** Null where no report, or none that this console knows, is chosen. */
export function readReportAsk(params: URLSearchParams): ReportAsk | null {
  const id = auditReportIds.find((each) => each === params.get('report'))
  if (id === undefined) return null
  const own = { from: readWhole(params.get('since')), to: readWhole(params.get('until')) }
  const isOwn = own.from !== null || own.to !== null
  return {
    id,
    range: isOwn ? null : (rangeIds.find((each) => each === params.get('time')) ?? usualReportRange),
    own: isOwn ? own : { from: null, to: null },
    asOf: readWhole(params.get('asOf')),
    values: Object.fromEntries(
      specOf(id).parameters.flatMap((name) => {
        const { least, most, usual } = auditReportParameters[name]
        const value = readWhole(params.get(name))
        return value === null || value < least || value > most || value === usual ? [] : [[name, value]]
      }),
    ),
  }
}

/** Only what differs from the usual. */
export function writeReportAsk({ id, range, own, asOf, values }: ReportAsk): Record<string, string> {
  return {
    report: id,
    ...(range !== null && range !== usualReportRange && { time: range }),
    ...(range === null && own.from !== null && { since: String(own.from) }),
    ...(range === null && own.to !== null && { until: String(own.to) }),
    ...(asOf !== null && { asOf: String(asOf) }),
    ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)])),
  }
}

/** As `/api/audit/reports/ID` takes it. */
export function queryOfReport({ id, range, own, asOf, values }: ReportAsk, now: number): Record<string, string> {
  const { hasPeriod } = specOf(id)
  // The whole log begins somewhere: without a beginning it would be the last thirty days.
  const span = range === null ? own : range === 'all' ? { from: 0, to: null } : spanOf(range, now)
  return {
    ...(hasPeriod && span.from !== null && { from: String(span.from) }),
    ...(hasPeriod && span.to !== null && { to: String(span.to) }),
    ...(asOf !== null && { asOf: String(asOf) }),
    ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)])),
  }
}
