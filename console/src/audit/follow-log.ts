/**
 * Follows the audit log live by server-sent events. It goes on where it was when the connection breaks, and lets go of it
 * while the page cannot be seen, because a browser grants a server only six connections over all its tabs.
 */
import { auditEntrySchema, type AuditEntryView } from '@cairn/contract'
import { readEvents, tryParseJson, type ServerEvent } from '@cairn/ui/client'
import { failureOf, malformed, type Failure, type Reply } from '../api/failure.ts'
import { send } from '../api/request.ts'
import { streamPath, type Query } from './audit-api.ts'

/** `waiting`: the connection broke and is tried again. `ended`: it will not be, as the failure says. */
export type FollowState =
  | { readonly at: 'opening' | 'live' }
  | { readonly at: 'waiting'; readonly tries: number }
  | { readonly at: 'ended'; readonly failure: Failure }

export interface FollowOptions {
  readonly query: Query
  readonly onEntry: (entry: AuditEntryView) => void
  readonly onState: (state: FollowState) => void
  /** Opens the stream after the entry that was heard last; null begins with what comes. */
  readonly open?: (last: number | null, signal: AbortSignal) => Promise<Reply<ReadableStream<Uint8Array>>>
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>
}

const firstPauseMs = 1_000
const longestPauseMs = 15_000

/** Until `signal`. Resolves when it will not go on. */
export async function followLog(options: FollowOptions, signal: AbortSignal): Promise<void> {
  const { query, onState, open = openStream(query), pause = sleep } = options
  const place = { last: null as number | null }
  for (let tries = 0; !signal.aborted; tries++) {
    onState(tries === 0 ? { at: 'opening' } : { at: 'waiting', tries })
    if (tries > 0) await pause(Math.min(longestPauseMs, firstPauseMs * 2 ** (tries - 1)), signal)
    if (signal.aborted) return
    const reply = await open(place.last, signal)
    if (signal.aborted) return
    const heard = reply.ok ? await listen(reply.value, place, options, signal) : { ...nothing, failure: reply.failure }
    if (signal.aborted) return
    if (heard.failure !== null && isFinal(heard.failure)) return onState({ at: 'ended', failure: heard.failure })
    // A connection that was good begins the counting anew.
    if (heard.isReady) tries = 0
  }
}

interface Heard {
  readonly isReady: boolean
  readonly failure: Failure | null
}

const nothing: Heard = { isReady: false, failure: null }

/** Neither a permission nor an agreement on shapes comes back by asking again. */
function isFinal({ status, code }: Failure): boolean {
  return code.startsWith('access.') || code === malformed.code || (status >= 400 && status < 500 && status !== 429)
}

async function listen(
  body: ReadableStream<Uint8Array>,
  place: { last: number | null },
  { onEntry, onState }: FollowOptions,
  signal: AbortSignal,
): Promise<Heard> {
  let isReady = false
  try {
    for await (const told of readEvents(body)) {
      if (signal.aborted) break
      if (told.event === 'error') return { isReady, failure: readError(told) }
      const read = readTold(told)
      if (read === null) return { isReady, failure: malformed }
      if ('after' in read) {
        isReady = true
        place.last ??= read.after
        onState({ at: 'live' })
      } else if ('entry' in read) {
        place.last = read.entry.seq
        onEntry(read.entry)
      }
    }
  } catch {
    // Broken off: the next turn goes on after the last entry.
  }
  return { isReady, failure: null }
}

type Told = { readonly after: number } | { readonly entry: AuditEntryView } | { readonly unknown: true }

/** Null for what is not as agreed; events of a later version are passed over. */
function readTold({ event, data }: ServerEvent): Told | null {
  if (event !== 'ready' && event !== 'entry') return { unknown: true }
  const value = tryParseJson(data)
  if (event === 'entry') {
    const parsed = auditEntrySchema.safeParse(value)
    return parsed.success ? { entry: parsed.data } : null
  }
  const after = (value as { after?: unknown } | null)?.after
  return typeof after === 'number' ? { after } : null
}

function readError({ data }: ServerEvent): Failure {
  const error = (tryParseJson(data) as { error?: { code?: unknown; message?: unknown } } | null)?.error
  const { code, message } = error ?? {}
  return typeof code === 'string' ? failureOf(code, typeof message === 'string' ? message : '') : malformed
}

function openStream(query: Query): NonNullable<FollowOptions['open']> {
  return async (last, signal) => {
    const reply = await send(streamPath(query), {
      accept: 'text/event-stream',
      signal,
      // Before the first entry there is place 0 alone, and nothing to go on after.
      ...(last !== null && last >= 0 && { headers: { 'last-event-id': String(last) } }),
    })
    if (!reply.ok) return reply
    return reply.value.body ? { ok: true, value: reply.value.body } : { ok: false, failure: malformed }
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    function done() {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
  })
}

/**
 * The same while the page can be seen. What happened while it was hidden is not told afterwards: it may be a whole night’s,
 * and a search finds it. Gives what ends it.
 */
export function followWhileSeen(options: FollowOptions): () => void {
  let run = new AbortController()
  const restart = () => {
    run.abort()
    run = new AbortController()
    if (document.visibilityState === 'visible') void followLog(options, run.signal)
  }
  document.addEventListener('visibilitychange', restart)
  restart()
  return () => {
    document.removeEventListener('visibilitychange', restart)
    run.abort()
  }
}
