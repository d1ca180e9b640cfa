/** Who is here decides what is shown: nobody yet, somebody who must sign in, or a signed-in person's console. */
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks'
import type { SessionInfo } from '@cairn/contract'
import { Spinner, ToastProvider } from '@cairn/ui'
import { streamAnswer } from '../api/ask.ts'
import { failureOf, type Failure } from '../api/failure.ts'
import { getSession, signIn, signOut } from '../api/resources.ts'
import { createConversation } from '../ask/conversation.ts'
import { SignInPage } from '../sign-in/sign-in-page.tsx'
import { takeSignInToken } from '../sign-in/sign-in-token.ts'
import { watchVaults } from '../vaults/vaults-watch.ts'
import { now } from './clock.ts'
import { ConsoleProvider } from './console-context.ts'
import { FailureState } from './failure-state.tsx'
import { Shell } from './shell.tsx'

type State =
  | { readonly at: 'opening' }
  | { readonly at: 'unreachable'; readonly failure: Failure }
  | { readonly at: 'sign-in'; readonly failure: Failure | null; readonly busy: boolean }
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
    if (reply.ok) setState({ at: 'console', session: reply.value })
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
      return <SignInPage failure={state.failure} busy={state.busy} onToken={(token) => void useToken(token)} />
    case 'console':
      return <SignedIn session={state.session} onSignedOut={onSignedOut} />
  }
}

interface SignedInProps {
  readonly session: SessionInfo
  readonly onSignedOut: (failure: Failure | null) => void
}

function SignedIn({ session, onSignedOut }: SignedInProps) {
  const parts = useMemo(
    () => ({
      vaultsWatch: watchVaults(() => onSignedOut(failureOf('access.unauthenticated', '', 401))),
      conversation: createConversation({ streamAnswer, now, nextFrame: runNextFrame }),
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
    await signOut()
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
