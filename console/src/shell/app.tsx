/** Who is here decides what is shown: nobody yet, somebody who must sign in, or a signed-in person's console. */
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks'
import type { SessionInfo } from '@cairn/contract'
import { Spinner, ToastProvider } from '@cairn/ui'
import { streamAnswer } from '../api/ask.ts'
import { failureOf, type Failure } from '../api/failure.ts'
import { getSession, signIn, signOut } from '../api/identity.ts'
import { createConversation } from '@cairn/ui/client'
import { SecondFactorPage } from '../sign-in/second-factor-page.tsx'
import { SetPasswordPage } from '../sign-in/set-password-page.tsx'
import { SignInPage } from '../sign-in/sign-in-page.tsx'
import { takeFailure, takeLinkToken, takeSignInToken } from '../sign-in/sign-in-token.ts'
import { watchVaults } from '../vaults/vaults-watch.ts'
import { now } from './clock.ts'
import { ConsoleProvider } from './console-context.ts'
import { FailureState } from './failure-state.tsx'
import { Shell } from './shell.tsx'

type State =
  | { readonly at: 'opening' }
  | { readonly at: 'unreachable'; readonly failure: Failure }
  | { readonly at: 'sign-in'; readonly failure: Failure | null; readonly busy: boolean }
  | { readonly at: 'set-password'; readonly token: string }
  | { readonly at: 'second-factor'; readonly needed: 'verify' | 'enrol' }
  | { readonly at: 'console'; readonly session: SessionInfo }

export function App() {
  return (
    <ToastProvider>
      <Gate />
    </ToastProvider>
  )
}

function Gate() {
  const [state, setState] = useState<State>({ at: 'opening' })
  const open = useCallback(async () => {
    const reply = await getSession()
    if (reply.ok && reply.value.mfaNeeded !== 'no') setState({ at: 'second-factor', needed: reply.value.mfaNeeded })
    else if (reply.ok) setState({ at: 'console', session: reply.value })
    else if (reply.failure.status === 401) setState({ at: 'sign-in', failure: null, busy: false })
    else setState({ at: 'unreachable', failure: reply.failure })
  }, [])
  const useToken = useCallback(
    async (token: string) => {
      setState({ at: 'sign-in', failure: null, busy: true })
      const reply = token
        ? await signIn(token)
        : { ok: false as const, failure: failureOf('access.link-invalid', '', 401) }
      if (reply.ok) return open()
      setState({ at: 'sign-in', failure: reply.failure, busy: false })
    },
    [open],
  )
  useEffect(() => {
    const begin = (otherwise: () => Promise<void> | void) => {
      const said = readArrival()
      if (said !== null) return setState(said)
      const token = takeSignInToken()
      void (token === null ? otherwise() : useToken(token))
    }
    const onHashChange = () => begin(() => {})
    begin(open)
    addEventListener('hashchange', onHashChange)
    return () => removeEventListener('hashchange', onHashChange)
  }, [open, useToken])
  const onSignedOut = useCallback((failure: Failure | null) => setState({ at: 'sign-in', failure, busy: false }), [])
  switch (state.at) {
    case 'opening':
      return (
        <main class="opening">
          <Spinner label="Opening Cairn" />
        </main>
      )
    case 'unreachable':
      return (
        <main class="opening">
          <FailureState failure={state.failure} onRetry={() => void open()} />
        </main>
      )
    case 'sign-in':
      return (
        <SignInPage
          failure={state.failure}
          busy={state.busy}
          onToken={(token) => void useToken(token)}
          onEntered={() => void open()}
        />
      )
    case 'set-password':
      return <SetPasswordPage token={state.token} onDone={() => void open()} />
    case 'second-factor':
      return (
        <SecondFactorPage
          needed={state.needed}
          onDone={() => void open()}
          onSignOut={() => void signOut().then(() => onSignedOut(null))}
        />
      )
    case 'console':
      return <SignedIn session={state.session} onSignedOut={onSignedOut} />
  }
}

/** What the address says that the browser came with: a link to set a password, or a refusal of the provider’s sign-in. */
function readArrival(): State | null {
  const link = takeLinkToken()
  if (link !== null) return { at: 'set-password', token: link }
  const failed = takeFailure()
  return failed === null ? null : { at: 'sign-in', failure: failureOf(failed, '', 401), busy: false }
}

interface SignedInProps {
  readonly session: SessionInfo
  readonly onSignedOut: (failure: Failure | null) => void
}

function SignedIn({ session, onSignedOut }: SignedInProps) {
  const parts = useMemo(
    () => ({
      vaultsWatch: watchVaults(() => onSignedOut(failureOf('access.unauthenticated', '', 401))),
      conversation: createConversation({ streamAnswer, failureOf, now, nextFrame: runNextFrame }),
    }),
    [onSignedOut],
  )
  useEffect(
    () => () => {
      parts.vaultsWatch.stop()
      parts.conversation.clear()
    },
    [parts],
  )
  const onSignOut = useCallback(async () => {
    const reply = await signOut()
    // The provider ends its own session and leads back here.
    if (reply.ok && reply.value !== null) return location.assign(reply.value)
    onSignedOut(null)
  }, [onSignedOut])
  const value = useMemo(() => ({ ...parts, session, onSignOut: () => void onSignOut() }), [parts, session, onSignOut])
  return (
    <ConsoleProvider value={value}>
      <Shell />
    </ConsoleProvider>
  )
}

/** With the next frame, or soon where a hidden page draws none. */
function runNextFrame(run: () => void): void {
  if (document.visibilityState === 'visible') requestAnimationFrame(run)
  else setTimeout(run, 200)
}
