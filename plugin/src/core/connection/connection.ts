/**
 * Whether there is a server that this device may use, and what a person can do when not. It looks when somebody asks,
 * when a request has failed, when the device is back online, and while somebody waits, with growing pauses. Pure: what it
 * needs of the world is passed in.
 */
import { apiLevel } from '@cairn/contract/tables'
import type { VaultInfo } from '@cairn/contract'
import type { Failure, Reply } from '@cairn/ui/client'
import { createStore, type Store } from '@cairn/ui/store'
import { judgeAddress, parseServerAddress } from './server-address.ts'

export type ConnectionState =
  | { readonly at: 'unset' }
  | { readonly at: 'blocked'; readonly reason: string }
  | { readonly at: 'unpaired'; readonly origin: string }
  | { readonly at: 'checking'; readonly origin: string }
  | {
      readonly at: 'ready'
      readonly origin: string
      readonly latencyMs: number
      readonly vaults: readonly VaultInfo[]
    }
  | { readonly at: 'offline'; readonly origin: string; readonly failure: Failure }
  | { readonly at: 'revoked'; readonly origin: string }
  | { readonly at: 'wrong-server'; readonly origin: string }
  /** `older` is the one to be updated. */
  | { readonly at: 'version'; readonly origin: string; readonly older: 'plugin' | 'server' }

export interface StoredKey {
  /** The one server that the key is for. It is sent to no other. */
  readonly origin: string
  readonly key: string
  readonly keyId: string
}

export interface Probe {
  readonly reply: Reply<readonly VaultInfo[]>
  /** Null when the reply says none, or there is no reply. */
  readonly apiLevel: number | null
  readonly tookMs: number
}

export interface ConnectionParts {
  readonly address: () => { readonly url: string; readonly allowPlainHttp: boolean }
  readonly isMobile: boolean
  readonly readKey: () => StoredKey | null
  /** Asks the server which vaults the key may use. */
  readonly probe: (target: { origin: string; key: string | null }) => Promise<Probe>
  readonly later: (run: () => void, ms: number) => () => void
  readonly random: () => number
}

export interface Connection {
  readonly state: Pick<Store<ConnectionState>, 'get' | 'subscribe'>
  /** The server and key that requests go to; null while there is none to use. */
  target(): { origin: string; key: string } | null
  /** Looks now. */
  check(): Promise<void>
  /** A request to this server went unanswered, or was answered with this status. */
  noticed(outcome: { kind: 'unreached' } | { kind: 'reached'; status: number }, origin: string): void
  /** Keeps looking while the server is away, until the returned function is called. */
  wait(): () => void
  close(): void
}

/** Pauses while the server is away, in milliseconds; the last is repeated. */
const pausesMs = [2_000, 4_000, 8_000, 15_000, 30_000, 60_000]

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its functions is short
export function createConnection(parts: ConnectionParts): Connection {
  const state = createStore<ConnectionState>(stateBefore())
  let waiting = 0
  let attempt = 0
  let cancelNext: (() => void) | null = null
  let isClosed = false
  let round = 0

  function stateBefore(): ConnectionState {
    const { url, allowPlainHttp } = parts.address()
    if (url === '') return { at: 'unset' }
    const address = parseServerAddress(url)
    if (!address.ok) return { at: 'blocked', reason: address.message }
    const reason = judgeAddress(address, { isMobile: parts.isMobile, allowPlainHttp })
    if (reason !== null) return { at: 'blocked', reason }
    const { origin } = address
    return parts.readKey()?.origin === origin ? { at: 'checking', origin } : { at: 'unpaired', origin }
  }

  async function check(): Promise<void> {
    cancelNext?.()
    cancelNext = null
    const mine = ++round
    const before = stateBefore()
    if (before.at === 'unset' || before.at === 'blocked') return state.set(before)
    const { origin } = before
    const key = before.at === 'checking' ? (parts.readKey()?.key ?? null) : null
    const known = state.get()
    // A server that is there stays shown as such while it is asked again.
    if (!(known.at === 'ready' && known.origin === origin && key !== null)) state.set(before)
    const found = await parts.probe({ origin, key })
    if (isClosed || mine !== round) return
    state.set(judge(origin, key, found))
    planNext()
  }

  function planNext(): void {
    if (state.get().at !== 'offline') {
      attempt = 0
      return
    }
    if (waiting === 0 || isClosed || cancelNext !== null) return
    const pauseMs = (pausesMs[Math.min(attempt, pausesMs.length - 1)] ?? 60_000) * (0.75 + parts.random() / 2)
    attempt += 1
    cancelNext = parts.later(() => {
      cancelNext = null
      void check()
    }, pauseMs)
  }

  return {
    state,
    target: () => {
      const { at } = state.get()
      const stored = parts.readKey()
      const before = stateBefore()
      if (at === 'revoked' || at === 'version' || before.at !== 'checking' || stored === null) return null
      return { origin: stored.origin, key: stored.key }
    },
    check,
    noticed(outcome, origin) {
      const now = state.get()
      if (!('origin' in now) || now.origin !== origin) return
      const isNews =
        (outcome.kind === 'unreached' && now.at === 'ready') ||
        (outcome.kind === 'reached' && outcome.status === 401 && now.at === 'ready') ||
        (outcome.kind === 'reached' && outcome.status < 500 && now.at === 'offline')
      if (isNews) void check()
    },
    wait() {
      waiting += 1
      planNext()
      let isWaiting = true
      return () => {
        if (!isWaiting) return
        isWaiting = false
        waiting -= 1
        if (waiting > 0) return
        cancelNext?.()
        cancelNext = null
      }
    },
    close() {
      isClosed = true
      cancelNext?.()
      cancelNext = null
    },
  }
}

