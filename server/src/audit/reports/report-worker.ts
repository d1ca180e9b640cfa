/** The thread of one report: it reads the log, makes the report, writes it as a file, and ends. */
import type { AuditReport, AuditReportFormat } from '@cairn/contract'
import { systemClock } from '../../base/index.ts'
import { serveWorker } from '../../platform/index.ts'
import type { LogPlace } from '../log/log-worker.ts'
import { openLog, type AuditLog } from '../log/log.ts'
import { beginReport, finishReport } from './make-report.ts'
import type { ReportAsked, ReportBasis, ReportDraft, ReportState } from './types.ts'
import { writeReportCsv } from './write-csv.ts'

let opened: { readonly log: AuditLog; readonly place: LogPlace } | null = null
let begun: { readonly asked: ReportAsked; readonly basis: ReportBasis } | null = null

serveWorker({
  async open(place: LogPlace) {
    opened = { log: await openLog({ ...place, clock: systemClock }), place }
  },
  async begin(asked: ReportAsked): Promise<ReportBasis> {
    const { log, place } = theLog()
    const basis = await beginReport(log, place.secrets, asked)
    begun = { asked, basis }
    return basis
  },
  finish(state: ReportState, seen: readonly string[] | null): Promise<ReportDraft> {
    const { log, place } = theLog()
    if (begun === null) throw new Error('no report was begun')
    return finishReport({ ...begun, log, secrets: place.secrets }, state, seen)
  },
  async write(report: AuditReport, format: Exclude<AuditReportFormat, 'json'>): Promise<Uint8Array> {
    if (format === 'csv') return writeReportCsv(report)
    // Fonts and all: only who asks for this waits for it.
    const { writeReportPdf } = await import('./pdf/write-pdf.ts')
    return writeReportPdf(report)
  },
  async close() {
    await opened?.log.close()
    opened = null
  },
})

function theLog(): NonNullable<typeof opened> {
  if (opened === null) throw new Error('the log is not open')
  return opened
}
