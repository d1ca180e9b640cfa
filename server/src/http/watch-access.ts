/**
 * What takes long must end with the access it began with: an answer that is streamed, one that a model works on, a page
 * that is kept up to date. One timer looks after all of them. It makes sure of the epoch, and asks again for those that
 * have not been asked about since it moved; and for each of them every 750 ms, since keys, sessions and grants also end
 * by the clock. Nothing is done per token.
 */
import { fail, toCairnError, type CairnError } from '../base/index.ts'
import { readCredentials } from './credentials.ts'
import type { Call, Credentials, HttpDependencies } from './dependencies.ts'
import type { Exchange, RouteServices } from './route.ts'

/** A server learns of another’s change within half a second (`access/policy/state.ts`); with this it is within one. */
const everyMs = 200
const atLeastEveryMs = 750

export interface Watched {
  readonly credentials: Credentials
  /** Called once at most, with why: the caller is let in no more, or it cannot be confirmed that they are. */
  end(reason: CairnError): void
}

export interface AccessWatch {
  /** Says what is needed beside a caller who is let in, in place of what was said before. To be pure. */
  onlyWhile(isAllowed: () => boolean): void
  stop(): void
}

export interface AccessWatches {
  open(watched: Watched): AccessWatch
}

interface Open extends Watched {
  isAllowed: () => boolean
  epoch: number
  askedAtMs: number
}

export function createAccessWatches({ access, clock }: Pick<HttpDependencies, 'access' | 'clock'>): AccessWatches {
  const open = new Set<Open>()
  let timer: ReturnType<typeof setInterval> | null = null
  let isLooking = false

  function end(each: Open, thrown: unknown): void {
    if (open.delete(each)) each.end(toCairnError(thrown))
  }

  async function requireLetIn(credentials: Credentials): Promise<void> {
    access.requireSignedIn(await access.authenticate(credentials))
  }

  async function askAbout(each: Open, isLetIn: Promise<void>, epoch: number, nowMs: number): Promise<void> {
    try {
      await isLetIn
      if (!each.isAllowed())
        fail('access.forbidden', { message: 'What this answer needs was taken from you while it was told.' })
      each.epoch = epoch
      each.askedAtMs = nowMs
    } catch (thrown) {
      end(each, thrown)
    }
  }

  async function look(): Promise<void> {
    const nowMs = clock.monotonic()
    try {
      await access.confirm()
    } catch (thrown) {
      for (const each of open) end(each, thrown)
      return
    }
    const epoch = access.epoch()
    const due = [...open].filter((each) => each.epoch !== epoch || nowMs - each.askedAtMs >= atLeastEveryMs)
    const byCaller = Map.groupBy(due, ({ credentials: { key, session } }) => key ?? session ?? '')
    await Promise.all(
      [...byCaller.values()].flatMap((sameCaller) => {
        const isLetIn = requireLetIn((sameCaller[0] as Open).credentials)
        return sameCaller.map((each) => askAbout(each, isLetIn, epoch, nowMs))
      }),
    )
  }

  function tick(): void {
    if (open.size === 0 && timer !== null) {
      clearInterval(timer)
      timer = null
    }
    if (open.size === 0 || isLooking) return
    isLooking = true
    void look().finally(() => (isLooking = false))
  }

  return {
    open(watched) {
      const each: Open = {
        ...watched,
        isAllowed: () => true,
        epoch: access.epoch(),
        askedAtMs: clock.monotonic(),
      }
      open.add(each)
      timer ??= setInterval(tick, everyMs)
      return {
        onlyWhile(isAllowed) {
          each.isAllowed = isAllowed
        },
        stop: () => void open.delete(each),
      }
    },
  }
}

interface Place {
  readonly exchange: Exchange
  readonly services: Pick<RouteServices, 'port' | 'watches'>
}

/** Watches the caller of a request; `end` may come once. */
function watchAccess({ exchange, services }: Place, end: Watched['end']): AccessWatch {
  const { request, ownOrigin } = exchange
  const credentials = readCredentials(request.headers, { ownOrigin, port: services.port() })
  return services.watches.open({ credentials, end })
}

/**
 * A signal for a stream that ends without a word when its caller is let in no more, or may not do what is needed; who
 * opens it anew hears why.
 */
export function endWithAccess(
  place: Place,
  isAllowed: () => boolean = () => true,
): { readonly signal: AbortSignal; stop(): void } {
  const ended = new AbortController()
  const { stop, onlyWhile } = watchAccess(place, (reason) => ended.abort(reason))
  onlyWhile(isAllowed)
  return { signal: ended.signal, stop }
}

/** The call, watched until its reply has ended: who is let in no more is told so, and gets nothing more. */
export function watchCall({ call, ...place }: Place & { readonly call: Call }): Call {
  const { exchange } = place
  const watch = watchAccess(place, (reason) => exchange.end(reason))
  exchange.onClose(watch.stop)
  return { ...call, onlyWhile: watch.onlyWhile }
}
