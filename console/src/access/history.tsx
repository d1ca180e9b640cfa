/** The history of the policy: who changed what when, the difference to now, and going back. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import type { PolicyView, RevisionInfo } from '@cairn/contract'
import { Badge, Button, Dialog, ErrorState, Spinner, useToast } from '@cairn/ui'
import { formatDateTime } from '../shell/clock.ts'
import { getRevision, listRevisions, restoreRevision } from './access-api.ts'
import { useAccess } from './access-context.ts'
import { ChangeReview } from './change-review.tsx'
import { nameAuthor } from './names.ts'
import { errorText, useAction } from './use-action.ts'
import { useLoad } from './use-load.ts'

export interface HistoryProps {
  readonly current: PolicyView
  readonly onChanged: () => void
}

export function History({ current, onChanged }: HistoryProps) {
  const { names } = useAccess()
  const ask = useCallback(() => listRevisions(), [current.seq])
  const { value } = useLoad(ask)
  const [older, setOlder] = useState<readonly RevisionInfo[]>([])
  const [open, setOpen] = useState<RevisionInfo | null>(null)
  useEffect(() => setOlder([]), [current.seq])
  const revisions = [...(value?.revisions ?? []), ...older]
  const last = revisions.at(-1)?.seq ?? 1
  const more = async () => {
    const reply = await listRevisions(last)
    if (reply.ok) setOlder((before) => [...before, ...reply.value.revisions])
  }
  return (
    <section class="section" aria-labelledby="history-title">
      <h2 id="history-title">History</h2>
      {value ? (
        <ol class="access-list is-carded" aria-label="Revisions">
          {revisions.map((revision) => (
            <li key={revision.seq}>
              <span class="models-place" aria-hidden="true">
                {revision.seq}
              </span>
              <span class="access-grow">
                {revision.note === '' ? `Revision ${revision.seq}` : revision.note}
                <span class="muted access-sub">
                  {nameAuthor(names, revision.author)}
                  {revision.approver === null ? '' : `, approved by ${nameAuthor(names, revision.approver)}`},{' '}
                  {formatDateTime(revision.at)}
                </span>
              </span>
              {revision.seq === current.seq ? <Badge tone="accent">In force</Badge> : null}
              <Button small label={`Look at revision ${revision.seq}`} onClick={() => setOpen(revision)}>
                Look
              </Button>
            </li>
          ))}
        </ol>
      ) : (
        <Spinner label="Loading the history" />
      )}
      {last > 1 && value ? <Button onClick={() => void more()}>Show older</Button> : null}
      {open ? (
        <RevisionDialog revision={open} current={current} onChanged={onChanged} onClose={() => setOpen(null)} />
      ) : null}
    </section>
  )
}

interface RevisionDialogProps extends HistoryProps {
  readonly revision: RevisionInfo
  readonly onClose: () => void
}

/** What it changed when it was made, and for an older one what going back to it would change now. */
function RevisionDialog({ revision, current, onChanged, onClose }: RevisionDialogProps) {
  const { may } = useAccess()
  const toast = useToast()
  const { busy, error, run } = useAction()
  const isCurrent = revision.seq === current.seq
  const ask = useCallback(() => getRevision(revision.seq), [revision.seq])
  const askBefore = useCallback(() => getRevision(revision.seq - 1), [revision.seq])
  const { value, failure, reload } = useLoad(ask)
  const before = useLoad(revision.seq > 1 ? askBefore : null)
  const restore = async () => {
    const done = await run(() => restoreRevision(revision.seq, current.seq, `Back to revision ${revision.seq}`))
    if (!done) return
    const { status } = done.value
    toast({
      text: status === 'applied' ? `Revision ${revision.seq} is in force again` : 'It waits for a second person',
    })
    onClose()
    onChanged()
  }
  const canRestore = !isCurrent && may('policy.propose')
  return (
    <Dialog
      title={`Revision ${revision.seq}`}
      onClose={onClose}
      footer={
        canRestore ? (
          <Button kind="primary" busy={busy} disabled={value === null} onClick={() => void restore()}>
            Go back to it
          </Button>
        ) : null
      }
    >
      {failure ? <ErrorState title={errorText(failure)} onRetry={reload} /> : null}
      {error ? <ErrorState title={errorText(error)} /> : null}
      {value && before.value ? (
        <section class="section">
          <h3>What it changed</h3>
          <ChangeReview before={before.value.document} after={value.document} />
        </section>
      ) : null}
      {value && !isCurrent ? (
        <section class="section">
          <h3>Going back would change</h3>
          <ChangeReview before={current.document} after={value.document} isSimulated={canRestore} />
        </section>
      ) : null}
      {value && isCurrent && revision.seq === 1 ? <p>The first policy. Nothing was changed since.</p> : null}
      {!value && !failure ? <Spinner label="Loading the revision" /> : null}
    </Dialog>
  )
}
