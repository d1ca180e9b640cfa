/**
 * The disk tier: sealed entries in a ring of segment files with an index beside them, shared by all processes of a host.
 *
 * Nothing here is locked, flushed or repaired, because nothing is believed: the index only hints where a record may
 * stand, and a record counts when it opens under the name that was asked for (`sealing.ts`). Races between processes, a
 * process that was killed in the middle, a lost page, a flipped bit, a file that somebody deleted: all of it reads as a
 * miss. The files are of fixed size, so no churn makes them grow. Why not LMDB: docs/decisions/0007-disk-tier.md.
 *
 * A read is two reads at an offset (bucket, record), on the thread; a write is batched and off the thread, but for the
 * update of the index.
 */
import { errorFields, type Clock, type Logger } from '../../base/index.ts'
import type { Sealer } from '../sealing.ts'
import type { DiskTier, StoredEntry } from '../tiers.ts'
import { planGeometry } from './geometry.ts'
import { createHotMarks } from './hot-marks.ts'
import { createOutbox, type Reservation, type Ticket } from './outbox.ts'
import { hashName, isSamePlace, type NameHash } from './place.ts'
import { createRecordReader } from './record-reader.ts'
import { recordBytes } from './record.ts'
import { openStore, type Store } from './store.ts'

export interface DiskTierOptions {
  /** Made when it is missing. The tier’s own: files of other formats of it are removed. */
  readonly directory: string
  /** On disk, everything included; 8 MiB at least. */
  readonly maxBytes: number
  readonly sealer: Sealer
  readonly clock: Clock
  readonly logger: Logger
}

/** After a failure writes are dropped for so long, then tried again. */
const retryAfterMs = 1_000
const countAgainAfterMs = 5_000
const largestBatchBytes = 1_024 * 1_024

