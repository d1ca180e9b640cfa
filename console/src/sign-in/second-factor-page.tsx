/** The server asks for a second factor before anything else: show it, or set one up. */
import { useState } from 'preact/hooks'
import { Button, Logo } from '@cairn/ui'
import { showCode } from '../api/identity.ts'
import { TotpSetup } from '../account/totp-setup.tsx'
import { useSubmit } from '../shell/use-submit.ts'
import { CodeField } from './password-form.tsx'

export interface SecondFactorPageProps {
  readonly needed: 'verify' | 'enrol'
  readonly onDone: () => void
  readonly onSignOut: () => void
}

export function SecondFactorPage({ needed, onDone, onSignOut }: SecondFactorPageProps) {
  return (
    <main class="sign-in">
      <div class="sign-in-card">
        <Logo size={52} />
        <h1>{needed === 'verify' ? 'One more step' : 'Set up a second factor'}</h1>
        {needed === 'verify' ? <ShowCode onDone={onDone} /> : <TotpSetup onDone={onDone} hasPassword />}
        <Button kind="quiet" onClick={onSignOut}>
          Sign out
        </Button>
      </div>
    </main>
  )
}

function ShowCode({ onDone }: { readonly onDone: () => void }) {
  const [code, setCode] = useState('')
  const { busy, error, submit } = useSubmit(
    () => showCode(code),
    () => onDone(),
  )
  return (
    <form class="form" onSubmit={submit}>
      <CodeField value={code} onInput={setCode} error={error} />
      <Button kind="primary" type="submit" busy={busy}>
        Confirm
      </Button>
    </form>
  )
}
