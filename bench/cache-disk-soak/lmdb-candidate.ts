/**
 * The disk tier as it would be on LMDB, for the comparison that decision record 0007 rests on: a byte count of its own
 * kept in the same transaction as the data, eviction in the order of writing ahead of the map size. Batches of all
 * processes take LMDB's write lock in turn.
 */
import type { Sealer } from '../../server/src/cache/sealing.ts'
import type { DiskTier } from '../../server/src/cache/tiers.ts'
import { loadLmdb } from './load-lmdb.ts'

const pageBytes = 4_096
/** What the tree, the free list and pages that wait for readers may take of the map. */
const dataShare = 0.6

interface Write {
  readonly name: string
  readonly sealed: Uint8Array | null
  readonly done: () => void
}

const pagesOf = (bytes: number): number =>
  bytes > pageBytes / 2 - 16 ? Math.ceil((bytes + 16) / pageBytes) * pageBytes : bytes + 64

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export async function openLmdbCandidate(directory: string, maxBytes: number, sealer: Sealer): Promise<DiskTier> {
  const { ABORT, open } = await loadLmdb()
  const path = `${directory}/data.mdb`
  const root = open({ path, noSubdir: true, mapSize: maxBytes, encoding: 'binary' })
  const queue = root.openDB<string, number>({ name: 'queue', encoding: 'string', keyEncoding: 'uint32' })
  const meta = root.openDB<number, string>({ name: 'meta', encoding: 'json' })
  const data = root.openDB<Buffer, string>({ name: 'data', encoding: 'binary' })
  let waiting: Write[] = []
  let isPlanned = false
  let errors = 0
  let evictions = 0

  const apply = (writes: readonly Write[]): void => {
    let used = meta.get('used') ?? 0
    let last = meta.get('last') ?? 0
    const drop = (name: string): void => {
      const old = data.getBinaryFast(name)
      if (!old) return
      used -= pagesOf(old.length)
      data.removeSync(name)
    }
    const evict = (room: number): void => {
      for (const { key, value } of queue.getRange({ snapshot: false, limit: 10_000 })) {
        if (used + room <= maxBytes * dataShare) break
        drop(value)
        queue.removeSync(key)
        evictions++
      }
    }
    for (const { name, sealed } of writes) {
      drop(name)
      if (!sealed) continue
      evict(pagesOf(sealed.length))
      data.putSync(name, Buffer.from(sealed))
      queue.putSync(++last, name)
      used += pagesOf(sealed.length)
    }
    meta.putSync('used', used)
    meta.putSync('last', last)
  }
  const flush = (): void => {
    isPlanned = false
    const writes = waiting
    waiting = []
    try {
      root.transactionSync(() => {
        try {
          apply(writes)
          return undefined
        } catch {
          errors += writes.length
          return ABORT
        }
      })
    } catch {
      errors += writes.length
    }
    for (const { done } of writes) done()
  }
  const write = (name: string, sealed: Uint8Array | null): Promise<void> => {
    if (!isPlanned) setImmediate(flush)
    isPlanned = true
    return new Promise((done) => waiting.push({ name, sealed, done }))
  }
  return {
    get(name) {
      const bytes = data.getBinary(name)
      return bytes ? (sealer.open(name, bytes) ?? undefined) : undefined
    },
    set: async (name, entry) => write(name, await sealer.seal(name, entry)),
    delete: (name) => void write(name, null),
    clear: () => data.clearAsync(),
    stats: () => ({ entries: 0, bytes: meta.get('used') ?? 0, maxBytes, evictions, errors }),
    async close() {
      if (isPlanned) flush()
      await root.close()
    },
  }
}

/** Holds read transactions, each for `heldMs`, as a process does that iterates slowly. */
export async function readForLong(directory: string, maxBytes: number, heldMs: number): Promise<never> {
  const { open } = await loadLmdb()
  const path = `${directory}/data.mdb`
  const root = open({ path, noSubdir: true, mapSize: maxBytes, encoding: 'binary', maxDbs: 12 })
  for (;;) {
    const transaction = root.useReadTransaction()
    await Bun.sleep(heldMs)
    transaction.done()
    await Bun.sleep(20)
  }
}
