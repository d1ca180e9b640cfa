/**
 * Keeps the list of vaults and their index state fresh: by server-sent events while the page can be seen, by asking
 * every two seconds when events do not work. A hidden page lets go of its connection, because a browser grants a
 * server only six of them over all its tabs.
 */
import { vaultListSchema, type VaultInfo } from '@cairn/contract'
import { readEvents } from '@cairn/ui/client'
import { malformed, unreachable, type Failure } from '../api/failure.ts'
import { send } from '../api/request.ts'
import { listVaults } from '../api/resources.ts'
import { createStore, type Store } from '@cairn/ui/store'

export interface VaultsState {
  /** Null until the first reply. */
  readonly vaults: readonly VaultInfo[] | null
  readonly failure: Failure | null
}

export interface VaultsWatch {
  readonly store: Store<VaultsState>
  /** Asks again at once, after a change made here. */
  readonly refresh: () => void
  readonly stop: () => void
}

const pollMs = 2_000

/** `onSignedOut` is called when the server no longer knows the session. */
export function watchVaults(onSignedOut: () => void): VaultsWatch {
  const store = createStore<VaultsState>({ vaults: null, failure: null })
  let run = new AbortController()
  const take = (vaults: readonly VaultInfo[]) => store.set({ vaults, failure: null })
  const refuse = (failure: Failure) => {
    if (failure.status === 401) onSignedOut()
    else store.set((state) => ({ ...state, failure }))
    // Somebody without vaults: asking again and again would change nothing.
    if (failure.status === 403) run.abort()
  }
  const restart = () => {
    run.abort()
    run = new AbortController()
    if (document.visibilityState === 'visible') void follow(run.signal, take, refuse)
  }
  document.addEventListener('visibilitychange', restart)
  restart()
  return {
    store,
    refresh: restart,
    stop: () => {
      document.removeEventListener('visibilitychange', restart)
      run.abort()
    },
  }
}

type Take = (vaults: readonly VaultInfo[]) => void
type Refuse = (failure: Failure) => void

async function follow(signal: AbortSignal, take: Take, refuse: Refuse): Promise<void> {
  while (!signal.aborted) {
    const streamed = await followStream(signal, take, refuse)
    if (signal.aborted) return
    if (!streamed) await pollOnce(signal, take, refuse)
    await pause(pollMs, signal)
  }
}

/** Follows the event stream to its end; false when there was none. */
async function followStream(signal: AbortSignal, take: Take, refuse: Refuse): Promise<boolean> {
  const reply = await send('/api/vaults', { accept: 'text/event-stream', signal })
  if (!reply.ok || !reply.value.body || !reply.value.headers.get('content-type')?.startsWith('text/event-stream')) {
    if (reply.ok) await reply.value.body?.cancel().catch(() => {})
    return false
  }
  let events = 0
  try {
    for await (const { event, data } of readEvents(reply.value.body)) {
      if (event !== 'vaults') continue
      const parsed = vaultListSchema.safeParse(JSON.parse(data))
      if (!parsed.success) {
        refuse(malformed)
        return false
      }
      take(parsed.data.vaults)
      events++
    }
  } catch {
    if (!signal.aborted) refuse(unreachable)
  }
  return events > 0
}

async function pollOnce(signal: AbortSignal, take: Take, refuse: Refuse): Promise<void> {
  const reply = await listVaults(signal)
  if (signal.aborted) return
  if (reply.ok) take(reply.value.vaults)
  else refuse(reply.failure)
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}