/** Opens even where nothing can be read or written: then everything is a miss, counted, and tried again. */
// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export async function openDiskTier({ directory, maxBytes, sealer, clock, logger }: DiskTierOptions): Promise<DiskTier> {
  const geometry = planGeometry(maxBytes)
  const outbox = createOutbox()
  const mostRecordBytes = geometry.segmentBytes / 2
  const reader = createRecordReader(sealer, mostRecordBytes)
  const marks = createHotMarks(() => store?.index ?? null)
  /** Writes that have begun and not ended. */
  const underway = new Set<Promise<void>>()
  let store: Store | null = null
  let isClosed = false
  /** Stays until it could be done: files that are away when all is cleared may come back. */
  let mustClear = false
  let isFailing = false
  let retryAt = -Infinity
  let countedAt = -Infinity
  let entries = 0
  let evictions = 0
  let errors = 0

  const fail = (thrown: unknown, count: number): void => {
    errors += count
    retryAt = clock.monotonic() + retryAfterMs
    if (!isFailing) logger.warn('The disk cache cannot be used; going on without it.', errorFields(thrown))
    isFailing = true
  }
  const shut = (): void => {
    const open = store
    store = null
    open?.close()
  }
  const count = async (): Promise<void> => {
    if (!store || clock.monotonic() - countedAt < countAgainAfterMs) return
    countedAt = clock.monotonic()
    store.segments.measure()
    entries = await store.countEntries()
  }
  const empty = async ({ index, segments, writer }: Store): Promise<void> => {
    index.clear()
    await segments.truncate()
    writer.restart()
    entries = 0
    mustClear = false
  }
  /** The files, opened anew when they are not there any more; null while a failure is recent. */
  const intactStore = async (): Promise<Store | null> => {
    if (store && !store.isIntact()) shut()
    if (!store && !isClosed && clock.monotonic() >= retryAt) store = await openStore(directory, geometry, clock)
    if (store && mustClear) await empty(store)
    return store
  }
  const writeBatch = async (batch: readonly Ticket[]): Promise<void> => {
    const { index, writer } = (await intactStore()) ?? dropped()
    const before = writer.evictions()
    const places = await writer.append(batch)
    const given = writer.evictions() - before
    evictions += given
    entries -= given
    batch.forEach((ticket, number) => {
      const place = places[number]
      if (!place || !outbox.isWanted(ticket)) return
      const outcome = index.put(ticket.hash, place)
      if (outcome === 'added') entries++
      if (outcome === 'evicted') evictions++
    })
    if (isFailing) logger.info('The disk cache is in use again.')
    isFailing = false
  }
  const flush = async (): Promise<void> => {
    while (!outbox.isEmpty()) {
      const batch = outbox.take(Math.min(largestBatchBytes, mostRecordBytes))
      try {
        if (batch.length > 0) await writeBatch(batch)
      } catch (thrown) {
        if (thrown instanceof Dropped) errors += batch.length
        else fail(thrown, batch.length)
        if (!(thrown instanceof Dropped) && !isFull(thrown)) shut()
      }
      for (const ticket of batch) outbox.settle(ticket)
    }
  }
  /** Everything that waits for a disk happens one after the other. */
  let chain: Promise<void> = Promise.resolve()
  let isFlushPlanned = false
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    chain = chain.then(work).catch((thrown: unknown) => fail(thrown, 1))
    return chain
  }
  const planFlush = (): void => {
    if (isFlushPlanned) return
    isFlushPlanned = true
    void inTurn(() => {
      isFlushPlanned = false
      return flush()
    })
  }
  const forget = (hash: NameHash): void => {
    try {
      for (const place of store?.index.remove(hash) ?? []) {
        entries--
        if (store) reader.erase(store.segments, hash, place)
      }
    } catch {
      errors++
    }
  }
  const sealAndSend = async (name: string, entry: StoredEntry, reservation: Reservation): Promise<void> => {
    let sealed: Uint8Array
    try {
      sealed = await sealer.seal(name, entry)
    } catch {
      errors++
      reservation.drop()
      return
    }
    const hash = hashName(name)
    if (recordBytes(sealed.length) <= mostRecordBytes) {
      const sent = reservation.send(hash, sealed)
      planFlush()
      await sent
      return
    }
    // Too large for this size of cache. What stood there is superseded all the same.
    reservation.drop()
    evictions++
    forget(hash)
  }

  await inTurn(async () => {
    await intactStore()
    await count()
  })
  return {
    get(name) {
      if (!store) return undefined
      const hash = hashName(name)
      try {
        const found = store.index.find(hash)
        if (!found) return undefined
        const read = reader.read(store.segments, name, hash, found)
        if (read.entry === null) {
          // Unless another process has just deleted it.
          const isMeant = read.isDamaged && isSamePlace(store.index.find(hash), found)
          if (isMeant) {
            errors++
            forget(hash)
          }
          return undefined
        }
        if (!found.isHot) marks.add(found.at)
        return read.entry
      } catch {
        errors++
        return undefined
      }
    },
    set(name, entry) {
      const reservation = isClosed ? null : outbox.reserve(name, entry.value.length)
      if (!reservation) {
        if (!isClosed) errors++
        return Promise.resolve()
      }
      const write = sealAndSend(name, entry, reservation).finally(() => underway.delete(write))
      underway.add(write)
      return write
    },
    delete(name) {
      outbox.cancel(name)
      forget(hashName(name))
    },
    clear() {
      outbox.cancelAll()
      mustClear = true
      return inTurn(async () => void (await intactStore()))
    },
    stats() {
      void inTurn(count)
      let bytes = 0
      try {
        bytes = store?.bytes() ?? 0
      } catch {
        errors++
      }
      return { entries: Math.max(0, entries), bytes, maxBytes, evictions, errors }
    },
    async close() {
      isClosed = true
      await Promise.all(underway)
      await chain
      marks.close()
      shut()
    },
  }
}

/** A write that is given up because a failure is recent; not a failure of its own. */
class Dropped extends Error {}

function dropped(): never {
  throw new Dropped('dropped')
}

function isFull(thrown: unknown): boolean {
  const { code } = thrown as { code?: unknown }
  return code === 'ENOSPC' || code === 'EDQUOT'
}
