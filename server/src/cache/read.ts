/**
 * The path of a read that memory alone cannot answer: join who is at it already; make sure the log is known; look in
 * memory, on disk and in the shared tier; serve what is old if the policy says so; else make the value, once.
 */
import { CairnError, errorFields, type Clock, type Logger } from '../base/index.ts'
import type { Entry } from './entry.ts'
import { noteInput, noteUnkeptInput, runFill, type FillRecord } from './fill.ts'
import { createFillLock, type FillLock } from './fill-lock.ts'
import { createFlights, type Flight } from './flights.ts'
import type { LogFollower } from './log/follow-log.ts'
import type { LogView } from './log/log-view.ts'
import type { Timers } from './log/timers.ts'
import { createNegatives } from './negatives.ts'
import { createPlaces, type Candidate } from './places.ts'
import type { InvalidationScope, ScopeId } from './scopes.ts'
import type { ReadCounts, Statistics } from './statistics.ts'
import type { DiskTier, MemorySpace, MemoryTier, SharedTier } from './tiers.ts'
import type { CachePolicy, CacheStatus, Fill, Tier } from './types.ts'

/** The shared tier behind its breaker. */
export interface SharedLink {
  readonly tier: SharedTier
  readonly breaker: {
    /** Runs the work, or throws at once while the circuit is open. */
    run<T>(work: () => Promise<T>): Promise<T>
    readonly state: 'closed' | 'open' | 'half-open'
    readonly opened: number
  }
}

/** What is read, and where its namespace keeps it in memory. */
export interface Place {
  /** Namespace and key. */
  readonly key: string
  readonly space: MemorySpace<Entry>
  /** The key alone. */
  readonly rest: string
  readonly policy: CachePolicy
}

export interface ReadRequest extends Place {
  /** Every scope known before the value is made. */
  readonly scopes: readonly ScopeId[]
  /** The disk has just been looked at and has nothing. */
  readonly isOffDisk: boolean
  /** Callers share a look at the tiers only with those who take the same old values. */
  readonly staleness: string
  readonly signal: AbortSignal | undefined
  readonly make: (fill: Fill) => Promise<Made>
  readonly counts: ReadCounts
}

export type Made =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'live'; readonly live: unknown; readonly whole: Promise<unknown> }

export type ReadResult =
  | {
      readonly kind: 'value'
      readonly value: unknown
      readonly status: CacheStatus
      readonly tier: Tier | null
      readonly ageMs: number
      /** Null when it is answered and not kept. */
      readonly entry: Entry | null
      /** Everything the value depends on. */
      readonly scopes: readonly ScopeId[]
      /** When its source began to be read, for a value made just now. */
      readonly fillTick: number | null
    }
  | { readonly kind: 'live'; readonly live: unknown; readonly joined: boolean }

export interface ReaderOptions {
  readonly memory: MemoryTier<Entry>
  readonly disk: DiskTier | null
  readonly shared: SharedLink | null
  readonly view: LogView
  readonly follower: LogFollower
  readonly statistics: Statistics
  readonly clock: Clock
  readonly timers: Timers
  readonly logger: Logger
  readonly leaseMs: number
  readonly nameScope: (scope: InvalidationScope) => ScopeId
  /** A `bounded` read with this much staleness is in use. */
  readonly useStale: (maxStaleMs: number) => void
}

