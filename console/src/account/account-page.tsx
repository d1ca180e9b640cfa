/** One’s own account: name and address, password, second factor, sessions. Keys and paired devices are on the page of keys. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import type { Account } from '@cairn/contract'
import { Badge, Button, Spinner } from '@cairn/ui'
import type { Failure } from '../api/failure.ts'
import { getAccount } from '../api/identity.ts'
import { formatDate } from '../shell/clock.ts'
import { FailureState } from '../shell/failure-state.tsx'
import { Page } from '../shell/page.tsx'
import { hrefOf } from '../shell/router.ts'
import { ChangePasswordDialog, ProfileDialog } from './account-dialogs.tsx'
import { CodeDialog, SetUpDialog } from './totp-dialogs.tsx'
import { SessionsSection } from './sessions-section.tsx'

type Open = 'profile' | 'password' | 'set-up' | 'remove' | 'renew' | null

export function AccountPage() {
  const [account, setAccount] = useState<Account | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [open, setOpen] = useState<Open>(null)
  const load = useCallback(async () => {
    const reply = await getAccount()
    setFailure(reply.ok ? null : reply.failure)
    if (reply.ok) setAccount(reply.value)
  }, [])
  useEffect(() => {
    void load()
  }, [load])
  const close = () => {
    setOpen(null)
    void load()
  }
  return (
    <Page
      title="Your account"
      intro={
        <>
          How you sign in, and where you are signed in. Keys and paired devices are under{' '}
          <a href={hrefOf('keys')}>API keys</a>.
        </>
      }
    >
      {failure ? <FailureState failure={failure} onRetry={() => void load()} /> : null}
      {account ? (
        <div class="card-row">
          <ProfileCard account={account} onOpen={setOpen} />
          <PasswordCard account={account} onOpen={setOpen} />
          <SecondFactorCard account={account} onOpen={setOpen} />
        </div>
      ) : failure ? null : (
        <Spinner label="Loading your account" />
      )}
      <SessionsSection />
      {account && open === 'profile' ? <ProfileDialog account={account} onClose={close} /> : null}
      {account && open === 'password' ? <ChangePasswordDialog account={account} onClose={close} /> : null}
      {account && open === 'set-up' ? <SetUpDialog hasPassword={account.password !== null} onClose={close} /> : null}
      {open === 'remove' || open === 'renew' ? <CodeDialog purpose={open} onClose={close} /> : null}
    </Page>
  )
}

interface CardProps {
  readonly account: Account
  readonly onOpen: (what: Open) => void
}

function ProfileCard({ account, onOpen }: CardProps) {
  return (
    <section class="card">
      <h2>{account.name}</h2>
      <p class="muted">{account.email ?? 'No e-mail address yet. You need one to sign in with a password.'}</p>
      <div class="card-actions">
        <Button small label="Change your name or e-mail address" onClick={() => onOpen('profile')}>
          Change
        </Button>
        <a class="cairn-button is-secondary is-small" href={hrefOf('pair')}>
          Pair a device
        </a>
      </div>
    </section>
  )
}

function PasswordCard({ account, onOpen }: CardProps) {
  const { password, openid, email } = account
  return (
    <section class="card">
      <h2>Password</h2>
      <p class="muted">
        {password ? `Set on ${formatDate(password.changedAt)}.` : 'None is set.'}
        {openid ? ' You sign in with the provider of your organisation.' : ''}
      </p>
      <div class="card-actions">
        <Button
          small
          disabled={email === null}
          label={password ? 'Change your password' : 'Set a password'}
          onClick={() => onOpen('password')}
        >
          {password ? 'Change' : 'Set'}
        </Button>
      </div>
    </section>
  )
}

function SecondFactorCard({ account: { totp, mfaRequired }, onOpen }: CardProps) {
  return (
    <section class="card">
      <div class="card-head">
        <h2>Second factor</h2>
        {totp ? (
          <Badge tone="accent" icon="check">
            On
          </Badge>
        ) : (
          <Badge>Off</Badge>
        )}
      </div>
      <p class="muted">
        {totp
          ? `An app, since ${formatDate(totp.since)}. ${totp.recoveryCodesLeft} of 10 recovery codes left.`
          : 'A code from your phone after the password keeps others out who know it.'}
        {mfaRequired ? ' This server asks for it.' : ''}
      </p>
      <div class="card-actions">
        {totp ? (
          <>
            <Button small onClick={() => onOpen('renew')}>
              New recovery codes
            </Button>
            {mfaRequired ? null : (
              <Button small label="Remove the second factor" onClick={() => onOpen('remove')}>
                Remove
              </Button>
            )}
          </>
        ) : (
          <Button small label="Set up a second factor" onClick={() => onOpen('set-up')}>
            Set up
          </Button>
        )}
      </div>
    </section>
  )
}
