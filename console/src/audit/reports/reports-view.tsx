/** Reports on the log: the list of them, and the one that is chosen. Each look at one is an entry of the log. */
import { useCallback, useMemo, useState } from 'preact/hooks'
import { auditReportIds, auditReportSchema, type AuditReportId } from '@cairn/contract'
import { Button, Spinner } from '@cairn/ui'
import { useLoad } from '../../access/use-load.ts'
import { requestJson } from '../../api/request.ts'
import { now } from '../../shell/clock.ts'
import { hrefOf } from '../../shell/router.ts'
import { ViewFailure } from '../../shell/view-failure.tsx'
import { queryOfReport, readReportAsk, specOf, writeReportAsk, type ReportAsk } from './report-ask.ts'
import { ReportControls } from './report-controls.tsx'
import { ReportResult } from './report-result.tsx'

const hrefOfAsk = (ask: ReportAsk): string => hrefOf('audit', { view: 'reports', ...writeReportAsk(ask) })

export function ReportsView({ params }: { readonly params: URLSearchParams }) {
  const address = params.toString()
  const ask = useMemo(() => readReportAsk(params), [address])
  return ask === null ? <ReportList /> : <ChosenReport ask={ask} />
}

function ReportList() {
  return (
    <ul class="report-choice" aria-label="Reports">
      {auditReportIds.map((id) => (
        <ReportCard key={id} id={id} />
      ))}
    </ul>
  )
}

function ReportCard({ id }: { readonly id: AuditReportId }) {
  const { title, answers } = specOf(id)
  return (
    <li>
      <a class="card report-card" href={hrefOf('audit', { view: 'reports', report: id })}>
        <strong>{title}</strong>
        <span class="muted">{answers}</span>
      </a>
    </li>
  )
}

function ChosenReport({ ask }: { readonly ask: ReportAsk }) {
  const load = useCallback(
    (signal: AbortSignal) =>
      requestJson(
        `/api/audit/reports/${ask.id}?${new URLSearchParams(queryOfReport(ask, now())).toString()}`,
        auditReportSchema,
        { signal },
      ),
    [ask],
  )
  const { value, failure, reload } = useLoad(load)
  const { title, answers } = specOf(ask.id)
  const [printed, setPrinted] = useState<string | null>(null)
  const print = () => {
    setPrinted(value?.query ?? null)
    // The rows have to be there before the browser lays out the pages.
    requestAnimationFrame(() => requestAnimationFrame(() => window.print()))
  }
  const go = (next: ReportAsk) => {
    location.hash = hrefOfAsk(next)
  }
  return (
    <div class="report-page">
      <div class="report-head">
        <div>
          <a class="report-back" href={hrefOf('audit', { view: 'reports' })}>
            All reports
          </a>
          <h2>{title}</h2>
          <p class="muted">{answers}</p>
        </div>
        {value ? <Actions query={value.query} onPrint={print} /> : null}
      </div>
      <ReportControls ask={ask} onAsk={go} />
      {failure ? <ViewFailure failure={failure} what={`the report “${title}”`} onRetry={reload} /> : null}
      {value ? (
        <ReportResult key={value.query} ask={ask} report={value} isWhole={printed === value.query} />
      ) : failure ? null : (
        <Spinner label="Making the report" />
      )}
    </div>
  )
}

interface ActionsProps {
  /** Gives this very report. */
  readonly query: string
  readonly onPrint: () => void
}

function Actions({ query, onPrint }: ActionsProps) {
  return (
    <div class="report-actions">
      {(['csv', 'pdf'] as const).map((format) => (
        <a key={format} class="cairn-button is-secondary is-small" href={`${query}&format=${format}`} download>
          <span>Download {format.toUpperCase()}</span>
        </a>
      ))}
      <Button small onClick={onPrint}>
        Print
      </Button>
    </div>
  )
}
