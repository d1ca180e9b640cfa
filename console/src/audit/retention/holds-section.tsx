/** Legal holds: what each keeps readable, why, since when; those that were released below them. */
import { useState } from 'preact/hooks'
import type { AuditHoldView } from '@cairn/contract'
import { Button, EmptyState, Table, type Column } from '@cairn/ui'
import { formatCount, formatDate } from '../../shell/clock.ts'
import { useAudit, type AuditContext } from '../audit-context.ts'
import { nameId } from '../describe-entry.ts'
import { PlaceHoldDialog, ReleaseHoldDialog } from './hold-dialogs.tsx'
import { sayScope } from './periods.ts'

export interface HoldsProps {
  readonly holds: readonly AuditHoldView[]
  readonly isOwner: boolean
  readonly onChanged: () => void
}

const mostAtFirst = 25

export function HoldsSection({ holds, isOwner, onChanged }: HoldsProps) {
  const audit = useAudit()
  const [isPlacing, setIsPlacing] = useState(false)
  const [isWhole, setIsWhole] = useState(false)
  const [releasing, setReleasing] = useState<AuditHoldView | null>(null)
  const active = holds.filter(({ releasedBy }) => releasedBy === null)
  const released = holds.filter(({ releasedBy }) => releasedBy !== null).toReversed()
  const place = (
    <Button icon="lock" onClick={() => setIsPlacing(true)}>
      Place a hold
    </Button>
  )
  return (
    <section class="section" aria-labelledby="audit-holds">
      <div class="section-head">
        <h2 id="audit-holds">Legal holds</h2>
        {isOwner && active.length > 0 ? place : null}
      </div>
      <Table
        caption="Legal holds"
        columns={columnsOf(audit, isOwner ? setReleasing : null)}
        rows={isWhole ? active : active.slice(0, mostAtFirst)}
        rowKey={({ id }) => id}
        empty={
          <EmptyState icon="lock" title="Nothing is held" action={isOwner ? place : null}>
            A hold keeps what it covers readable, whatever retention or an erasure says, until it is released.
          </EmptyState>
        }
      />
      {active.length > mostAtFirst && !isWhole ? (
        <div class="audit-foot">
          <Button onClick={() => setIsWhole(true)}>Show all {formatCount(active.length)}</Button>
        </div>
      ) : null}
      {released.length > 0 ? <Released holds={released} audit={audit} /> : null}
      {isPlacing ? <PlaceHoldDialog onPlaced={onChanged} onClose={() => setIsPlacing(false)} /> : null}
      {releasing ? (
        <ReleaseHoldDialog
          hold={releasing}
          scope={scopeOf(audit, releasing)}
          onReleased={onChanged}
          onClose={() => setReleasing(null)}
        />
      ) : null}
    </section>
  )
}

/** Where all else is open, it can only be about somebody who is not told any more. */
function scopeOf({ names }: AuditContext, { person, category, from, to }: AuditHoldView): string {
  const isSomebody = person !== null || [category, from, to].every((each) => each === null)
  return sayScope(isSomebody ? (person === null ? 'erased person' : nameId(names, person)) : null, {
    category,
    from,
    to,
  })
}

type OnRelease = ((hold: AuditHoldView) => void) | null

function columnsOf(audit: AuditContext, onRelease: OnRelease): readonly Column<AuditHoldView>[] {
  return [
    { key: 'scope', heading: 'Keeps', cell: (hold) => <strong>{scopeOf(audit, hold)}</strong> },
    { key: 'reason', heading: 'Why', cell: ({ reason }) => <Reason text={reason} /> },
    {
      key: 'placed',
      heading: 'Placed',
      cell: ({ placedAt, placedBy }) => <a href={audit.hrefWith({}, { entry: placedBy })}>{formatDate(placedAt)}</a>,
    },
    ...(onRelease === null
      ? []
      : [
          {
            key: 'release',
            heading: 'Release',
            hideHeading: true,
            align: 'end' as const,
            cell: (hold: AuditHoldView) => (
              <Button small label={`Release ${scopeOf(audit, hold)}`} onClick={() => onRelease(hold)}>
                Release
              </Button>
            ),
          },
        ]),
  ]
}

function Reason({ text }: { readonly text: string | null }) {
  return text === null ? <em class="audit-unsaid">erased</em> : <span class="audit-reason">{text}</span>
}

const fewest = 10

function Released({ holds, audit }: { readonly holds: readonly AuditHoldView[]; readonly audit: AuditContext }) {
  const [isWhole, setIsWhole] = useState(false)
  const columns: readonly Column<AuditHoldView>[] = [
    { key: 'scope', heading: 'Kept', cell: (hold) => scopeOf(audit, hold) },
    { key: 'reason', heading: 'Why it was placed', cell: ({ reason }) => <Reason text={reason} /> },
    { key: 'released', heading: 'Why it was released', cell: ({ releaseReason }) => <Reason text={releaseReason} /> },
    {
      key: 'entries',
      heading: 'Entries',
      cell: ({ placedBy, releasedBy }) => (
        <span>
          <a href={audit.hrefWith({}, { entry: placedBy })}>placed</a>,{' '}
          <a href={audit.hrefWith({}, { entry: releasedBy ?? placedBy })}>released</a>
        </span>
      ),
    },
  ]
  return (
    <>
      <h3 class="audit-day">Released</h3>
      <Table
        caption="Released holds"
        columns={columns}
        rows={isWhole ? holds : holds.slice(0, fewest)}
        rowKey={({ id }) => id}
        empty={null}
      />
      {holds.length > fewest && !isWhole ? (
        <div class="audit-foot">
          <Button onClick={() => setIsWhole(true)}>Show all {formatCount(holds.length)}</Button>
        </div>
      ) : null}
    </>
  )
}
