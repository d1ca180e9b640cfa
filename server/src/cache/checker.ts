/**
 * Looks over the cache's shoulder (after Meta's Polaris): takes entries at random, asks the log itself whether they are
 * still valid, and compares with what a read would serve. It shares no code with the read path's own check. A
 * difference that outlives the lease is counted, logged and dropped.
 */
import { errorFields, type Clock, type Logger } from '../base/index.ts'
import { encodeValue, type Entry } from './entry.ts'
import type { LogView } from './log/log-view.ts'
import type { Timers } from './log/timers.ts'
import type { Reader } from './read.ts'
import type { InvalidationScope, ScopeId } from './scopes.ts'
import type { DiskTier, MemoryTier, Sequencer } from './tiers.ts'

export interface CheckerOptions {
  readonly memory: MemoryTier<Entry>
  readonly disk: DiskTier | null
  readonly sequencer: Sequencer
  readonly view: LogView
  readonly reader: Reader
  readonly nameScope: (scope: InvalidationScope) => ScopeId
  readonly clock: Clock
  readonly timers: Timers
  readonly logger: Logger
  readonly leaseMs: number
}

export interface Checker {
  readonly found: number
  /** One round over a few entries; resolves to how many were wrong. */
  check(): Promise<number>
  start(everyMs: number): void
  stop(): void
}

const samples = 16

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createChecker(options: CheckerOptions): Checker {
  const { memory, disk, sequencer, reader, nameScope, clock, timers, logger, leaseMs } = options
  let found = 0
  let isStopped = false
  let cancel: () => void = () => undefined
  /** Entries that looked wrong once, and when: the log may be ahead of this node by a lease. */
  const suspects = new Map<Entry, number>()

  async function isOvertaken({ header }: Entry): Promise<boolean> {
    const truth = await sequencer.marksOf(header.scopes)
    return (
      header.epoch !== truth.epoch ||
      header.asOf < truth.floor ||
      [...truth.hard, ...truth.soft].some((mark) => mark > header.asOf)
    )
  }

  /** Two tiers hold the same stamp of the same key, and not the same value. */
  function differsOnDisk(key: string, entry: Entry): boolean {
    const stored = disk?.get(nameScope(`key:${key}`))
    if (!stored || stored.header.epoch !== entry.header.epoch || stored.header.asOf !== entry.header.asOf) return false
    if (stored.header.fillMs !== entry.header.fillMs) return false
    return Buffer.compare(encodeValue(entry.value), stored.value) !== 0
  }

  async function examine(key: string, entry: Entry): Promise<boolean> {
    if (reader.fresh(key, clock.monotonic()) !== entry) return false
    if (differsOnDisk(key, entry)) return report(key, 'the memory and the disk tier hold different values')
    if (!(await isOvertaken(entry))) return (suspects.delete(entry), false)
    const since = suspects.get(entry) ?? clock.monotonic()
    suspects.set(entry, since)
    if (clock.monotonic() - since <= leaseMs || reader.fresh(key, clock.monotonic()) !== entry) return false
    suspects.delete(entry)
    return report(key, 'a tier would serve an entry that the log has overtaken')
  }

  function report(key: string, what: string): true {
    found++
    reader.drop(key)
    logger.error('the cache is not consistent; the entry was dropped', { what, namespace: key.split('/')[0] ?? '' })
    return true
  }

  async function check(): Promise<number> {
    const before = found
    const picked = new Map<string, Entry>()
    for (const entry of suspects.keys()) if (memoryKeyOf.has(entry)) picked.set(memoryKeyOf.get(entry) as string, entry)
    for (let left = samples; left > 0; left--) {
      const sample = memory.sample()
      if (sample) picked.set(sample.key, sample.value)
    }
    for (const [key, entry] of picked) {
      memoryKeyOf.set(entry, key)
      await examine(key, entry)
    }
    for (const entry of suspects.keys())
      if (clock.monotonic() - (suspects.get(entry) ?? 0) > 10 * leaseMs) suspects.delete(entry)
    return found - before
  }

  const memoryKeyOf = new WeakMap<Entry, string>()

  function plan(everyMs: number): void {
    cancel = timers.after(everyMs, () => {
      check()
        .catch((thrown: unknown) => logger.debug('the consistency check could not ask the log', errorFields(thrown)))
        .finally(() => {
          if (!isStopped) plan(everyMs)
        })
    })
  }

  return {
    get found() {
      return found
    },
    check,
    start: plan,
    stop() {
      isStopped = true
      cancel()
    },
  }
}
