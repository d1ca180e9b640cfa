/** E-mail address and password, and then the code of the second factor where there is one. */
import { useState } from 'preact/hooks'
import { Button, SecretField, TextField } from '@cairn/ui'
import { sentenceOf } from '../api/failure.ts'
import { signInWithPassword } from '../api/identity.ts'

export function PasswordForm({ onEntered }: { readonly onEntered: () => void }) {
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState<string | null>(null)
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  const submit = async (event: Event) => {
    event.preventDefault()
    if (email.trim() === '' || password === '') return setError('Give your e-mail address and your password.')
    setBusy(true)
    const reply = await signInWithPassword(email.trim(), password, code === null || code.trim() === '' ? null : code)
    setBusy(false)
    if (reply.ok) return onEntered()
    if (reply.failure.code === 'access.code-needed') {
      setError(undefined)
      return setCode('')
    }
    setError(sentenceOf(reply.failure))
  }
  const isAtCode = code !== null
  return (
    <form class="form" onSubmit={(event) => void submit(event)}>
      {isAtCode ? (
        <CodeField value={code} onInput={setCode} error={error} />
      ) : (
        <>
          <TextField label="E-mail address" value={email} onInput={setEmail} autocomplete="username" maxLength={254} />
          <SecretField
            label="Password"
            value={password}
            onInput={setPassword}
            autocomplete="current-password"
            error={error}
          />
        </>
      )}
      <Button kind="primary" type="submit" busy={busy}>
        {isAtCode ? 'Confirm' : 'Sign in'}
      </Button>
      {isAtCode ? (
        <Button
          kind="quiet"
          onClick={() => {
            setCode(null)
            setError(undefined)
          }}
        >
          Back
        </Button>
      ) : null}
    </form>
  )
}

export interface CodeFieldProps {
  readonly value: string
  readonly onInput: (value: string) => void
  readonly error: string | undefined
  /** A recovery code does not do here. */
  readonly isFirst?: boolean
}

/** The focus comes along, since it appears in answer to a press. */
export function CodeField({ value, onInput, error, isFirst = false }: CodeFieldProps) {
  return (
    <TextField
      label="Code"
      hint={
        isFirst ? 'The six digits that the app shows now.' : 'The six digits that your app shows, or a recovery code.'
      }
      mono
      value={value}
      onInput={onInput}
      autocomplete="one-time-code"
      maxLength={40}
      error={error}
      inputRef={(input) => {
        if (input && value === '' && document.activeElement !== input) input.focus()
      }}
    />
  )
}
