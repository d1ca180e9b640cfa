/**
 * The cache: one memory per process, one disk per host, one shared tier per deployment, and one log that says what is
 * no longer true. The path of a read is in `read.ts`; here its parts are put together.
 */
import { createId, errorFields, type Clock, type Logger } from '../base/index.ts'
import { createChecker } from './checker.ts'
import type { Entry } from './entry.ts'
import { createLogFollower } from './log/follow-log.ts'
import { createInvalidator } from './log/invalidate.ts'
import type { Journal } from './log/journal.ts'
import { createLogView } from './log/log-view.ts'
import { systemTimers, type Timers } from './log/timers.ts'
import { createMemoryTier } from './memory/memory-tier.ts'
import { openNamespace } from './namespace.ts'
import { completePolicy } from './policy.ts'
import { createReader, type SharedLink } from './read.ts'
import { createReport } from './report.ts'
import { createScopeNamer } from './scopes.ts'
import { createStatistics } from './statistics.ts'
import type { DiskTier, EntryHeader, Sequencer, Tail } from './tiers.ts'
import type { Cache } from './types.ts'

export interface CacheOptions {
  /** Name of this process among those that share the log. */
  readonly node?: string
  /** Bound of the memory tier. */
  readonly memoryBytes: number
  /** Key of the hashes that stand for scopes and keys outside the process; the same for all who share the log. */
  readonly namesKey: Uint8Array
  readonly sequencer: Sequencer
  /** Where invalidations wait that could not be committed, on this host's own disk. */
  readonly journal: Journal
  readonly disk: DiskTier | null
  readonly shared: SharedLink | null
  readonly clock: Clock
  readonly logger: Logger
  readonly timers?: Timers
  /** How long a node trusts what it knows without having asked. */
  readonly leaseMs?: number
  /** How often the consistency checker looks at a few entries; 0 switches it off. */
  readonly checkEveryMs?: number
}

const usualLeaseMs = 1_000
const usualCheckEveryMs = 2_000
const minuteMs = 60_000
const positionEveryMs = 1_000
/** Name of the entry on disk that tells how far its host had followed the log. */
const positionName = 'position'

/**
 * Opens the cache and waits for the first word of the log, if it can be had. Never throws for a log or tier that is
 * away: the cache then answers as its policies say.
 */
// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export async function openCache(options: CacheOptions): Promise<Cache> {
  const { sequencer, disk, shared, clock, logger, timers = systemTimers, leaseMs = usualLeaseMs } = options
  const node = options.node ?? createId('node')
  const nameScope = createScopeNamer(options.namesKey)
  const view = createLogView({ leaseMs })
  const statistics = createStatistics(clock)
  const memory = createMemoryTier<Entry>({ maxBytes: options.memoryBytes })
  const listeners = new Set<() => void>()
  const opened = new Set<string>()
  const everything = nameScope('*')
  let maxStaleMs = 0
  let isClosed = false

  const follower = createLogFollower({
    node,
    view,
    sequencer,
    clock,
    timers,
    leaseMs,
    maxStaleMs: () => maxStaleMs,
    onApplied,
  })
  const invalidator = createInvalidator({
    node,
    view,
    follower,
    sequencer,
    journal: options.journal,
    clock,
    timers,
    logger,
    leaseMs,
  })
  const reader = createReader({
    memory,
    disk,
    shared,
    view,
    follower,
    statistics,
    clock,
    timers,
    logger,
    leaseMs,
    nameScope,
    useStale: (ms) => {
      maxStaleMs = Math.max(maxStaleMs, ms)
    },
  })
  const checker = createChecker({ memory, disk, sequencer, view, reader, nameScope, clock, timers, logger, leaseMs })

  let epochBefore = ''
  function onApplied(change: 'marks' | 'epoch', tail: Tail): void {
    if (change === 'epoch') {
      // What the disk holds may be of the epoch that is now adopted for the first time; each entry says.
      if (epochBefore !== '') {
        invalidator.noticeEpoch()
        dropAll()
      }
      epochBefore = tail.epoch
    } else if (tail.marks.some(({ kind, scopes }) => kind === 'hard' && scopes.includes(everything))) dropAll()
    planPosition()
    for (const listener of listeners) listener()
  }

  function dropAll(): void {
    memory.clear()
    void disk?.clear()
    planPosition()
  }

  /** A log that is put back from a copy is found out when it is behind what this host had seen of it. */
  let positionPlanned = false
  function planPosition(): void {
    if (positionPlanned || !disk || isClosed) return
    positionPlanned = true
    timers.after(positionEveryMs, () => {
      positionPlanned = false
      if (!isClosed) void savePosition()
    })
  }

  async function savePosition(): Promise<void> {
    if (!disk || view.epoch === '') return
    const header: EntryHeader = {
      epoch: view.epoch,
      asOf: view.applied,
      scopes: [],
      madeAt: clock.now(),
      freshMs: Number.MAX_SAFE_INTEGER,
      keepMs: Number.MAX_SAFE_INTEGER,
      fillMs: 0,
      priceMicroUsd: 0,
    }
    await disk.set(positionName, { header, value: new Uint8Array() })
  }

  await invalidator.load()
  const position = disk?.get(positionName)?.header
  if (position) {
    const applied = { epoch: position.epoch, seq: position.asOf }
    await sequencer.tail({ node, applied, maxStaleMs: 0 }).catch(() => undefined)
  }
  if (!(await follower.catchUp())) logger.warn('the log of the cache cannot be read yet', { sequencer: sequencer.kind })
  void invalidator.flush()

  let stopMinute = timers.after(minuteMs, endMinute)
  function endMinute(): void {
    statistics.closeMinute()
    if (!isClosed) stopMinute = timers.after(minuteMs, endMinute)
  }
  const checkEveryMs = options.checkEveryMs ?? usualCheckEveryMs
  if (checkEveryMs > 0) checker.start(checkEveryMs)

  return {
    namespace(name, defaults) {
      if (opened.has(name)) throw new Error(`the cache namespace ${name} is open already`)
      opened.add(name)
      return openNamespace({
        name,
        policy: completePolicy(defaults),
        reader,
        clock,
        counts: statistics.open(name),
        nameScope,
      })
    },
    async invalidate({ scopes, kind = 'hard', wait = 'commit' }) {
      // Before the wait, which may be long: what is made meanwhile is good.
      if (kind === 'hard') {
        if (scopes.includes('*')) dropAll()
        for (const scope of scopes) if (scope.startsWith('key:')) reader.drop(scope.slice('key:'.length))
      }
      return invalidator.invalidate(kind, [...new Set(scopes.map(nameScope))], wait)
    },
    epoch: () => view.epoch,
    position: () => view.applied,
    newestMark: (scope) => view.newestMark(nameScope(scope)),
    onApplied(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stats: createReport({
      node,
      leaseMs,
      view,
      follower,
      invalidator,
      sequencer,
      memory,
      disk,
      shared,
      statistics,
      checker,
      clock,
    }),
    flush: () => invalidator.flush(),
    async close() {
      if (isClosed) return
      await savePosition().catch(() => undefined)
      isClosed = true
      stopMinute()
      checker.stop()
      invalidator.stop()
      reader.stop()
      follower.stop()
      await invalidator.settled()
      await reader.settled()
      await sequencer
        .leave(node)
        .catch((thrown: unknown) => logger.debug('leaving the log failed', errorFields(thrown)))
    },
  }
}
