/** Dialogs of the account: name and address, password. */
import { useState } from 'preact/hooks'
import type { Account } from '@cairn/contract'
import { Button, Dialog, SecretField, TextField, useToast } from '@cairn/ui'
import { sentenceOf, type Failure } from '../api/failure.ts'
import { changeAccount, changePassword } from '../api/identity.ts'

export interface AccountDialogProps {
  readonly account: Account
  readonly onClose: () => void
}

export function ProfileDialog({ account, onClose }: AccountDialogProps) {
  const toast = useToast()
  const [name, setName] = useState(account.name)
  const [email, setEmail] = useState(account.email ?? '')
  const [failure, setFailure] = useState<Failure | null>(null)
  const [busy, setBusy] = useState(false)
  const hasEmail = account.email !== null
  const submit = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    const reply = await changeAccount({
      name: name.trim(),
      ...(!hasEmail && email.trim() !== '' && { email: email.trim() }),
    })
    setBusy(false)
    if (!reply.ok) return setFailure(reply.failure)
    toast({ text: 'Your account is changed' })
    onClose()
  }
  const isOfEmail = failure?.param === 'email' || failure?.code === 'access.user-exists'
  const error = failure ? sentenceOf(failure) : undefined
  return (
    <Dialog title="Name and e-mail address" onClose={onClose}>
      <form class="form" onSubmit={(event) => void submit(event)}>
        <TextField label="Name" value={name} onInput={setName} maxLength={120} error={isOfEmail ? undefined : error} />
        <TextField
          label="E-mail address"
          hint={hasEmail ? 'Ask an owner to change it.' : 'You sign in with it. No mail is sent.'}
          value={email}
          onInput={setEmail}
          maxLength={254}
          disabled={hasEmail}
          autocomplete="email"
          error={isOfEmail ? error : undefined}
        />
        <div class="form-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

export function ChangePasswordDialog({ account, onClose }: AccountDialogProps) {
  const toast = useToast()
  const [current, setCurrent] = useState('')
  const [password, setPassword] = useState('')
  const [failure, setFailure] = useState<Failure | null>(null)
  const [busy, setBusy] = useState(false)
  const hasOne = account.password !== null
  const submit = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    const reply = await changePassword(hasOne ? current : null, password)
    setBusy(false)
    if (!reply.ok) return setFailure(reply.failure)
    toast({ text: 'Your password is set. Your other sessions have ended.' })
    onClose()
  }
  const error = failure ? sentenceOf(failure) : undefined
  const isOfCurrent = failure?.param === 'current'
  return (
    <Dialog title={hasOne ? 'Change your password' : 'Set a password'} onClose={onClose}>
      <form class="form" onSubmit={(event) => void submit(event)}>
        {hasOne ? (
          <SecretField
            label="Present password"
            value={current}
            onInput={setCurrent}
            autocomplete="current-password"
            error={isOfCurrent ? error : undefined}
          />
        ) : null}
        <SecretField
          label="New password"
          hint="At least twelve characters. Four unrelated words are a good one. Your other sessions end."
          value={password}
          onInput={setPassword}
          error={isOfCurrent ? undefined : error}
        />
        <div class="form-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>
            Set password
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
