/** Sign-in without a password: the terminal that runs the server prints a link that works once. */
import { useState } from 'preact/hooks'
import { Button, Logo, TextField } from '@cairn/ui'
import type { Failure } from '../api/failure.ts'
import { CopyButton } from '../shell/copy-button.tsx'
import { FailureState } from '../shell/failure-state.tsx'
import { parseSignInToken } from './sign-in-token.ts'

export interface SignInPageProps {
  /** Why the last try failed. */
  readonly failure: Failure | null
  readonly busy: boolean
  readonly onToken: (token: string) => void
}

const command = 'npx cairn sign-in'

export function SignInPage({ failure, busy, onToken }: SignInPageProps) {
  const [text, setText] = useState('')
  const [error, setError] = useState<string>()
  const submit = (event: Event) => {
    event.preventDefault()
    const token = parseSignInToken(text)
    if (token === null) return setError('Paste the whole link that the terminal printed, or the part after “sign-in=”.')
    setError(undefined)
    onToken(token)
  }
  return (
    <main class="sign-in">
      <div class="sign-in-card">
        <Logo size={52} />
        <h1>Sign in to Cairn</h1>
        <p>Run this in the terminal where the server runs. Then open the link it prints.</p>
        <div class="secret">
          <code>{command}</code>
          <CopyButton text={command} what="Command" />
        </div>
        {failure ? <FailureState failure={failure} /> : null}
        <form class="form" onSubmit={submit}>
          <TextField
            label="Or paste the link here"
            mono
            value={text}
            onInput={setText}
            error={error}
            placeholder={`${location.origin}/#sign-in=…`}
          />
          <Button kind="primary" type="submit" busy={busy}>
            Sign in
          </Button>
        </form>
      </div>
    </main>
  )
}
