/** Taking a role back, restricting a folder and opening it again: each says what follows before it is done. */
import type { Statements } from '@cairn/contract'
import { Button, ConfirmDialog, Dialog, ErrorState } from '@cairn/ui'
import { openScope, restrictScope, revokeGrant } from './access-api.ts'
import { useAccess } from './access-context.ts'
import { namePrincipal, nameScope, sayScope } from './names.ts'
import { errorText, useAction } from './use-action.ts'

interface ChangeDialogProps {
  readonly onChanged: () => void
  readonly onClose: () => void
}

export interface RevokeDialogProps extends ChangeDialogProps {
  readonly grant: Statements['grants'][number]
}

export function RevokeDialog({ grant, onChanged, onClose }: RevokeDialogProps) {
  const { names } = useAccess()
  const { busy, error, run } = useAction()
  const name = namePrincipal(names, grant.principal)
  const revoke = async () => {
    if (await run(() => revokeGrant(grant.id), `${grant.role} of ${name} is taken back`)) onChanged()
  }
  return (
    <ConfirmDialog
      title={`Take ${grant.role} back from ${name}?`}
      action="Take back"
      busy={busy}
      onConfirm={() => void revoke()}
      onClose={onClose}
    >
      <p>
        It ends at once on {sayScope(names, grant.scope)} and everything below it. What {name} holds by other roles
        stays.
      </p>
      {error ? <ErrorState title={errorText(error)} /> : null}
    </ConfirmDialog>
  )
}

export interface BarrierDialogProps extends ChangeDialogProps {
  readonly statements: Statements
}

export function BarrierDialog({ statements: { scope, barrier, grants }, onChanged, onClose }: BarrierDialogProps) {
  const { names } = useAccess()
  const { busy, error, run } = useAction()
  const name = nameScope(names, scope)
  const inside = grants.filter(({ isInherited }) => !isInherited).length
  const change = async () => {
    const done = barrier
      ? await run(() => openScope(scope), `${name} is open again`)
      : await run(() => restrictScope(scope), `${name} is restricted`)
    if (done) onChanged()
  }
  return (
    <Dialog
      title={barrier ? `Open ${name}?` : `Restrict ${name}?`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" busy={busy} onClick={() => void change()}>
            {barrier ? 'Open' : 'Restrict'}
          </Button>
        </>
      }
    >
      <p>
        {barrier
          ? 'Roles that are given above count in here again, at once.'
          : `Roles that are given above no longer count in here, yours too. ${inside === 0 ? 'No role is given in here yet.' : 'Only roles that are given in here count.'}`}
      </p>
      {error ? <ErrorState title={errorText(error)} /> : null}
    </Dialog>
  )
}
