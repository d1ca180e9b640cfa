/** Where the link of an invitation or a reset leads: a new password, and in. */
import { useEffect, useState } from 'preact/hooks'
import type { LinkInfo } from '@cairn/contract'
import { Button, Logo, SecretField, Spinner } from '@cairn/ui'
import type { Failure } from '../api/failure.ts'
import { describeLink, redeemLink } from '../api/identity.ts'
import { FailureState } from '../shell/failure-state.tsx'
import { formatDateTime } from '../shell/clock.ts'
import { useSubmit } from '../shell/use-submit.ts'

export interface SetPasswordPageProps {
  readonly token: string
  /** The password is set; whether somebody is in by that shows at the next question. */
  readonly onDone: () => void
}

export function SetPasswordPage({ token, onDone }: SetPasswordPageProps) {
  const [link, setLink] = useState<LinkInfo | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  useEffect(() => {
    void describeLink(token).then((reply) => (reply.ok ? setLink(reply.value) : setFailure(reply.failure)))
  }, [token])
  return (
    <main class="sign-in">
      <div class="sign-in-card">
        <Logo size={52} />
        <h1>{link?.purpose === 'reset' ? 'Set a new password' : 'Welcome to Cairn'}</h1>
        {failure ? <FailureState failure={failure} /> : null}
        {link ? <SetPasswordForm token={token} link={link} onDone={onDone} /> : null}
        {link || failure ? null : <Spinner label="Looking at the link" />}
        {failure ? <Button onClick={onDone}>To the sign-in page</Button> : null}
      </div>
    </main>
  )
}

function SetPasswordForm({ token, link, onDone }: SetPasswordPageProps & { readonly link: LinkInfo }) {
  const [password, setPassword] = useState('')
  const { busy, error, submit } = useSubmit(
    () => redeemLink(token, password),
    () => onDone(),
  )
  return (
    <>
      <p>
        {link.name}, set the password with which you sign in from now on. The link works once, until{' '}
        {formatDateTime(link.expiresAt)}.
      </p>
      <form class="form is-apart" onSubmit={submit}>
        <input
          class="cairn-hidden"
          type="text"
          autocomplete="username"
          value={link.email ?? ''}
          readOnly
          tabIndex={-1}
          aria-label="E-mail address"
        />
        <SecretField
          label="New password"
          hint="At least twelve characters. Four unrelated words are a good one."
          value={password}
          onInput={setPassword}
          error={error}
        />
        <Button kind="primary" type="submit" busy={busy}>
          Set password
        </Button>
      </form>
    </>
  )
}
