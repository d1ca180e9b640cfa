/** Dialogs of the second factor: setting up, and what takes a code of it. */
import { useState } from 'preact/hooks'
import { Button, Dialog, useToast } from '@cairn/ui'
import { sentenceOf } from '../api/failure.ts'
import { removeTotp, renewRecoveryCodes } from '../api/identity.ts'
import { CodeField } from '../sign-in/password-form.tsx'
import { RecoveryCodes } from './recovery-codes.tsx'
import { TotpSetup, type TotpSetupProps } from './totp-setup.tsx'

export function SetUpDialog({
  hasPassword,
  onClose,
}: Pick<TotpSetupProps, 'hasPassword'> & { readonly onClose: () => void }) {
  return (
    <Dialog title="Set up a second factor" onClose={onClose}>
      <TotpSetup hasPassword={hasPassword} onDone={onClose} />
    </Dialog>
  )
}

export interface CodeDialogProps {
  readonly purpose: 'remove' | 'renew'
  readonly onClose: () => void
}

export function CodeDialog({ purpose, onClose }: CodeDialogProps) {
  const toast = useToast()
  const [code, setCode] = useState('')
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  const isRemoval = purpose === 'remove'
  const submit = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    const reply = isRemoval ? await removeTotp(code) : await renewRecoveryCodes(code)
    setBusy(false)
    if (!reply.ok) return setError(sentenceOf(reply.failure))
    if (reply.value !== null) return setCodes(reply.value.codes)
    toast({ text: 'The second factor is removed' })
    onClose()
  }
  return (
    <Dialog title={isRemoval ? 'Remove the second factor' : 'New recovery codes'} onClose={onClose}>
      {codes ? (
        <RecoveryCodes codes={codes} onDone={onClose} />
      ) : (
        <form class="form" onSubmit={(event) => void submit(event)}>
          <p>{isRemoval ? 'From then on your password alone signs you in.' : 'Those you have now stop working.'}</p>
          <CodeField value={code} onInput={setCode} error={error} />
          <div class="form-actions">
            <Button onClick={onClose}>Cancel</Button>
            <Button kind={isRemoval ? 'danger' : 'primary'} type="submit" busy={busy}>
              {isRemoval ? 'Remove' : 'Make new codes'}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}
