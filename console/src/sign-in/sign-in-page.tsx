/** Signing in: with a password or a provider where there are accounts, else by the link that the terminal prints. */
import { useEffect, useState } from 'preact/hooks'
import type { SignInMethods } from '@cairn/contract'
import { Button, Logo, TextField } from '@cairn/ui'
import type { Failure } from '../api/failure.ts'
import { getSignInMethods } from '../api/identity.ts'
import { CopyButton } from '../shell/copy-button.tsx'
import { FailureState } from '../shell/failure-state.tsx'
import { PasswordForm } from './password-form.tsx'
import { parseSignInToken } from './sign-in-token.ts'

export interface SignInPageProps {
  /** Why the last try failed. */
  readonly failure: Failure | null
  readonly busy: boolean
  readonly onToken: (token: string) => void
  /** Somebody is in: the session is there. */
  readonly onEntered: () => void
}

const command = 'npx cairn sign-in'

export function SignInPage({ failure, busy, onToken, onEntered }: SignInPageProps) {
  const [methods, setMethods] = useState<SignInMethods | null>(null)
  const [byLink, setByLink] = useState(false)
  useEffect(() => {
    void getSignInMethods().then((reply) => reply.ok && setMethods(reply.value))
  }, [])
  const hasOthers = methods !== null && (methods.password || methods.openid !== null)
  return (
    <main class="sign-in">
      <div class="sign-in-card">
        <Logo size={52} />
        <h1>Sign in to Cairn</h1>
        {failure ? <FailureState failure={failure} /> : null}
        {hasOthers && !byLink ? (
          <>
            {methods.password ? <PasswordForm onEntered={onEntered} /> : null}
            {methods.openid === null ? null : (
              <a class="cairn-button is-secondary" href="/auth/openid/begin">
                Sign in with {methods.openid}
              </a>
            )}
          </>
        ) : (
          <LinkForm busy={busy} onToken={onToken} />
        )}
        {hasOthers ? (
          <Button kind="quiet" onClick={() => setByLink(!byLink)}>
            {byLink ? 'Use another way' : 'Use a link from the terminal'}
          </Button>
        ) : null}
      </div>
    </main>
  )
}

function LinkForm({ busy, onToken }: Pick<SignInPageProps, 'busy' | 'onToken'>) {
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
    <>
      <p>Run this in the terminal where the server runs. Then open the link it prints.</p>
      <div class="secret">
        <code>{command}</code>
        <CopyButton text={command} what="Command" />
      </div>
      <form class="form is-apart" onSubmit={submit}>
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
    </>
  )
}
