/**
 * Everything that the plugin sends anywhere goes through here, and to one origin: the server of the settings, with the
 * key that was made for that very origin. Obsidian's own `requestUrl` can neither stream nor be stopped, so this is
 * `fetch`, once. Requests have deadlines; those that change nothing are tried again with growing pauses.
 */
import { apiLevelHeader } from '@cairn/contract/tables'
import type { Reply } from '@cairn/ui/client'
import { malformed, notConnected, readFailure, tooSlow, unreachable } from '../core/connection/failures.ts'

interface Schema<T> {
  readonly safeParse: (value: unknown) => { success: true; data: T } | { success: false }
}

export interface Target {
  readonly origin: string
  /** Null before pairing. */
  readonly key: string | null
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly body?: unknown
  /** More headers, in small letters. */
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** Until the reply is there, or with `openStream` its first byte. */
  readonly timeoutMs?: number
  /** Another server than that of the settings, such as one that is only being tried. */
  readonly target?: Target
  /** Told of this call alone, beside the one who is told of all. */
  readonly onOutcome?: (outcome: Outcome) => void
  /** A status besides success whose body is what was asked for. */
  readonly alsoTakes?: number
  /** For a request that may be sent twice although it is no GET. */
  readonly mayRepeat?: boolean
}

/** What each reply, or its absence, says about the server. */
export type Outcome =
  | { readonly kind: 'reached'; readonly status: number; readonly apiLevel: number | null; readonly tookMs: number }
  | { readonly kind: 'unreached' }

export interface Transport {
  request<T>(path: string, schema: Schema<T>, call?: Call): Promise<Reply<T>>
  /** For replies without a body. */
  requestNothing(path: string, call: Call): Promise<Reply<null>>
  /** The response when its head has arrived and all is well; its body may take as long as it likes. */
  openStream(path: string, call: Call): Promise<Reply<Response>>
}

export interface TransportParts {
  /** For tests; the window's own unless given. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  readonly target: () => Target | null
  readonly now: () => number
  readonly random: () => number
  /** Ends early when the signal aborts. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
  readonly onOutcome: (outcome: Outcome, target: Target) => void
}

const usualTimeoutMs = 10_000
const mostTries = 3
/** A server that asks for more patience than this is not waited for. */
const longestPauseMs = 10_000

/** Full jitter (Brooker, “Exponential backoff and jitter”, AWS 2015), from half a second on. */
export function backoffMs(attempt: number, random: () => number, mostMs = longestPauseMs): number {
  return Math.round(Math.min(mostMs, 500 * 2 ** attempt) * (0.5 + random() / 2))
}

export function createTransport(parts: TransportParts): Transport {
  const fetch = parts.fetch ?? ((url, init) => window.fetch(url, init))

  /** `release` cuts the tie between the caller's signal and a body that has been read. */
  async function once(path: string, call: Call): Promise<{ reply: Reply<Response>; release: () => void }> {
    const target = call.target ?? parts.target()
    if (target === null) return { reply: { ok: false, failure: notConnected }, release: () => undefined }
    const deadline = new AbortController()
    const abort = () => deadline.abort()
    call.signal?.addEventListener('abort', abort)
    const release = () => call.signal?.removeEventListener('abort', abort)
    if (call.signal?.aborted === true) abort()
    let isLate = false
    const timer = window.setTimeout(() => {
      isLate = true
      abort()
    }, call.timeoutMs ?? usualTimeoutMs)
    const tell = (outcome: Outcome) => {
      call.onOutcome?.(outcome)
      // One who asks whether the server is there knows what to make of it.
      if (call.onOutcome === undefined) parts.onOutcome(outcome, target)
    }
    const startedAt = parts.now()
    try {
      const response = await fetch(`${target.origin}${path}`, requestOf(call, target, deadline.signal))
      tell({ kind: 'reached', status: response.status, apiLevel: levelOf(response), tookMs: parts.now() - startedAt })
      if (response.ok || response.status === call.alsoTakes) return { reply: { ok: true, value: response }, release }
      return { reply: { ok: false, failure: await readFailure(response) }, release }
    } catch {
      if (call.signal?.aborted !== true) tell({ kind: 'unreached' })
      return { reply: { ok: false, failure: isLate ? tooSlow : unreachable }, release }
    } finally {
      window.clearTimeout(timer)
    }
  }

  /** `read` takes what it needs of the response before its tie to the caller is cut. */
  async function send<T>(path: string, call: Call, read: (response: Response) => Promise<Reply<T>>): Promise<Reply<T>> {
    const tries = call.mayRepeat === true || (call.method ?? 'GET') === 'GET' ? mostTries : 1
    const signal = call.signal ?? new AbortController().signal
    for (let attempt = 0; ; attempt++) {
      const { reply: head, release } = await once(path, call)
      const reply = head.ok ? await read(head.value) : head
      release()
      if (head.ok || reply.ok || attempt + 1 >= tries || signal.aborted || !isPassing(reply.failure.status))
        return reply
      await parts.pause(backoffMs(attempt, parts.random), signal)
    }
  }

  return {
    request: (path, schema, call = {}) =>
      send(path, call, async (response) => {
        const parsed = schema.safeParse(await response.json().catch(() => null))
        return parsed.success ? { ok: true, value: parsed.data } : { ok: false, failure: malformed }
      }),
    requestNothing: (path, call) =>
      send(path, call, async (response) => {
        await response.body?.cancel().catch(() => {})
        return { ok: true, value: null }
      }),
    openStream: async (path, call) => (await once(path, call)).reply,
  }
}

function requestOf(call: Call, { key }: Target, signal: AbortSignal): RequestInit {
  const headers: Record<string, string> = { accept: 'application/json', ...call.headers }
  if (call.body !== undefined) headers['content-type'] = 'application/json'
  if (key !== null) headers['authorization'] = `Bearer ${key}`
  return {
    method: call.method ?? 'GET',
    headers,
    signal,
    credentials: 'omit',
    redirect: 'error',
    cache: 'no-store',
    referrerPolicy: 'no-referrer',
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
  }
}

function levelOf(response: Response): number | null {
  const told = response.headers.get(apiLevelHeader) ?? ''
  return /^\d{1,6}$/.test(told) ? Number(told) : null
}

/** No answer at all, or one that says that the next may be another. */
function isPassing(status: number): boolean {
  return status === 0 || status === 429 || status === 502 || status === 503 || status === 504
}