function judge(origin: string, key: string | null, { reply, apiLevel: level, tookMs }: Probe): ConnectionState {
  if (level !== null && level !== apiLevel)
    return { at: 'version', origin, older: level < apiLevel ? 'server' : 'plugin' }
  if (reply.ok) return { at: 'ready', origin, latencyMs: tookMs, vaults: reply.value }
  const { failure } = reply
  // No status: nobody answered. 5xx: something before or in the server is in trouble, which passes.
  if ((failure.status === 0 && failure.code !== 'plugin.malformed') || failure.status >= 500)
    return { at: 'offline', origin, failure }
  if (level === null) return { at: 'wrong-server', origin }
  if (failure.status === 401) return key === null ? { at: 'unpaired', origin } : { at: 'revoked', origin }
  return { at: 'offline', origin, failure }
}

export interface ConnectionWords {
  readonly title: string
  /** One sentence: what it is, and what to do. */
  readonly sentence: string
  readonly tone: 'good' | 'quiet' | 'warning'
  /** What the button beside it does; null where there is nothing to do. */
  readonly action: 'settings' | 'pair' | 'retry' | null
}

export function wordsOf(state: ConnectionState): ConnectionWords {
  switch (state.at) {
    case 'unset':
      return {
        title: 'No server yet',
        sentence: 'No Cairn server is set: give its address in the settings, then pair this device.',
        tone: 'warning',
        action: 'settings',
      }
    case 'blocked':
      return { title: 'Address not used', sentence: state.reason, tone: 'warning', action: 'settings' }
    case 'unpaired':
      return {
        title: 'Not paired',
        sentence: `This device has no key for ${hostOf(state.origin)} yet: pair it to begin.`,
        tone: 'warning',
        action: 'pair',
      }
    case 'checking':
      return { title: 'Looking', sentence: `Asking ${hostOf(state.origin)}.`, tone: 'quiet', action: null }
    case 'ready':
      return {
        title: 'Connected',
        sentence: `${hostOf(state.origin)} answered in ${Math.max(1, Math.round(state.latencyMs))} ms.`,
        tone: 'good',
        action: 'retry',
      }
    case 'offline':
      return {
        title: 'Server not reached',
        sentence: `${hostOf(state.origin)} does not answer: ${state.failure.hint ?? 'try again in a moment.'}`,
        tone: 'warning',
        action: 'retry',
      }
    case 'revoked':
      return {
        title: 'Key not accepted',
        sentence: `${hostOf(state.origin)} no longer takes this device’s key: it was revoked or has expired, so pair again.`,
        tone: 'warning',
        action: 'pair',
      }
    case 'wrong-server':
      return {
        title: 'Not a Cairn server',
        sentence: `What answers at ${hostOf(state.origin)} is no Cairn server: check the address and the port.`,
        tone: 'warning',
        action: 'settings',
      }
    case 'version':
      return {
        title: 'Different versions',
        sentence:
          state.older === 'server'
            ? `The server at ${hostOf(state.origin)} is older than this plugin: update the server.`
            : `The server at ${hostOf(state.origin)} is newer than this plugin: update the plugin.`,
        tone: 'warning',
        action: 'retry',
      }
  }
}

function hostOf(origin: string): string {
  return origin.replace(/^https?:\/\//, '')
}
