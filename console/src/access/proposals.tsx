/** Changes that wait for a second person: what they would change, and approving, rejecting or withdrawing them. */
import { useCallback, useState } from 'preact/hooks'
import type { PolicyView, ProposalInfo } from '@cairn/contract'
import { Badge, Button, Dialog, ErrorState, Icon, Spinner } from '@cairn/ui'
import { formatDateTime } from '../shell/clock.ts'
import { decideProposal, getProposal } from './access-api.ts'
import { useAccess } from './access-context.ts'
import { ChangeReview } from './change-review.tsx'
import { nameAuthor } from './names.ts'
import { errorText, useAction } from './use-action.ts'
import { useLoad } from './use-load.ts'

export interface ProposalsProps {
  readonly proposals: readonly ProposalInfo[]
  readonly current: PolicyView
  readonly onChanged: () => void
}

export function Proposals({ proposals, current, onChanged }: ProposalsProps) {
  const { names } = useAccess()
  const [open, setOpen] = useState<ProposalInfo | null>(null)
  const waiting = proposals.filter(({ status }) => status === 'open')
  if (waiting.length === 0) return null
  return (
    <section class="section" aria-labelledby="proposals-title">
      <h2 id="proposals-title">Waiting for a second person</h2>
      <ul class="access-list is-carded">
        {waiting.map((proposal) => (
          <li key={proposal.id}>
            <Icon name="group" size={18} />
            <span class="access-grow">
              {proposal.note === '' ? 'A change of the policy' : proposal.note}
              <span class="muted access-sub">
                {nameAuthor(names, proposal.author)}, {formatDateTime(proposal.at)}
              </span>
            </span>
            {proposal.base === current.seq ? null : (
              <Badge tone="warn" title={`Made from revision ${proposal.base}`}>
                Out of date
              </Badge>
            )}
            <Button small onClick={() => setOpen(proposal)}>
              Review
            </Button>
          </li>
        ))}
      </ul>
      {open ? (
        <ProposalDialog proposal={open} current={current} onChanged={onChanged} onClose={() => setOpen(null)} />
      ) : null}
    </section>
  )
}

interface ProposalDialogProps {
  readonly proposal: ProposalInfo
  readonly current: PolicyView
  readonly onChanged: () => void
  readonly onClose: () => void
}

function ProposalDialog({ proposal, current, onChanged, onClose }: ProposalDialogProps) {
  const { matrix, names, may } = useAccess()
  const { busy, error, run } = useAction()
  const ask = useCallback(() => getProposal(proposal.id), [proposal.id])
  const { value, failure, reload } = useLoad(ask)
  const isOwn = proposal.author === matrix.reader
  const decide = async (approve: boolean) => {
    const done = approve ? 'The proposal is in force' : isOwn ? 'The proposal is withdrawn' : 'The proposal is rejected'
    if (!(await run(() => decideProposal(proposal.id, approve), done))) return
    onClose()
    onChanged()
  }
  const isStale = proposal.base !== current.seq
  return (
    <Dialog
      title={proposal.note === '' ? 'A change of the policy' : proposal.note}
      onClose={onClose}
      footer={
        <>
          {isOwn || may('policy.approve') ? (
            <Button busy={busy} onClick={() => void decide(false)}>
              {isOwn ? 'Withdraw' : 'Reject'}
            </Button>
          ) : null}
          {!isOwn && may('policy.approve') ? (
            <Button kind="primary" busy={busy} disabled={isStale || value === null} onClick={() => void decide(true)}>
              Approve
            </Button>
          ) : null}
        </>
      }
    >
      <p class="muted">
        Proposed by {isOwn ? 'you' : nameAuthor(names, proposal.author)}, {formatDateTime(proposal.at)}.
        {isOwn ? ' Somebody else approves it.' : ''}
      </p>
      {isStale ? (
        <p class="access-banner">
          <Icon name="warning" size={16} />
          <span>The policy has changed since. It has to be proposed again on what is in force now.</span>
        </p>
      ) : null}
      {failure ? <ErrorState title={errorText(failure)} onRetry={reload} /> : null}
      {value ? (
        <ChangeReview before={current.document} after={value.document} isSimulated={!isStale} />
      ) : failure ? null : (
        <Spinner label="Loading the proposal" />
      )}
      {error ? <ErrorState title={errorText(error)} /> : null}
    </Dialog>
  )
}
