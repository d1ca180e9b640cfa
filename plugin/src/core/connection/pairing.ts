/**
 * Pairing this device by a code (RFC 8628): the server gives a code, a signed-in person approves it in the console, and
 * meanwhile we ask at the pace that the server wants. Pure.
 */
import { deviceAuthorizedSchema, deviceErrorSchema, deviceGrantedSchema } from '@cairn/contract'
import type { Failure, Reply } from '@cairn/ui/client'
import { createStore, type Store } from '@cairn/ui/store'
import type { StoredKey } from './connection.ts'

export type PairingState =
  | { readonly at: 'beginning' }
  | {
      readonly at: 'showing'
      readonly userCode: string
      /** Where the code is typed, and the same with the code in it. */
      readonly address: string
      readonly link: string
      readonly expiresAt: number
      /** Set while the server is not reached; the code stays good. */
      readonly trouble: Failure | null
    }
  | { readonly at: 'paired'; readonly vault: string | null }
  | { readonly at: 'refused' }
  | { readonly at: 'expired' }
  | { readonly at: 'failed'; readonly failure: Failure }

export interface PairingParts {
  readonly origin: string
  /** What the console shows as the one that asks. */
  readonly clientName: string
  /** Name of the vault that the key is to be bound to; null for all. */
  readonly vault: string | null
  readonly begin: (body: { clientName: string; vault?: string }) => Promise<Reply<unknown>>
  /** The reply's body whatever its status; a failure only when there is none. */
  readonly ask: (deviceCode: string) => Promise<Reply<unknown>>
  readonly keep: (key: StoredKey, vault: string | null) => void
  readonly now: () => number
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
}

export interface Pairing {
  readonly state: Pick<Store<PairingState>, 'get' | 'subscribe'>
  /** Ends the asking; a code that was shown is worth nothing then. */
  readonly cancel: () => void
  /** Settles when there is nothing more to wait for. Never rejects. */
  readonly done: Promise<PairingState>
}

const leastIntervalMs = 1_000

export function startPairing(parts: PairingParts): Pairing {
  const state = createStore<PairingState>({ at: 'beginning' })
  const stop = new AbortController()
  const run = async (): Promise<PairingState> => {
    const { vault, clientName } = parts
    const begun = await parts.begin({ clientName, ...(vault === null ? {} : { vault }) })
    if (!begun.ok) return { at: 'failed', failure: begun.failure }
    const parsed = deviceAuthorizedSchema.safeParse(begun.value)
    if (!parsed.success) return { at: 'failed', failure: unreadable }
    const { device_code: deviceCode, expires_in: livesSeconds, interval } = parsed.data
    const showing: PairingState = {
      at: 'showing',
      userCode: parsed.data.user_code,
      address: parsed.data.verification_uri,
      link: parsed.data.verification_uri_complete,
      expiresAt: parts.now() + livesSeconds * 1_000,
      trouble: null,
    }
    state.set(showing)
    return poll({ deviceCode, showing, intervalMs: Math.max(leastIntervalMs, interval * 1_000) })
  }

  async function poll(asked: {
    deviceCode: string
    showing: Extract<PairingState, { at: 'showing' }>
    intervalMs: number
  }): Promise<PairingState> {
    const { deviceCode, showing } = asked
    let { intervalMs } = asked
    while (parts.now() < showing.expiresAt) {
      await parts.pause(intervalMs, stop.signal)
      if (stop.signal.aborted) return state.get()
      const reply = await parts.ask(deviceCode)
      // Between the two the dialog may have been closed: then nothing is kept.
      if (stop.signal.aborted) return state.get()
      const answer = reply.ok ? readAnswer(reply.value) : null
      state.set({ ...showing, trouble: reply.ok ? null : reply.failure })
      if (answer === null || answer === 'authorization_pending') continue
      // RFC 8628, section 3.5: five seconds more from now on.
      if (answer === 'slow_down') intervalMs += 5_000
      else if (answer === 'access_denied') return { at: 'refused' }
      else if (answer === 'expired_token') return { at: 'expired' }
      else {
        parts.keep({ origin: parts.origin, key: answer.access_token, keyId: answer.keyId }, answer.vault)
        return { at: 'paired', vault: answer.vault }
      }
    }
    return { at: 'expired' }
  }

  const done = run()
    .catch((): PairingState => ({ at: 'failed', failure: unreadable }))
    .then((last) => {
      if (!stop.signal.aborted) state.set(last)
      return last
    })
  return { state, cancel: () => stop.abort(), done }
}

function readAnswer(body: unknown) {
  const granted = deviceGrantedSchema.safeParse(body)
  if (granted.success) return granted.data
  const refused = deviceErrorSchema.safeParse(body)
  return refused.success ? refused.data.error : null
}

const unreadable: Failure = {
  code: 'plugin.malformed',
  status: 0,
  title: 'The server’s reply cannot be read',
  message: '',
  hint: 'Check that the address is that of a Cairn server.',
  retryable: true,
  requestId: undefined,
}
