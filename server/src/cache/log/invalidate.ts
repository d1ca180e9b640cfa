/**
 * The life of an invalidation: it holds here at once, is committed to the log, and is told with a receipt of what has
 * become of it. What cannot be committed goes to the journal first and is tried until it is.
 */
import { errorFields, type Clock, type Logger } from '../../base/index.ts'
import type { ScopeId } from '../scopes.ts'
import type { NodeState, Position, Sequencer } from '../tiers.ts'
import type { InvalidationKind, InvalidationReceipt } from '../types.ts'
import type { LogFollower } from './follow-log.ts'
import type { Journal } from './journal.ts'
import type { LogView } from './log-view.ts'
import type { Timers } from './timers.ts'

/** The most that `maxStaleMs` may be, and so the longest that a lost node can go on serving what it marks. */
export const mostMaxStaleMs = 10_000

export interface InvalidatorOptions {
  readonly node: string
  readonly view: LogView
  readonly follower: LogFollower
  readonly sequencer: Sequencer
  readonly journal: Journal
  readonly clock: Clock
  readonly timers: Timers
  readonly logger: Logger
  readonly leaseMs: number
}

export interface Invalidator {
  invalidate(kind: InvalidationKind, scopes: readonly ScopeId[], wait: 'commit' | 'all'): Promise<InvalidationReceipt>
  /** Makes everything hold here that earlier runs left in the journal. Throws `storage.failed`. */
  load(): Promise<void>
  /** Resolves when nothing is being committed or written to the journal. */
  settled(): Promise<void>
  /** Tries once more to commit everything that is pending, that of earlier runs included. */
  flush(): Promise<void>
  readonly pending: number
  /** A new epoch began, maybe because the log lost its data. */
  noticeEpoch(): void
  stop(): void
}

interface Pending {
  kind: InvalidationKind
  scopes: readonly ScopeId[]
  /** Null while it is in memory only, because the disk would not take it. */
  journalId: number | null
  /** Under way: whoever takes the entry out of the journal must know its number first. */
  saving: Promise<void> | null
  settle: () => void
}

