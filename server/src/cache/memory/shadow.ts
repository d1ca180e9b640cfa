/**
 * A small cache of keys only, run by one policy over a sample of the keys: what that policy would have hit. Its queues
 * are the real ones; only the way from a key's hash to its slot is its own, a chained table of fixed size.
 */
import { bytesOfGhosts, createGhosts } from './ghosts.ts'
import { mixHash } from './hash.ts'
import { createQueues, slotBytes, type Entry } from './queues.ts'
import type { EvictionRules } from './rules.ts'

export interface Shadow {
  /** What a hit on the key is worth, 0 when it is not in. Counts as a use. */
  readonly hit: (hash: number) => number
  /** Puts a key in, or gives the one that is in its new size. Does not count as a use. */
  readonly put: (entry: Entry) => void
  readonly delete: (hash: number) => void
  readonly clear: () => void
  readonly setCapacity: (bytes: number) => void
}

export const bytesOfShadow = (slots: number): number =>
  slots * (slotBytes + indexBytes) + bytesOfGhosts(slots * ghostsPerSlot)

const indexBytes = 8
const ghostsPerSlot = 3

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createShadow(rules: EvictionRules, slots: number): Shadow {
  const queues = createQueues(rules)
  queues.grow(slots)
  queues.setGhosts(createGhosts(slots * ghostsPerSlot))
  // Slots are counted from 2, so 0 can end a chain.
  const heads = new Int32Array(slots)
  const chain = new Int32Array(slots + 2)
  let capacity = 0

  const headOf = (hash: number) => Math.floor((mixHash(hash ^ 0x55555555) / 2 ** 32) * slots)

  function find(hash: number): number {
    let slot = heads[headOf(hash)]!
    while (slot !== 0 && queues.hashOf(slot) !== hash) slot = chain[slot]!
    return slot
  }

  function unchain(slot: number): void {
    const head = headOf(queues.hashOf(slot))
    if (heads[head] === slot) {
      heads[head] = chain[slot]!
      return
    }
    let before = heads[head]!
    while (chain[before] !== slot) before = chain[before]!
    chain[before] = chain[slot]!
  }

  /** Whether something had to go. */
  function makeRoom(size: number, count: number): boolean {
    let evicted = false
    while (queues.count() > 0 && (queues.bytes() + size > capacity || queues.count() + count > slots)) {
      unchain(queues.evict())
      evicted = true
    }
    return evicted
  }

  return {
    hit(hash) {
      const slot = find(hash)
      if (slot === 0) return 0
      queues.touch(slot)
      return queues.priceOf(slot)
    },
    put(entry) {
      const known = find(entry.hash)
      if (known !== 0) {
        queues.resize(known, entry.size, entry.price)
        makeRoom(0, 0)
        return
      }
      if (entry.size > capacity) return
      const isFilling = !makeRoom(entry.size, 1)
      const slot = queues.add(entry, isFilling)
      const head = headOf(entry.hash)
      chain[slot] = heads[head]!
      heads[head] = slot
    },
    delete(hash) {
      const slot = find(hash)
      if (slot === 0) return
      unchain(slot)
      queues.remove(slot)
    },
    clear() {
      heads.fill(0)
      queues.clear()
    },
    setCapacity(bytes) {
      capacity = bytes
      queues.setCapacity(bytes)
      makeRoom(0, 0)
    },
  }
}
