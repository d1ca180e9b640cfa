/** The last look at a change of the policy before it is saved, or proposed where a second person has to agree. */
import { useState } from 'preact/hooks'
import { accessLimits, type PolicyDocument, type PolicyView } from '@cairn/contract'
import { Dialog, ErrorState, TextField, useToast } from '@cairn/ui'
import { savePolicy } from './access-api.ts'
import { FormActions } from './add-dialogs.tsx'
import { ChangeReview } from './change-review.tsx'
import { errorText, useAction } from './use-action.ts'

export interface SaveDialogProps {
  readonly policy: PolicyView
  readonly draft: PolicyDocument
  readonly onChanged: () => void
  readonly onClose: () => void
}

export function SaveDialog({ policy, draft, onChanged, onClose }: SaveDialogProps) {
  const toast = useToast()
  const { busy, error, run } = useAction()
  const [note, setNote] = useState('')
  const save = async (event: Event) => {
    event.preventDefault()
    const done = await run(() => savePolicy(policy.seq, note.trim(), draft))
    if (!done) return
    const { value } = done
    toast({
      text: value.status === 'applied' ? `Revision ${value.revision} is in force` : 'It waits for a second person',
    })
    onClose()
    onChanged()
  }
  return (
    <Dialog title="What this changes" onClose={onClose}>
      <form class="form" noValidate onSubmit={(event) => void save(event)}>
        <ChangeReview before={policy.document} after={draft} isSimulated />
        {error ? <ErrorState title={errorText(error)} /> : null}
        <TextField
          label="Note"
          value={note}
          placeholder="Why, for the history"
          maxLength={accessLimits.reasonLength}
          onInput={setNote}
        />
        <FormActions busy={busy} action="Save" onClose={onClose} />
      </form>
    </Dialog>
  )
}
