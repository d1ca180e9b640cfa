/** Asks once more before a group or a service account is removed. */
import type { ComponentChildren } from 'preact'
import { ConfirmDialog, ErrorState } from '@cairn/ui'
import type { Reply } from '../api/failure.ts'
import { errorText, useAction } from './use-action.ts'

export interface RemoveDialogProps {
  readonly name: string
  readonly remove: () => Promise<Reply<unknown>>
  readonly onRemoved: () => void
  readonly onClose: () => void
  /** What goes with it. */
  readonly children: ComponentChildren
}

export function RemoveDialog({ name, remove, onRemoved, onClose, children }: RemoveDialogProps) {
  const { busy, error, run } = useAction()
  const confirm = async () => {
    if (await run(remove, `${name} is removed`)) onRemoved()
  }
  return (
    <ConfirmDialog
      title={`Remove ${name}?`}
      action="Remove"
      busy={busy}
      onConfirm={() => void confirm()}
      onClose={onClose}
    >
      <p>{children}</p>
      {error ? <ErrorState title={errorText(error)} /> : null}
    </ConfirmDialog>
  )
}
