/**
 * Single flight: callers that want the same key at the same time share one piece of work. A flight is fenced: who comes
 * after this process has learnt of an invalidation does not join work that began to read its source before that. Work
 * goes on until the last caller has left.
 */
import type { Clock } from '../base/index.ts'
import type { LogView } from './log/log-view.ts'
import type { ScopeId } from './scopes.ts'

/** By what this process had learnt, and by the monotonic clock. */
export interface FillStart {
  readonly tick: number
  readonly atMs: number
  /** What it depends on, as far as it has learnt by now. */
  readonly scopes: ReadonlySet<ScopeId>
}

export interface Flight<R> {
  readonly result: Promise<R>
  /** When the source began to be read; null before that, while whatever is found is checked at its own time. */
  fill: FillStart | null
  /** The flight whose result it passes on. */
  follows: Flight<R> | null
  /** Made when somebody asks for it: most flights end before anyone leaves. */
  readonly abort: AbortController
  readonly isAborted: boolean
  callers: number
}

export interface Flights<R> {
  /** The work under way for a key that this caller may share, or a new one. Counts the caller. */
  join(
    key: string,
    scopes: readonly ScopeId[],
    start: (flight: Flight<R>) => Promise<R>,
  ): { flight: Flight<R>; isNew: boolean }
  /** Whether a caller could join. */
  has(key: string, scopes: readonly ScopeId[]): boolean
  /** Waits for a flight until the caller leaves. Throws the signal's reason then. */
  wait(flight: Flight<R>, signal?: AbortSignal): Promise<R>
  /** Keeps a flight joinable until `until` settles, past its own result. */
  keep(key: string, flight: Flight<R>, until: Promise<unknown>): void
  abortAll(reason: unknown): void
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createFlights<R>({
  view,
  clock,
  leaseMs,
}: {
  view: LogView
  clock: Clock
  leaseMs: number
}): Flights<R> {
  const flights = new Map<string, Flight<R>>()
  const kept = new WeakSet<Flight<R>>()

  const end = (key: string, flight: Flight<R>) => {
    if (flights.get(key) === flight) flights.delete(key)
  }
  const isFenced = ({ tick, scopes: learnt }: FillStart, scopes: readonly ScopeId[]) =>
    view.tickOf(scopes) <= tick && view.tickOf([...learnt]) <= tick
  /** Out of touch with the log, what was invalidated since the fill began is not known unless it began just now. */
  const isInTouch = ({ atMs }: FillStart) =>
    clock.monotonic() < view.now.leasedUntil || clock.monotonic() - atMs <= leaseMs
  function canJoin({ fill: own, follows, isAborted }: Flight<R>, scopes: readonly ScopeId[]): boolean {
    const fill = follows?.fill ?? own
    return !isAborted && (fill === null || (isFenced(fill, scopes) && isInTouch(fill)))
  }

  return {
    join(key, scopes, start) {
      const running = flights.get(key)
      if (running && canJoin(running, scopes)) {
        running.callers++
        return { flight: running, isNew: false }
      }
      const { promise, resolve, reject } = Promise.withResolvers<R>()
      const flight = createFlight(promise)
      // Each caller hears of a failure on its own promise.
      promise.catch(() => undefined)
      flights.set(key, flight)
      // Over before anyone is told, so that who asks again starts anew.
      const finish = () => {
        if (!kept.has(flight)) end(key, flight)
      }
      void start(flight).then(
        (value) => (finish(), resolve(value)),
        (thrown: unknown) => (finish(), reject(thrown as Error)),
      )
      return { flight, isNew: true }
    },
    has(key, scopes) {
      const running = flights.get(key)
      return running !== undefined && canJoin(running, scopes)
    },
    wait(flight, signal) {
      if (!signal) return flight.result
      return new Promise<R>((resolve, reject) => {
        const leave = () => {
          flight.callers--
          reject(signal.reason as Error)
          if (flight.callers === 0) flight.abort.abort(signal.reason)
        }
        if (signal.aborted) return leave()
        signal.addEventListener('abort', leave, { once: true })
        flight.result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
      })
    },
    keep(key, flight, until) {
      kept.add(flight)
      until.then(
        () => end(key, flight),
        () => end(key, flight),
      )
    },
    abortAll(reason) {
      for (const flight of flights.values()) flight.abort.abort(reason)
      flights.clear()
    },
  }
}

function createFlight<R>(result: Promise<R>): Flight<R> {
  let controller: AbortController | undefined
  return {
    result,
    fill: null,
    follows: null,
    callers: 1,
    get abort() {
      return (controller ??= new AbortController())
    },
    get isAborted() {
      return controller?.signal.aborted ?? false
    },
  }
}
