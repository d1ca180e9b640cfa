/** Setting up a second factor: the password, the picture to scan, the first code, the recovery codes. */
import { useState } from 'preact/hooks'
import { Button, SecretField } from '@cairn/ui'
import { beginTotp, confirmTotp } from '../api/identity.ts'
import { CopyButton } from '../shell/copy-button.tsx'
import { useSubmit } from '../shell/use-submit.ts'
import { CodeField } from '../sign-in/password-form.tsx'
import { QrCode } from './qr-code.tsx'
import { RecoveryCodes } from './recovery-codes.tsx'

export interface TotpSetupProps {
  readonly hasPassword: boolean
  readonly onDone: () => void
}

export function TotpSetup({ hasPassword, onDone }: TotpSetupProps) {
  const [begun, setBegun] = useState<{ secret: string; uri: string } | null>(null)
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  if (codes) return <RecoveryCodes codes={codes} onDone={onDone} />
  if (begun) return <FirstCode {...begun} onCodes={setCodes} />
  return <Begin hasPassword={hasPassword} onBegun={setBegun} />
}

interface BeginProps {
  readonly hasPassword: boolean
  readonly onBegun: (begun: { secret: string; uri: string }) => void
}

function Begin({ hasPassword, onBegun }: BeginProps) {
  const [password, setPassword] = useState('')
  const { busy, error, submit } = useSubmit(() => beginTotp(password === '' ? null : password), onBegun)
  return (
    <form class="form" onSubmit={submit}>
      <p>An app on your phone shows a code that changes every thirty seconds. You give it after your password.</p>
      {hasPassword ? (
        <SecretField
          label="Your password"
          hint="Leave it empty if you have none."
          value={password}
          onInput={setPassword}
          autocomplete="current-password"
          error={error}
        />
      ) : null}
      <Button kind="primary" type="submit" busy={busy}>
        Begin
      </Button>
    </form>
  )
}

interface FirstCodeProps {
  readonly secret: string
  readonly uri: string
  readonly onCodes: (codes: readonly string[]) => void
}

function FirstCode({ secret, uri, onCodes }: FirstCodeProps) {
  const [code, setCode] = useState('')
  const { busy, error, submit } = useSubmit(
    () => confirmTotp(code),
    ({ codes }) => onCodes(codes),
  )
  return (
    <form class="form" onSubmit={submit}>
      <p>Scan this with the app, or type the letters below it.</p>
      <QrCode text={uri} label="QR code for the app" />
      <div class="secret">
        <code>{(secret.match(/.{1,4}/g) ?? []).join(' ')}</code>
        <CopyButton text={secret} what="Secret" />
      </div>
      <CodeField value={code} onInput={setCode} error={error} isFirst />
      <Button kind="primary" type="submit" busy={busy}>
        Confirm
      </Button>
    </form>
  )
}
