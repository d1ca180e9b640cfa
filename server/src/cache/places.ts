/**
 * Where entries are: looks a key up in one tier after the other, checks what it finds against the log, and puts what was
 * made into all of them. A tier that fails is a tier without the entry.
 */
import { errorFields } from '../base/index.ts'
import { encodeValue, placeEntry, revive, type Entry } from './entry.ts'
import type { FillRecord } from './fill.ts'
import type { Place, ReaderOptions, ReadRequest } from './read.ts'
import type { EntryHeader, StoredEntry } from './tiers.ts'
import type { CachePolicy, Tier } from './types.ts'

/** An entry that is not invalid, as far as is known; whether it is fresh and verified is for the reader to say. */
export interface Candidate {
  readonly entry: Entry
  readonly tier: Tier
}

export interface Places {
  findInMemory(request: ReadRequest): Candidate | undefined
  findOnDisk(request: Place): Candidate | undefined
  findShared(request: ReadRequest): Promise<Candidate | undefined>
  /** Into memory, from a slower tier. */
  promote(request: Place, entry: Entry): void
  /** Stores what was made, unless it was overtaken meanwhile. Returns what can be shared. */
  keep(request: ReadRequest, value: unknown, record: FillRecord, fillMs: number): Entry | null
  drop(key: string): void
  settled(): Promise<void>
  stop(): void
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createPlaces(options: ReaderOptions): Places {
  const { memory, disk, shared, view, follower, statistics, clock, timers, logger, nameScope } = options
  const placing = { clock, timers, view }
  const writes = new Set<Promise<unknown>>()
  let isStopped = false
  const nameOf = (key: string) => nameScope(`key:${key}`)

  function findInMemory({ key, space, rest, policy }: ReadRequest): Candidate | undefined {
    if (!policy.tiers.includes('memory')) return undefined
    const entry = space.get(rest)
    if (!entry) return undefined
    if (clock.monotonic() < entry.keepUntil && view.judge(entry.header) !== 'invalid') return { entry, tier: 'memory' }
    memory.delete(key)
    return undefined
  }

  function findOnDisk({ key, policy }: Place): Candidate | undefined {
    if (!disk || !policy.tiers.includes('disk')) return undefined
    const name = nameOf(key)
    const stored = disk.get(name)
    const ageMs = stored ? clock.now() - stored.header.madeAt : 0
    // Made in the future: the clock was set back, and nobody can say how old it is.
    const isPlaced = stored !== undefined && ageMs >= 0 && ageMs < stored.header.keepMs
    if (stored && isPlaced && view.judge(stored.header) !== 'invalid') {
      const entry = revive(stored, { ageMs, policy }, placing)
      if (entry) return { entry, tier: 'disk' }
    }
    // Before the log is known nothing can be said of an entry; afterwards what is not valid never will be again.
    if (stored && follower.isLeased()) disk.delete(name)
    statistics.tierMisses.disk++
    return undefined
  }

  async function findShared({ key, policy }: ReadRequest): Promise<Candidate | undefined> {
    if (!shared || !policy.tiers.includes('shared')) return undefined
    const asked = { atMs: clock.monotonic(), ticket: view.ticket() }
    try {
      const { read, tail } = await shared.breaker.run(() => shared.tier.get(nameOf(key), follower.report(), view.judge))
      follower.take(tail, asked)
      if (read.entry && !isStopped) {
        const ageMs = Math.max(0, read.entry.header.keepMs - read.keepLeftMs)
        // Time as this machine counts it; another's clock says nothing here.
        const freshMs = read.isSoft ? Math.min(ageMs, read.entry.header.freshMs) : read.entry.header.freshMs
        const header: EntryHeader = { ...read.entry.header, freshMs, madeAt: clock.now() - ageMs }
        const entry = revive({ header, value: read.entry.value }, { ageMs, policy }, placing)
        if (entry && view.judge(header) !== 'invalid') {
          write(policy, 'disk', () => disk?.set(nameOf(key), { header, value: (read.entry as StoredEntry).value }))
          return { entry, tier: 'shared' }
        }
      }
      statistics.tierMisses.shared++
    } catch (thrown) {
      statistics.tierErrors.shared++
      logger.debug('the shared tier did not answer', errorFields(thrown))
    }
    return undefined
  }

  function write(policy: CachePolicy, tier: Tier, work: () => Promise<unknown> | undefined): void {
    if (!policy.tiers.includes(tier) || isStopped) return
    const writing = (async () => work())()
      .catch((thrown: unknown) => {
        statistics.tierErrors[tier]++
        logger.debug('a cache write failed', { tier, ...errorFields(thrown) })
      })
      .finally(() => writes.delete(writing))
    writes.add(writing)
  }

  function promote({ space, rest, policy }: Place, entry: Entry): void {
    if (policy.tiers.includes('memory')) space.set(rest, entry, entry.sizeBytes, priceOf(entry.header))
  }

  function keep(request: ReadRequest, value: unknown, record: FillRecord, fillMs: number): Entry | null {
    const { key, policy } = request
    const now = clock.monotonic()
    const ttlMs = Math.min(record.ttlMs, record.freshUntil - now)
    if (!record.isStored || !(ttlMs > 0) || record.epoch === '' || isStopped) return null
    const freshMs = Math.ceil(ttlMs * (1 - policy.jitter * timers.random()))
    const header: EntryHeader = {
      epoch: record.epoch,
      asOf: record.asOf,
      scopes: [...record.scopes],
      madeAt: clock.now(),
      freshMs,
      keepMs: freshMs + Math.max(policy.staleWhileRevalidateMs, policy.staleIfErrorMs),
      fillMs: Math.round(fillMs),
      priceMicroUsd: record.priceMicroUsd,
    }
    if (view.judge(header) !== 'valid') return null
    const bytes = encodeValue(value)
    if (bytes.byteLength > policy.maxBytes) return null
    const entry = placeEntry(value, { header, sizeBytes: bytes.byteLength, ageMs: 0, policy }, placing)
    promote(request, entry)
    const stored: StoredEntry = { header, value: bytes }
    write(policy, 'disk', () => disk?.set(nameOf(key), stored))
    write(policy, 'shared', () => shared?.breaker.run(() => shared.tier.set(nameOf(key), stored)))
    return entry
  }

  return {
    findInMemory,
    findOnDisk,
    findShared,
    promote,
    keep,
    drop(key) {
      memory.delete(key)
      disk?.delete(nameOf(key))
      if (shared) void shared.breaker.run(() => shared.tier.delete(nameOf(key))).catch(() => undefined)
    },
    settled: () => Promise.allSettled(writes).then(() => undefined),
    stop() {
      isStopped = true
    },
  }
}

/** Weight of a miss for the memory's eviction: an ordinary one is 1, and each tenth of a cent counts as another. */
function priceOf({ priceMicroUsd }: EntryHeader): number {
  return 1 + priceMicroUsd / 1_000
}