const retryMs = 500
const longestRetryMs = 15_000
const lookEveryMs = 25

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createInvalidator(options: InvalidatorOptions): Invalidator {
  const { node, view, follower, sequencer, journal, clock, timers, logger, leaseMs } = options
  const pending: Pending[] = []
  const known = new Set<number>()
  let flushing: Promise<void> | null = null
  let cancelRetry: () => void = () => undefined
  const running = new Set<Promise<unknown>>()
  let failures = 0
  let isStopped = false

  async function commit(kind: InvalidationKind, scopes: readonly ScopeId[]): Promise<Position> {
    const seen = view.epoch === '' ? null : { epoch: view.epoch, seq: view.newest }
    const position = await sequencer.commit(kind, scopes, seen)
    view.mark(position, kind, scopes)
    // Another epoch: everything older is void already, and this node must learn that it is.
    if (position.epoch === view.epoch) void follower.catchUp()
    else if (!(await follower.catchUp()) || view.epoch !== position.epoch) view.endLease()
    return position
  }

  async function postpone(kind: InvalidationKind, scopes: readonly ScopeId[], settle: () => void): Promise<void> {
    const entry: Pending = { kind, scopes, journalId: null, saving: null, settle }
    pending.push(entry)
    await save(entry)
    planRetry()
  }

  function save(entry: Pending): Promise<void> {
    if (entry.journalId !== null) return Promise.resolve()
    return (entry.saving ??= write(entry).finally(() => (entry.saving = null)))
  }

  async function write(entry: Pending): Promise<void> {
    try {
      entry.journalId = await journal.append(entry.kind, entry.scopes)
      known.add(entry.journalId)
    } catch (thrown) {
      logger.error('an invalidation is kept in memory only, the journal cannot be written', errorFields(thrown))
    }
  }

  function planRetry(): void {
    cancelRetry()
    if (isStopped) return
    const ms = Math.min(longestRetryMs, retryMs * 2 ** Math.min(failures, 10)) * (0.5 + timers.random() / 2)
    cancelRetry = timers.after(ms, () => void flushOnce())
  }

  function flushOnce(): Promise<void> {
    return (flushing ??= flush().finally(() => (flushing = null)))
  }

  /** In order; the first that fails ends the round. */
  async function flush(): Promise<void> {
    try {
      await adopt()
      for (let next = pending[0]; next && !isStopped; next = pending[0]) {
        await commit(next.kind, next.scopes)
        pending.shift()
        next.settle()
        await next.saving
        if (next.journalId !== null) await journal.remove(next.journalId).catch(() => undefined)
      }
      failures = 0
    } catch {
      failures++
      for (const entry of pending) await save(entry)
      planRetry()
    }
  }

  /** What an earlier run, or another process of this host, left in the journal. */
  async function adopt(): Promise<void> {
    const listed = await journal.list()
    for (const { id, kind, scopes } of listed) {
      if (known.has(id)) continue
      known.add(id)
      pending.push({ kind, scopes, journalId: id, saving: null, settle: view.suspend(kind, scopes) })
    }
  }

  const hasAcked = ({ acked }: NodeState, { epoch, seq }: Position) => acked.epoch === epoch && acked.seq >= seq

  /** Of a node that has not been heard of in this epoch, what it said of itself may be of long ago. */
  const staleOf = ({ acked, maxStaleMs }: NodeState, { epoch }: Position) =>
    acked.epoch === epoch ? maxStaleMs : mostMaxStaleMs

  /**
   * A node that has not acknowledged was last in touch before the commit, so its lease ends a lease after it, and what
   * it serves marked ends its `maxStaleMs` later.
   */
  async function describe(position: Position, wait: 'commit' | 'all'): Promise<InvalidationReceipt> {
    const committedAt = clock.monotonic()
    for (;;) {
      const states = await sequencer.nodes().catch(() => null)
      const others = states?.filter((state) => state.node !== node) ?? []
      const waiting = others.filter((state) => !hasAcked(state, position))
      const acked = others.filter((state) => hasAcked(state, position)).map((state) => state.node)
      const staleMs = waiting.reduce((most, state) => Math.max(most, staleOf(state, position)), 0)
      // Nodes that registered in an epoch that was lost may not be listed; they may be as stale as anyone may be.
      const unlistedMs = isEpochFresh() || states === null ? mostMaxStaleMs : 0
      const isOver = clock.monotonic() - committedAt > leaseMs + Math.max(staleMs, unlistedMs)
      const receipt = {
        seq: position.seq,
        epoch: position.epoch,
        committed: true,
        acked: [node, ...acked],
        pending: waiting.map((state) => state.node),
      }
      if (wait === 'commit' || isOver || (waiting.length === 0 && unlistedMs === 0)) return receipt
      await new Promise<void>((resolve) => timers.after(lookEveryMs, resolve))
    }
  }

  let epochSeenAt = Number.NEGATIVE_INFINITY
  /** Others may not have noticed yet that a new epoch began. */
  const isEpochFresh = () => clock.monotonic() - epochSeenAt <= leaseMs + mostMaxStaleMs

  return {
    async invalidate(kind, scopes, wait) {
      const settle = view.suspend(kind, scopes)
      const committing = commit(kind, scopes).then(
        (position) => (settle(), position),
        async (thrown: unknown) => {
          logger.warn('an invalidation is pending, the log cannot be written', errorFields(thrown))
          await postpone(kind, scopes, settle)
          return null
        },
      )
      running.add(committing)
      const position = await committing.finally(() => running.delete(committing))
      if (position) return describe(position, wait)
      const states = await sequencer.nodes().catch((): NodeState[] => [])
      const others = states.map((state) => state.node).filter((each) => each !== node)
      return { seq: null, epoch: null, committed: false, acked: [], pending: others }
    },
    load: adopt,
    async settled() {
      while (flushing !== null || running.size > 0) await Promise.allSettled([flushing, ...running])
    },
    flush: flushOnce,
    get pending() {
      return pending.length
    },
    noticeEpoch() {
      epochSeenAt = clock.monotonic()
    },
    stop() {
      isStopped = true
      cancelRetry()
    },
  }
}
