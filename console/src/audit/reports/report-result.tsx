/** A report as a page: totals first, then what it is of and how to get it again, then its parts. */
import type { AuditReport, ReportCellKind } from '@cairn/contract'
import { EmptyState } from '@cairn/ui'
import { formatCount } from '../../shell/clock.ts'
import { CopyButton } from '../../shell/copy-button.tsx'
import { hrefOf } from '../../shell/router.ts'
import { specOf, writeReportAsk, type ReportAsk } from './report-ask.ts'
import { listShownParts, sayCell, sayUtc } from './report-cells.tsx'
import { isEmptyPart, PartView } from './report-part.tsx'

export interface ReportResultProps {
  readonly ask: ReportAsk
  readonly report: AuditReport
  /** All rows at once, for paper. */
  readonly isWhole: boolean
}

export function ReportResult({ ask, report, isWhole }: ReportResultProps) {
  const parts = listShownParts(report)
  const told = parts.filter((part) => !isEmptyPart(part))
  const empty = parts.filter(isEmptyPart)
  return (
    <article class="report" aria-label={specOf(report.id).title}>
      <Totals report={report} />
      <Pin ask={ask} report={report} isWhole={isWhole} />
      {told.map((part) => (
        <PartView key={part.id} part={part} names={report.names} isWhole={isWhole} />
      ))}
      {told.length === 0 ? (
        <EmptyState icon="audit" title="Nothing to tell">
          The log has nothing of this in the time that was asked for.
        </EmptyState>
      ) : empty.length > 0 ? (
        <p class="audit-note muted">
          Nothing under: {empty.map(({ title }) => title.charAt(0).toLowerCase() + title.slice(1)).join('; ')}.
        </p>
      ) : null}
    </article>
  )
}

function Totals({ report: { totals, names } }: { readonly report: AuditReport }) {
  return (
    <dl class="card-row report-totals">
      {totals.map(({ title, value, kind }) => (
        <div key={title} class="card">
          <dt>{title}</dt>
          <dd class="card-number">{sayCell(names, kind as ReportCellKind, value)}</dd>
        </div>
      ))}
    </dl>
  )
}

function Pin({ ask, report, isWhole }: ReportResultProps) {
  const { pin, period, read } = report
  const { log, state } = specOf(report.id)
  const again = hrefOf('audit', {
    view: 'reports',
    ...writeReportAsk({ ...ask, asOf: pin.size, ...(period !== null && { range: null, own: period }) }),
  })
  return (
    <section class="report-pin" aria-label="What this report is of">
      <p class="report-pin-line">
        <span>
          As of <strong>{formatCount(pin.size)} entries</strong>, the newest of {sayUtc(pin.at).slice(0, 16)} UTC, root{' '}
          <code class="report-hash">{pin.root}</code>
        </span>
        <CopyButton text={pin.checkpoint} what="Checkpoint" />
        <a href={again}>Link to this very report</a>
      </p>
      <details class="report-basis" open={isWhole}>
        <summary>What it is made from</summary>
        <dl>
          {period === null ? null : (
            <>
              <dt>Period, UTC</dt>
              <dd>
                {sayUtc(period.from)} to {sayUtc(period.to)}, the end not included
              </dd>
            </>
          )}
          <dt>From the log</dt>
          <dd>{log}</dd>
          <dt>As of now</dt>
          <dd>{state ?? 'Nothing but what people, groups and vaults are called.'}</dd>
          <dt>Read for it</dt>
          <dd>
            {formatCount(read.entries)} entries, {formatCount(read.erased)} with a part that nobody can read any more
            {pin.minIndex > 0 ? `; entries before ${formatCount(pin.minIndex)} are pruned` : ''}
          </dd>
          <dt>Asked with</dt>
          <dd>
            <code class="report-hash">{report.query}</code>
          </dd>
        </dl>
      </details>
    </section>
  )
}
