/** What a run would let go at this moment, what stays and why; and running it, after a look at the counts. */
import { useState } from 'preact/hooks'
import type { AuditRetentionView } from '@cairn/contract'
import { Button, ConfirmDialog, ErrorState, Table, type Column } from '@cairn/ui'
import { errorText, useAction } from '../../access/use-action.ts'
import { formatCount, formatCounted, formatDateTime } from '../../shell/clock.ts'
import { runRetention, type RetentionRun } from '../audit-api.ts'
import { useAudit } from '../audit-context.ts'
import { onlyRequest } from '../filter.ts'
import { Verdict } from '../verdict.tsx'
import { countDue, entriesOf, namePeriod, sayRange, waitWords } from './periods.ts'

type Plan = AuditRetentionView['plan']

export interface PlanProps {
  readonly plan: Plan
  readonly isOwner: boolean
  readonly onChanged: () => void
}

export function PlanSection({ plan, isOwner, onChanged }: PlanProps) {
  const [isAsking, setIsAsking] = useState(false)
  const [ran, setRan] = useState<RetentionRun | null>(null)
  const { periods, prune } = plan
  const isDue = periods.length > 0 || prune !== null
  return (
    <section class="section" aria-labelledby="audit-plan">
      <div class="section-head">
        <h2 id="audit-plan">Due now</h2>
        {isOwner && isDue ? (
          <Button icon="trash" onClick={() => setIsAsking(true)}>
            Let it go now
          </Button>
        ) : null}
      </div>
      <p class="muted audit-note">
        As of {formatDateTime(plan.at)}. The server lets go what is due by itself, a few times a day.
      </p>
      <div role="status">{ran === null ? null : <Ran {...ran} />}</div>
      {isDue ? <Due plan={plan} /> : <p class="audit-plain">Nothing is due. {waitWords[plan.waitsFor]}</p>}
      {isAsking ? (
        <AskRun
          plan={plan}
          onClose={() => setIsAsking(false)}
          onRan={(run) => {
            setRan(run)
            setIsAsking(false)
            onChanged()
          }}
        />
      ) : null}
    </section>
  )
}

type Row = Plan['periods'][number]

const columns: readonly Column<Row>[] = [
  { key: 'period', heading: 'Of', cell: ({ period }) => namePeriod(period) },
  { key: 'blocks', heading: 'Parts that name people', align: 'end', cell: ({ blocks }) => formatCount(blocks) },
  { key: 'held', heading: 'Kept by a hold', align: 'end', cell: ({ held }) => formatCount(held) },
  {
    key: 'goes',
    heading: 'Go',
    align: 'end',
    cell: ({ blocks, held }) => <strong>{formatCount(blocks - held)}</strong>,
  },
]

/** A horizon that was shortened by years makes many at once. */
const fewest = 12

function Due({ plan: { periods, prune, waitsFor } }: { readonly plan: Plan }) {
  const [isWhole, setIsWhole] = useState(false)
  return (
    <>
      {periods.length > 0 ? (
        <Table
          caption="Months that are due"
          columns={columns}
          rows={isWhole ? periods : periods.slice(0, fewest)}
          rowKey={({ period }) => period}
          empty={null}
        />
      ) : null}
      {periods.length > fewest && !isWhole ? (
        <div class="audit-foot">
          <Button onClick={() => setIsWhole(true)}>Show all {formatCount(periods.length)}</Button>
        </div>
      ) : null}
      <p class="audit-plain">
        {prune === null ? 'No entry goes. ' : `Entries ${sayRange(prune)} go: ${formatCount(prune.to - prune.from)}. `}
        {waitWords[waitsFor]}
      </p>
    </>
  )
}

interface AskRunProps {
  readonly plan: Plan
  readonly onRan: (run: RetentionRun) => void
  readonly onClose: () => void
}

function AskRun({ plan, onRan, onClose }: AskRunProps) {
  const { busy, error, run } = useAction()
  const { blocks, held, entries } = countDue(plan)
  const confirm = async () => {
    const done = await run(runRetention)
    if (done) onRan(done.value)
  }
  return (
    <ConfirmDialog
      title="Let go what is due?"
      action="Let go"
      busy={busy}
      onConfirm={() => void confirm()}
      onClose={onClose}
    >
      <ul class="audit-lines">
        {blocks > 0 ? (
          <li>
            {formatCounted(blocks - held, 'part')} that name people, of {formatCounted(plan.periods.length, 'month')} of
            categories, can be read no more, also in copies. A backup from before has their keys.
          </li>
        ) : null}
        {held > 0 ? <li>{formatCounted(held, 'part')} can still be read, because of a hold.</li> : null}
        {plan.prune === null ? null : (
          <li>
            {entriesOf(entries)} ({sayRange(plan.prune)}) are removed.
          </li>
        )}
      </ul>
      <p>Nobody can undo this. What else became due meanwhile goes too. The log says that it went.</p>
      {error ? <ErrorState title={errorText(error)} /> : null}
    </ConfirmDialog>
  )
}

function Ran({ retained: { periods, blocks, pruned }, requestId }: RetentionRun) {
  const { hrefWith } = useAudit()
  const told = [
    blocks > 0 ? `${formatCounted(blocks, 'part')} of ${formatCounted(periods.length, 'month')}` : '',
    pruned === null ? '' : `entries ${sayRange(pruned)}`,
  ].filter((part) => part !== '')
  return (
    <Verdict tone="good" title={told.length === 0 ? 'Nothing was due any more' : `Gone: ${told.join(', ')}`}>
      {requestId === null ? null : (
        <a href={hrefWith(onlyRequest(requestId), { view: 'search' })}>What the log says of it</a>
      )}
    </Verdict>
  )
}
