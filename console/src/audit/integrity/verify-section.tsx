/** Verifying the whole log: how far it is, how fast, how long still; then what is true of it, or what is wrong. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { AuditVerifyReport } from '@cairn/contract'
import { Button, Progress } from '@cairn/ui'
import type { Failure } from '../../api/failure.ts'
import { formatCount, formatCounted, formatMs, formatSecondsLeft, now } from '../../shell/clock.ts'
import { FailureState } from '../../shell/failure-state.tsx'
import { Verdict } from '../verdict.tsx'
import { Findings } from './findings.tsx'
import { runVerification, speedOf, type VerifyProgress } from './verify-run.ts'

type State =
  | { readonly at: 'idle' }
  | { readonly at: 'running'; readonly progress: VerifyProgress | null; readonly elapsedMs: number }
  | { readonly at: 'cancelled' }
  | { readonly at: 'failed'; readonly failure: Failure }
  | { readonly at: 'done'; readonly report: AuditVerifyReport; readonly tookMs: number }

export function VerifySection() {
  const { state, start, cancel } = useVerification()
  const isRunning = state.at === 'running'
  return (
    <section class="section" aria-labelledby="audit-verify">
      <div class="section-head">
        <h2 id="audit-verify">Verify</h2>
        {isRunning ? (
          <Button icon="stop" onClick={cancel}>
            Cancel
          </Button>
        ) : (
          <Button kind="primary" icon="check" onClick={start}>
            {state.at === 'idle' ? 'Verify the log' : 'Verify again'}
          </Button>
        )}
      </div>
      <p class="muted audit-note">
        The server goes through every entry, every checkpoint it has signed, every part and every gap.
      </p>
      {isRunning ? <Running {...state} /> : null}
      {state.at === 'cancelled' ? <Verdict tone="open" title="Cancelled; nothing was found out" /> : null}
      {state.at === 'failed' ? <FailureState failure={state.failure} onRetry={start} /> : null}
      <div role="status">{state.at === 'done' ? <Report {...state} /> : null}</div>
    </section>
  )
}

function useVerification() {
  const [state, setState] = useState<State>({ at: 'idle' })
  const run = useRef<AbortController | null>(null)
  // Who leaves does not wait for it, and the server verifies one at a time.
  useEffect(() => () => run.current?.abort(), [])
  const start = () => {
    run.current?.abort()
    const mine = new AbortController()
    run.current = mine
    const begun = now()
    setState({ at: 'running', progress: null, elapsedMs: 0 })
    const onProgress = (progress: VerifyProgress) => setState({ at: 'running', progress, elapsedMs: now() - begun })
    void runVerification({ onProgress, signal: mine.signal }).then((reply) => {
      if (reply === null || mine.signal.aborted) return
      if (reply.ok) setState({ at: 'done', report: reply.value, tookMs: now() - begun })
      else setState({ at: 'failed', failure: reply.failure })
    })
  }
  const cancel = () => {
    run.current?.abort()
    setState({ at: 'cancelled' })
  }
  return { state, start, cancel }
}

function Running({ progress, elapsedMs }: Pick<Extract<State, { at: 'running' }>, 'progress' | 'elapsedMs'>) {
  const { done, size } = progress ?? { done: 0, size: 0 }
  const speed = progress === null ? null : speedOf(progress, elapsedMs)
  return (
    <div class="audit-running">
      <Progress label="Verifying the log" done={done} total={size} />
      <p class="audit-note muted">
        {progress === null ? 'Beginning…' : `${formatCount(done)} of ${formatCounted(size, 'entry', 'entries')}`}
        {speed === null ? '' : ` · ${formatCount(Math.round(speed.rate))} a second`}
        {speed === null || done >= size ? '' : ` · ${formatSecondsLeft(speed.secondsLeft)} left`}
      </p>
    </div>
  )
}

function Report({ report, tookMs }: { readonly report: AuditVerifyReport; readonly tookMs: number }) {
  const { ok, entries, checkpoints, size, minIndex, root, blocks, errorCount } = report
  return (
    <div class="audit-report">
      {ok ? (
        <Verdict tone="good" title="The log is whole">
          {formatCounted(entries, 'entry', 'entries')} and {formatCounted(checkpoints, 'checkpoint')} in{' '}
          {formatMs(tookMs)}. Nothing was changed, left out or put in, and every gap is explained.
        </Verdict>
      ) : (
        <Verdict
          tone="bad"
          title={`${errorCount === 1 ? 'One thing is' : `${formatCount(errorCount)} things are`} wrong with the log`}
        >
          What was found, by its kind, and what to do:
        </Verdict>
      )}
      {ok ? null : <Findings report={report} />}
      <dl class="facts">
        {minIndex > 0 ? (
          <>
            <dt>Entries</dt>
            <dd>
              {formatCount(size)}, of which the first {formatCount(minIndex)} were pruned
            </dd>
          </>
        ) : null}
        <dt>Root</dt>
        <dd>
          <code>{root}</code>
        </dd>
        <dt>Parts</dt>
        <dd>
          {formatCount(blocks.full)} read
          {blocks.held > 0 ? `, ${formatCount(blocks.held)} read by a hold` : ''}
          {blocks.sealed > 0 ? `, ${formatCount(blocks.sealed)} sealed` : ''}
          {blocks.gone > 0 ? `, ${formatCount(blocks.gone)} gone with leave` : ''}
        </dd>
      </dl>
    </div>
  )
}
