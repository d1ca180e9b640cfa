/**
 * What one node knows of the log: the newest marks, the floor, how far it has applied, and until when it may trust
 * that (the lease). Whether an entry is valid is decided here and nowhere else (rule 3 of the fenced log).
 *
 * Two counts that must not be confused: a *position* orders invalidations for all nodes; a *tick* orders what this
 * process has learnt, and tells whether a fill began before or after this process knew of an invalidation.
 */
import type { Mark, Position, Tail } from '../tiers.ts'
import type { ScopeId } from '../scopes.ts'
import type { InvalidationKind } from '../types.ts'

export interface Stamped {
  readonly epoch: string
  readonly asOf: number
  readonly scopes: readonly ScopeId[]
}

/** `soft`: to be treated as if its time had run out. */
export type Validity = 'valid' | 'soft' | 'invalid'

export interface LogView {
  readonly epoch: string
  readonly applied: number
  /** The newest position heard of, applied or not. */
  readonly newest: number
  readonly floor: number
  readonly marks: number
  /** What every hit in memory looks at: plain numbers of one object, since a getter costs as much as the rest. */
  readonly now: {
    /** Changes whenever anything was learnt that may have made an entry invalid. */
    readonly version: number
    /** Monotonic time until which the view is known to be complete. */
    readonly leasedUntil: number
  }
  /** This process' count of what it learnt. */
  readonly tick: number
  judge(entry: Stamped): Validity
  /** The tick at which anything was last learnt of one of the scopes; 0 for never. */
  tickOf(scopes: readonly ScopeId[]): number
  newestMark(scope: ScopeId): number
  /**
   * Applies what the sequencer told. `askedAt` is the monotonic time at which it was asked, which the lease counts
   * from. Returns what changed. A reply that is older than one applied already changes nothing.
   */
  apply(tail: Tail, asked: { atMs: number; ticket: number }): 'nothing' | 'marks' | 'epoch' | 'gap'
  /** An invalidation that this node has committed itself, before the tail brings it. */
  mark(position: Position, kind: InvalidationKind, scopes: readonly ScopeId[]): void
  /** From now until `settle`, everything with one of these scopes is invalid here: an invalidation under way. */
  suspend(kind: InvalidationKind, scopes: readonly ScopeId[]): () => void
  /** Nothing is trusted until the next complete reply. */
  endLease(): void
  /** Numbers requests, so that a late reply is recognised. */
  ticket(): number
  position(): Position
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createLogView({ leaseMs }: { leaseMs: number }): LogView {
  let epoch = ''
  let applied = 0
  let newest = 0
  let floor = 0
  const now = { version: 1, leasedUntil: Number.NEGATIVE_INFINITY }
  let tick = 1
  let tickets = 0
  /** Replies to requests before this one may still tell of an epoch that has ended. */
  let epochTicket = 0
  // In order of position: a mark that is renewed moves to the end, so the oldest are in front.
  const hard = new Map<ScopeId, number>()
  const soft = new Map<ScopeId, number>()
  const ticks = new Map<ScopeId, number>()
  /** Ticks below are not remembered for each scope: everything counts as learnt then. */
  let tickFloor = 0
  const suspended = { hard: new Map<ScopeId, number>(), soft: new Map<ScopeId, number>() }

  function learn(): void {
    now.version++
    tick++
  }

  function put(kind: InvalidationKind, scope: ScopeId, seq: number): void {
    const marks = kind === 'hard' ? hard : soft
    if ((marks.get(scope) ?? 0) >= seq) return
    marks.delete(scope)
    marks.set(scope, seq)
    touch(scope)
  }

  function touch(scope: ScopeId): void {
    ticks.delete(scope)
    ticks.set(scope, tick)
    if (ticks.size <= mostTicks) return
    const [oldest] = ticks as Iterable<[ScopeId, number]>
    if (!oldest) return
    tickFloor = Math.max(tickFloor, oldest[1])
    ticks.delete(oldest[0])
  }

  function raiseFloor(to: number): void {
    if (to <= floor) return
    floor = to
    for (const marks of [hard, soft])
      for (const [scope, seq] of marks) {
        if (seq > floor) break
        marks.delete(scope)
      }
    // Whatever the forgotten marks said is now said by the floor, of every scope.
    tickFloor = tick
  }

  function begin(next: string): void {
    epoch = next
    applied = 0
    newest = 0
    floor = 0
    hard.clear()
    soft.clear()
    tickFloor = tick
  }

  /** Everything above the floor; marks of our own that the reply cannot know of yet stay. */
  function replace(tail: Tail): void {
    for (const marks of [hard, soft]) for (const [scope, seq] of marks) if (seq <= tail.seq) marks.delete(scope)
    tickFloor = tick
  }

  function take(mark: Mark): void {
    for (const scope of mark.scopes) put(mark.kind, scope, mark.seq)
  }

  function apply(tail: Tail, { atMs, ticket }: { atMs: number; ticket: number }): ReturnType<LogView['apply']> {
    const isNew = tail.epoch !== epoch
    if (isNew && ticket <= epochTicket) return 'nothing'
    if (isNew && !tail.isWhole) return 'gap'
    const before = now.version
    if (isNew || (tail.isWhole && tail.seq >= applied)) {
      learn()
      if (isNew) {
        epochTicket = tickets
        begin(tail.epoch)
      } else replace(tail)
      raiseFloor(tail.floor)
      for (const mark of tail.marks) take(mark)
    } else {
      const fresh = tail.marks.filter(({ seq }) => seq > applied)
      if (fresh.length !== Math.max(0, tail.seq - applied)) return 'gap'
      if (fresh.length > 0 || tail.floor > floor) learn()
      raiseFloor(tail.floor)
      for (const mark of fresh) take(mark)
    }
    applied = Math.max(applied, tail.seq)
    newest = Math.max(newest, applied)
    if (tail.seq >= applied) now.leasedUntil = Math.max(now.leasedUntil, atMs + leaseMs)
    if (isNew) return 'epoch'
    return now.version === before ? 'nothing' : 'marks'
  }

  return {
    get epoch() {
      return epoch
    },
    get applied() {
      return applied
    },
    get newest() {
      return newest
    },
    get floor() {
      return floor
    },
    get marks() {
      return hard.size + soft.size
    },
    now,
    get tick() {
      return tick
    },
    judge(entry) {
      const { asOf } = entry
      if (entry.epoch !== epoch || asOf < floor) return 'invalid'
      let validity: Validity = 'valid'
      for (const scope of entry.scopes) {
        if ((hard.get(scope) ?? 0) > asOf || suspended.hard.has(scope)) return 'invalid'
        if ((soft.get(scope) ?? 0) > asOf || suspended.soft.has(scope)) validity = 'soft'
      }
      return validity
    },
    tickOf: (scopes) => scopes.reduce((latest, scope) => Math.max(latest, ticks.get(scope) ?? 0), tickFloor),
    newestMark: (scope) => Math.max(hard.get(scope) ?? 0, soft.get(scope) ?? 0),
    apply,
    mark(position, kind, scopes) {
      if (position.epoch !== epoch) return
      learn()
      newest = Math.max(newest, position.seq)
      for (const scope of scopes) put(kind, scope, position.seq)
    },
    suspend(kind, scopes) {
      learn()
      const counts = suspended[kind]
      for (const scope of scopes) {
        counts.set(scope, (counts.get(scope) ?? 0) + 1)
        touch(scope)
      }
      let isOver = false
      return () => {
        if (isOver) return
        isOver = true
        learn()
        for (const scope of scopes) {
          const left = (counts.get(scope) ?? 1) - 1
          if (left > 0) counts.set(scope, left)
          else counts.delete(scope)
        }
      }
    },
    endLease() {
      now.leasedUntil = Number.NEGATIVE_INFINITY
    },
    ticket: () => ++tickets,
    position: () => ({ epoch, seq: applied }),
  }
}

/** Scopes whose last tick is remembered each; beyond, a flight is joined less often than it could be, never more. */
const mostTicks = 50_000
