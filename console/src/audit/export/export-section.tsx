/** The export itself: what is taken over from the search, what can be chosen, how many entries it is, and the download. */
import { useCallback, useMemo, useState } from 'preact/hooks'
import type { AuditExportFormat } from '@cairn/contract'
import { Button, Checkbox, Progress, Select } from '@cairn/ui'
import { useLoad } from '../../access/use-load.ts'
import { formatBytes, formatCount, formatCounted, now } from '../../shell/clock.ts'
import { useConsole } from '../../shell/console-context.ts'
import { FailureState, withCode } from '../../shell/failure-state.tsx'
import { getCheckpoint, summarizeEvents } from '../audit-api.ts'
import { useAudit } from '../audit-context.ts'
import { CategoryField, TimeFields, TypeField } from '../facets.tsx'
import { onlyRequest, spanOfFilter } from '../filter.ts'
import { readCheckpoint } from '../prove/signed-note.ts'
import { Verdict } from '../verdict.tsx'
import { exportQuery, formats, formatWords, leftOutOf, selectionOf, type ExportOptions } from './formats.ts'
import { useDownload, type DownloadState } from './use-download.ts'

export function ExportSection() {
  const { filter } = useAudit()
  const [options, setOptions] = useState<ExportOptions>({ format: 'jsonl', content: false, bom: false })
  const { format } = options
  const selection = useMemo(() => selectionOf(filter, spanOfFilter(filter, now())), [filter])
  const { isWhole = false, text } = formatWords[format]
  const count = useCount(selection, isWhole)
  const { state, start, cancel } = useDownload()
  const isRunning = state.at === 'running'
  return (
    <section class="section" aria-labelledby="audit-export">
      <h2 id="audit-export">Export</h2>
      <div class="audit-export">
        <div class="audit-export-fields">
          <Select
            label="Format"
            value={format}
            options={formats.map((value) => ({ value, text: formatWords[value].title }))}
            hint={withCode(text)}
            onChange={(value) => setOptions({ ...options, format: value as AuditExportFormat })}
          />
          {isWhole ? null : (
            <>
              <TimeFields />
              <TypeField />
            </>
          )}
        </div>
        {isWhole ? null : (
          <>
            <CategoryField />
            <TakenOver />
          </>
        )}
        <Options {...options} onChange={(change) => setOptions({ ...options, ...change })} />
        <div class="audit-export-foot">
          <p role="status">{sayCount(count, isWhole)}</p>
          {isRunning ? (
            <Button icon="stop" onClick={cancel}>
              Cancel
            </Button>
          ) : (
            <Button
              kind="primary"
              icon="download"
              disabled={count === 0}
              onClick={() => start({ format, query: exportQuery(options, selection) })}
            >
              Export
            </Button>
          )}
        </div>
      </div>
      <Outcome state={state} total={count} />
    </section>
  )
}

interface OptionsProps extends ExportOptions {
  readonly onChange: (change: Partial<ExportOptions>) => void
}

/** Those that the format has, and the person may choose. */
function Options({ format, content, bom, onChange }: OptionsProps) {
  const { can } = useConsole().session
  return (
    <>
      {can.includes('audit.content') && format !== 'proofs' ? (
        <Checkbox
          label="With the names of notes, vaults and keys"
          hint={format === 'archive' ? 'And with who it was.' : 'Who, what and when is in it in any case.'}
          checked={content}
          onChange={(next) => onChange({ content: next })}
        />
      ) : null}
      {format === 'csv' ? (
        <Checkbox
          label="Begin with a byte order mark"
          hint="For spreadsheets that take the file for another encoding."
          checked={bom}
          onChange={(next) => onChange({ bom: next })}
        />
      ) : null}
    </>
  )
}

/** What is looked for in the search holds here too, as far as an export takes it. */
function TakenOver() {
  const { filter, hrefWith } = useAudit()
  const left = leftOutOf(filter)
  return (
    <p class="muted audit-note">
      These are the filters of <a href={hrefWith({}, { view: 'search' })}>Search</a>.
      {left.length > 0 ? ` An export does not take: ${left.join(', ')}. Entries that differ there are in it too.` : ''}
    </p>
  )
}

/** Null while it is counted, or where it cannot be. */
function useCount(selection: Readonly<Record<string, string>>, isWhole: boolean): number | null {
  const ask = useCallback((signal: AbortSignal) => summarizeEvents(selection, signal), [selection])
  const counted = useLoad(isWhole ? null : ask)
  const checkpoint = useLoad(isWhole ? getCheckpoint : null)
  if (isWhole) return checkpoint.value === null ? null : (readCheckpoint(checkpoint.value)?.size ?? null)
  return counted.value === null ? null : counted.value.rows.reduce((sum, { count }) => sum + count, 0)
}

function sayCount(count: number | null, isWhole: boolean): string {
  if (count === null) return 'Counting…'
  if (count === 0) return 'No entry is like this.'
  return isWhole
    ? `The whole log: ${formatCounted(count, 'entry', 'entries')}.`
    : `${formatCounted(count, 'entry', 'entries')}.`
}

function Outcome({ state, total }: { readonly state: DownloadState; readonly total: number | null }) {
  const { hrefWith } = useAudit()
  if (state.at === 'running') {
    const { bytes, entries } = state.progress
    return (
      <div class="audit-running">
        <Progress label="Exporting" done={entries ?? 0} total={entries === null ? 0 : (total ?? 0)} />
        <p class="audit-note muted">
          {entries === null || total === null
            ? ''
            : `${formatCount(Math.min(entries, total))} of ${formatCount(total)} · `}
          {formatBytes(bytes)}
        </p>
      </div>
    )
  }
  return (
    <div role="status">
      {state.at === 'cancelled' ? (
        <Verdict tone="open" title="Cancelled; no file was kept">
          That it was begun and broken off is in the log.
        </Verdict>
      ) : null}
      {state.at === 'failed' ? <FailureState failure={state.failure} /> : null}
      {state.at === 'done' ? (
        <Verdict tone="good" title={`${state.name}, ${formatBytes(state.bytes)}`}>
          Your browser has it among its downloads. The log has its SHA-256
          {state.requestId === null ? (
            '.'
          ) : (
            <>
              : <a href={hrefWith(onlyRequest(state.requestId), { view: 'search' })}>entries of this export</a>.
            </>
          )}{' '}
          What has left is not shredded with the log.
        </Verdict>
      ) : null}
    </div>
  )
}