export interface Reader {
  /** The entry in memory if it may be served as it is at this monotonic time. */
  fresh(key: string, now: number): Entry | undefined
  /** The memory of one namespace, whose prefix its keys are told without. */
  openSpace(prefix: string): MemorySpace<Entry>
  /** The entry if it may be served as it is at this monotonic time; `undefined` passes through. */
  verify(entry: Entry | undefined, now: number): Entry | undefined
  /**
   * What the disk has, when that may be served as it is: without waiting, and without a flight. Null: nothing is there.
   */
  freshOnDisk(place: Place): Entry | null | undefined
  read(request: ReadRequest): Promise<ReadResult>
  /** Takes a key out of every tier, to reclaim the room. */
  drop(key: string): void
  useStale(maxStaleMs: number): void
  /** Resolves when the writes under way have ended. */
  settled(): Promise<void>
  stop(): void
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createReader(options: ReaderOptions): Reader {
  const { memory, shared, view, follower, statistics, clock, timers, logger, leaseMs, nameScope } = options
  const lookups = createFlights<ReadResult>({ view, clock, leaseMs })
  const makings = createFlights<ReadResult>({ view, clock, leaseMs })
  const negatives = createNegatives(clock)
  const places = createPlaces(options)

  const ageOf = (entry: Entry) => Math.max(0, clock.monotonic() - entry.madeAt)

  /** Whether an entry in memory may be served as it is at this monotonic time; `undefined` passes through. */
  function verify(entry: Entry | undefined, now: number): Entry | undefined {
    if (entry === undefined) return undefined
    if (now >= entry.refreshAt || now >= view.now.leasedUntil) return undefined
    if (entry.checked !== view.now.version) {
      if (view.judge(entry.header) !== 'valid') return undefined
      entry.checked = view.now.version
    }
    noteInput(entry)
    return entry
  }

  /** Whether an entry may be served unmarked. */
  const isGood = (entry: Entry) =>
    clock.monotonic() < entry.freshUntil && follower.isLeased() && view.judge(entry.header) === 'valid'

  function freshOnDisk(place: Place): Entry | null | undefined {
    if (!follower.isLeased() || lookups.has(place.key, [])) return undefined
    const found = places.findOnDisk(place)
    if (!found) return null
    if (!isGood(found.entry) || clock.monotonic() >= found.entry.refreshAt) return undefined
    places.promote(place, found.entry)
    noteInput(found.entry)
    return found.entry
  }

  // --- One read -------------------------------------------------------------------------------------------------------

  async function read(request: ReadRequest): Promise<ReadResult> {
    const { key, staleness, scopes, signal, counts } = request
    for (;;) {
      const begunAt = view.tick
      const { flight, isNew } = lookups.join(`${key}${staleness}`, scopes, (begun) => lead(request, begun))
      const result = await lookups.wait(flight, signal)
      if (result.kind === 'live') {
        counts.misses++
        noteUnkeptInput(scopes)
        return isNew ? result : { ...result, joined: true }
      }
      // What was learnt between the beginning of that fill and the coming of this caller must be in the value.
      const { fillTick } = result
      if (fillTick !== null && begunAt > fillTick && view.tickOf(result.scopes) > fillTick) continue
      count(counts, result)
      if (result.entry) noteInput(result.entry)
      else noteUnkeptInput(result.scopes)
      return result
    }
  }

  function count(counts: ReadCounts, { status, tier, entry }: ReadResult & { kind: 'value' }): void {
    if (status === 'stale') counts.stale++
    else if (status === 'hit' && tier) counts.hits[tier]++
    else counts.misses++
    if (status !== 'miss' && entry) counts.savedMicroUsd += entry.header.priceMicroUsd
  }

  const serve = ({ entry, tier }: Candidate, status: CacheStatus): ReadResult => ({
    kind: 'value',
    value: entry.value,
    status,
    tier,
    ageMs: ageOf(entry),
    entry,
    scopes: entry.header.scopes,
    fillTick: null,
  })

  /** What the first caller does for all. */
  async function lead(request: ReadRequest, flight: Flight<ReadResult>): Promise<ReadResult> {
    const { key, policy, scopes } = request
    if (!follower.isLeased()) await follower.catchUp()
    let candidate = places.findInMemory(request)
    if (candidate && isGood(candidate.entry)) return reuse(request, candidate)
    statistics.tierMisses.memory++
    // Who makes it has looked everywhere already.
    if (!makings.has(key, scopes)) {
      if (!request.isOffDisk) candidate = places.findOnDisk(request) ?? candidate
      if (candidate && isGood(candidate.entry)) return reuse(request, candidate)
      candidate = (await places.findShared(request)) ?? candidate
      if (candidate && isGood(candidate.entry)) return reuse(request, candidate)
    }
    if (candidate && view.judge(candidate.entry.header) === 'invalid') candidate = undefined
    if (candidate && mayServeUnleased(candidate.entry, policy)) return serve(candidate, 'stale')
    if (candidate && mayStandIn(candidate.entry, policy.staleWhileRevalidateMs)) {
      refresh(request)
      return serve(candidate, 'stale')
    }
    const failure = negatives.find(key)
    if (failure !== undefined && view.tickOf(scopes) <= failure.tick) {
      if (candidate && mayStandIn(candidate.entry, policy.staleIfErrorMs)) return serve(candidate, 'stale')
      throw failure.error
    }
    return makeOrServe(request, flight, candidate)
  }

  /** A good entry becomes the memory's, and is renewed early when its time has come. */
  function reuse(request: ReadRequest, candidate: Candidate): ReadResult {
    const { entry, tier } = candidate
    if (tier !== 'memory') places.promote(request, entry)
    if (clock.monotonic() >= entry.refreshAt) refresh(request)
    return serve(candidate, 'hit')
  }

  function mayServeUnleased(entry: Entry, { consistency, maxStaleMs }: CachePolicy): boolean {
    if (follower.isLeased() || consistency === 'strict') return false
    if (clock.monotonic() >= entry.keepUntil) return false
    const boundMs = Math.min(maxStaleMs, follower.toldMaxStaleMs)
    return consistency === 'available' || clock.monotonic() < view.now.leasedUntil + boundMs
  }

  /** Old by time or by a soft invalidation, for so long at most, and known to be nothing worse. */
  function mayStandIn(entry: Entry, forMs: number): boolean {
    const isInTime = forMs > 0 && clock.monotonic() < entry.freshUntil + forMs
    return isInTime && follower.isLeased() && view.judge(entry.header) !== 'invalid'
  }

  // --- Making ---------------------------------------------------------------------------------------------------------

  /** Makes the value anew while what is there is served; nobody waits for it. */
  function refresh(request: ReadRequest): void {
    const { flight } = makings.join(request.key, request.scopes, (making) => makeAlone(request, making))
    flight.result.catch((thrown: unknown) => logger.debug('a refresh failed', errorFields(thrown)))
  }

  /** When something old may stand in, the source gets so long and no failure is passed on. */
  async function makeOrServe(
    request: ReadRequest,
    lookup: Flight<ReadResult>,
    candidate: Candidate | undefined,
  ): Promise<ReadResult> {
    const { key, policy, scopes } = request
    const { flight, isNew } = makings.join(key, scopes, (begun) => makeAlone(request, begun))
    lookup.follows = flight
    const making = makings
      .wait(flight, lookup.abort.signal)
      .then((result) => (result.kind === 'live' && !isNew ? { ...result, joined: true } : result))
    const standsIn = () => candidate !== undefined && mayStandIn(candidate.entry, policy.staleIfErrorMs)
    if (!candidate || !standsIn()) return making
    try {
      if (policy.softTimeoutMs === 0) return await making
      const first = await Promise.race([making, later(policy.softTimeoutMs)])
      if (first !== null) return first
      making.catch((thrown: unknown) => logger.debug('a refresh failed', errorFields(thrown)))
      return standsIn() ? serve(candidate, 'stale') : await making
    } catch (thrown) {
      if (!standsIn()) throw thrown
      return serve(candidate, 'stale')
    }
  }

  const later = (ms: number) => new Promise<null>((resolve) => timers.after(ms, () => resolve(null)))

  /** With the advisory lock of the shared tier, so that one process in the deployment makes it. */
  async function makeAlone(request: ReadRequest, making: Flight<ReadResult>): Promise<ReadResult> {
    const { key, policy } = request
    const name = nameScope(`key:${key}`)
    if (!shared || policy.waitForOthersMs === 0 || !policy.tiers.includes('shared')) return make(request, making)
    // An older making of this process that nobody may join any more is not waited for.
    if (held.has(name)) return make(request, making)
    const lock = createFillLock({ shared, name, timers, settled: places.settled })
    const release = () => {
      held.delete(name)
      lock.release()
    }
    let isTold = false
    held.add(name)
    try {
      const found = await findOrLock(request, making, lock)
      if (found) return found
      const result = await make(request, making)
      isTold = result.kind === 'live'
      if (isTold) void Promise.allSettled([liveEnds.get(making)]).then(release)
      return result
    } finally {
      if (!isTold) release()
    }
  }

  /** What another process has made meanwhile; null when this one is to make it, with the lock or without. */
  async function findOrLock(
    request: ReadRequest,
    making: Flight<ReadResult>,
    lock: FillLock,
  ): Promise<ReadResult | null> {
    const until = clock.monotonic() + request.policy.waitForOthersMs
    let state = await lock.take()
    while (state === 'taken' && clock.monotonic() < until && !making.isAborted) {
      await lock.wait(until - clock.monotonic())
      const found = await places.findShared(request)
      if (found && isGood(found.entry)) {
        places.promote(request, found.entry)
        return serve(found, 'hit')
      }
      state = await lock.take()
    }
    if (making.isAborted) throw making.abort.signal.reason
    return null
  }

  /** Names that this process makes, or waits to make, under the lock. */
  const held = new Set<string>()
  /** Ends of the live values under way. */
  const liveEnds = new WeakMap<Flight<ReadResult>, Promise<unknown>>()

  async function make(request: ReadRequest, making: Flight<ReadResult>): Promise<ReadResult> {
    const { key, policy, counts, scopes } = request
    const startedAt = clock.monotonic()
    const fillTick = view.tick
    const begin = ({ scopes: learnt }: FillRecord) => {
      making.fill = { tick: fillTick, atMs: startedAt, scopes: learnt }
    }
    const { abort } = making
    counts.fills++
    try {
      const { made, record } = await runFill({
        make: request.make,
        scopes,
        nameScope,
        view,
        timers,
        policy,
        abort,
        begin,
      })
      const store = (value: unknown) => places.keep(request, value, record, clock.monotonic() - startedAt)
      if (made.kind === 'live') {
        const end = made.whole.then(
          (whole) => (whole === null ? null : store(whole)),
          () => counts.failures++,
        )
        liveEnds.set(making, end)
        makings.keep(key, making, end)
        return { kind: 'live', live: made.live, joined: false }
      }
      const { value } = made
      const entry = store(value)
      return { kind: 'value', value, status: 'miss', tier: null, ageMs: 0, entry, scopes: [...record.scopes], fillTick }
    } catch (thrown) {
      counts.failures++
      const haveLeft = abort.signal.aborted && making.callers <= 0
      if (!haveLeft) negatives.put(key, thrown, { tick: fillTick, ms: policy.negativeTtlMs })
      throw thrown
    }
  }

  return {
    fresh: (key, now) => verify(memory.get(key), now),
    openSpace: (prefix) => memory.space(prefix),
    verify,
    freshOnDisk,
    read,
    drop: places.drop,
    useStale: options.useStale,
    settled: places.settled,
    stop() {
      places.stop()
      makings.abortAll(new CairnError('server.stopping'))
    },
  }
}
