/**
 * The memory tier: a map with a hard bound in bytes that decides by itself what to keep. The order in which entries go
 * is kept by `queues.ts`; which policy orders them is chosen by `chooser.ts`, which watches a sample of the keys.
 *
 * Everything is counted: values as the caller says, keys, map, arrays, the memory of evicted keys and the shadows. What
 * is only of use to a full cache is not made before something has to go for the first time.
 */
import type { MemoryTier } from '../tiers.ts'
import { createChooser, createRegret, slotsOfShadows, type Chooser } from './chooser.ts'
import { bytesOfGhosts, createGhosts } from './ghosts.ts'
import { hashKey } from './hash.ts'
import { createQueues, slotBytes } from './queues.ts'
import { evictionRules } from './rules.ts'

export interface MemoryTierOptions {
  /** Bound on everything the tier holds. */
  readonly maxBytes: number
  /** Uniform in [0, 1); for tests. */
  readonly random?: () => number
}

/** A row of the queues, and a place in each of the three arrays of keys, spaces and values. */
const rowBytes = slotBytes + 24
/** A map entry in JavaScriptCore, measured between 50 and 110 bytes with the slack of a growing table, and a string. */
const entryBytes = 72 + 24
/** The tier itself with nothing in it. */
const baseBytes = 2_048
/** An entry that takes more of the tier than this would empty it for little. */
const largestShare = 1 / 8
const ghostsPerEntry = 3
const mostGhostShare = 0.05
/** With fewer watched keys the shadows would tell noise. */
const fewestShadowSlots = 16

/**
 * Keys with the same beginning up to the first slash have an index of their own. So a caller whose keys all begin alike
 * need not join two strings for each read, which costs more than the rest of a hit: the new string must be copied and
 * hashed.
 */
interface Space {
  readonly prefix: string
  readonly slotOf: Map<string, number>
}

interface Placed {
  readonly space: Space
  /** The key without the prefix of its space. */
  readonly rest: string
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createMemoryTier<V>({ maxBytes, random = Math.random }: MemoryTierOptions): MemoryTier<V> {
  const spaces = new Map<string, Space>()
  /** Within the space, whose prefix is not part of it. */
  const keys: (string | undefined)[] = []
  const spaceOf: (Space | undefined)[] = []
  const values: (V | undefined)[] = []
  const queues = createQueues(evictionRules[0])
  const regret = createRegret()
  const seed = Math.floor(random() * 2 ** 32)
  let ghostBytes = 0
  let chooser: Chooser | undefined
  /** Keys with a smaller hash are watched by the chooser. */
  let threshold = 0
  /** How many entries ghosts and shadows were made for; 0 before anything had to go. */
  let madeFor = 0
  let evictions = 0
  let missedKey: string | undefined
  let missedHash = 0

  const fixedBytes = () => baseBytes + queues.slots() * rowBytes + ghostBytes + (chooser?.bytes ?? 0)
  const leftBytes = () => maxBytes - fixedBytes() - queues.bytes()

  /** A miss is mostly followed by a set of the same key. */
  function hashOf(key: string): number {
    if (key !== missedKey) {
      missedHash = hashKey(key, seed)
      missedKey = key
    }
    return missedHash
  }

  function openSpace(prefix: string): Space {
    const known = spaces.get(prefix)
    if (known) return known
    const space = { prefix, slotOf: new Map<string, number>() }
    spaces.set(prefix, space)
    return space
  }

  /** What stands before the first slash names the space. */
  function place(key: string): Placed {
    const at = key.indexOf('/') + 1
    return { space: openSpace(key.slice(0, at)), rest: at === 0 ? key : key.slice(at) }
  }

  function find(key: string): number | undefined {
    const { space, rest } = place(key)
    return space.slotOf.get(rest)
  }

  /** The entry of a slot, which counts as used. */
  function use(slot: number): V | undefined {
    queues.touch(slot)
    if (threshold > 0 && queues.hashOf(slot) < threshold) observe(queues.hashOf(slot), slot)
    return values[slot]
  }

  function miss(key: string): undefined {
    const hash = hashOf(key)
    if (hash < threshold) observe(hash, -1)
  }

  function forget(slot: number): void {
    spaceOf[slot]!.slotOf.delete(keys[slot]!)
    spaceOf[slot] = undefined
    keys[slot] = undefined
    values[slot] = undefined
  }

  function evictOne(): void {
    if (madeFor === 0 || queues.count() > madeFor * 1.5 || queues.count() * 2 < madeFor) prepare()
    const slot = queues.evict()
    if (slot < 0) return
    forget(slot)
    evictions++
  }

  /** Tells the queues what is left for entries. */
  function fit(): void {
    const capacity = maxBytes - fixedBytes()
    queues.setCapacity(capacity)
    chooser?.setCapacity(capacity)
  }

  /** Makes ghosts and shadows that fit the number of entries, and room for them. */
  function prepare(): void {
    madeFor = Math.max(1, queues.count())
    const ghostSlots = Math.min(
      madeFor * ghostsPerEntry,
      Math.floor((maxBytes * mostGhostShare) / bytesOfGhosts(1)) * 4,
    )
    const shadowSlots = Math.min(slotsOfShadows(maxBytes), Math.ceil(madeFor * 1.25))
    ghostBytes = bytesOfGhosts(ghostSlots)
    chooser = shadowSlots < fewestShadowSlots ? undefined : createChooser(shadowSlots, madeFor, regret)
    threshold = chooser?.threshold ?? 0
    fit()
    while (queues.count() > 0 && leftBytes() < 0) {
      forget(queues.evict())
      evictions++
    }
    queues.setGhosts(createGhosts(ghostSlots))
    if (chooser === undefined) return
    for (const slot of queues.slotsByAge()) if (queues.hashOf(slot) < threshold) chooser.put(queues.entryOf(slot))
  }

  function observe(hash: number, slot: number): void {
    if (chooser === undefined) return
    if (chooser.observe(hash)) queues.setRules(chooser.rules())
    // Where it is not in a shadow, that policy would have fetched it now.
    if (slot >= 0) chooser.put(queues.entryOf(slot))
  }

  /** False when there can be no room. */
  function makeRoom(size: number): boolean {
    while (queues.count() > 0 && leftBytes() < size) evictOne()
    while (queues.count() === queues.slots()) {
      const grown = rowsToAdd()
      if (leftBytes() - size >= grown * rowBytes) {
        queues.grow(queues.slots() + grown)
        fit()
      } else if (queues.count() === 0) return false
      else evictOne()
    }
    return leftBytes() >= size
  }

  /** Half as many again, but not beyond what the entries seen so far would fill. */
  function rowsToAdd(): number {
    const slots = queues.slots()
    const meanBytes = (queues.bytes() + slots * rowBytes) / Math.max(1, slots)
    return Math.ceil(Math.max(4, Math.min(slots / 2, (1.03 * maxBytes) / Math.max(1, meanBytes) - slots)))
  }

  /** How many doublings a byte of the entry is worth above a byte of the tier: 0 to 3. */
  function creditOf(size: number, price: number): number {
    if (queues.count() === 0) return 0
    const doublings = Math.log2(((price / size) * queues.bytes()) / queues.price())
    return Math.max(0, Math.min(3, Math.floor(doublings)))
  }

  function insert({ space, rest }: Placed, value: V, of: { key: string; size: number; price: number }): boolean {
    const { key, size, price } = of
    const before = evictions
    if (!makeRoom(size)) return false
    const hash = hashOf(key)
    const entry = { hash, size, price, credit: creditOf(size, price) }
    const slot = queues.add(entry, evictions === before)
    space.slotOf.set(rest, slot)
    spaceOf[slot] = space
    keys[slot] = rest
    values[slot] = value
    if (hash < threshold) chooser?.put(entry)
    return true
  }

  /** False when the entry itself had to go for its new size. */
  function replace(slot: number, value: V, size: number, price: number): boolean {
    values[slot] = value
    queues.resize(slot, size, price)
    const key = keys[slot]
    const space = spaceOf[slot]
    while (leftBytes() < 0) evictOne()
    if (keys[slot] !== key || spaceOf[slot] !== space) return false
    const hash = queues.hashOf(slot)
    if (hash < threshold) chooser?.put(queues.entryOf(slot))
    return true
  }

  function put(at: Placed, value: V, sizeBytes: number, price: number): boolean {
    const { space, rest } = at
    const key = space.prefix + rest
    const size = Math.ceil(sizeBytes) + entryBytes + key.length * 2
    if (!(size <= Math.min(maxBytes * largestShare, 2 ** 32 - 1))) {
      tier.delete(key)
      return false
    }
    const worth = Number.isFinite(price) ? Math.max(price, leastPrice) : 1
    const slot = space.slotOf.get(rest)
    if (slot !== undefined && replace(slot, value, size, worth)) return true
    return insert(at, value, { key, size, price: worth })
  }

  const tier: MemoryTier<V> = {
    get(key) {
      const slot = find(key)
      if (slot !== undefined) return use(slot)
      return threshold === 0 ? undefined : miss(key)
    },
    space(prefix) {
      if (prefix.indexOf('/') !== prefix.length - 1) throw new RangeError('a prefix ends with its only slash')
      const space = openSpace(prefix)
      const { slotOf } = space
      return {
        get(rest) {
          const slot = slotOf.get(rest)
          if (slot !== undefined) return use(slot)
          return threshold === 0 ? undefined : miss(prefix + rest)
        },
        set: (rest, value, sizeBytes, price = 1) => put({ space, rest }, value, sizeBytes, price),
      }
    },
    set: (key, value, sizeBytes, price = 1) => put(place(key), value, sizeBytes, price),
    delete(key) {
      const slot = find(key)
      if (threshold > 0) {
        const hash = slot === undefined ? hashOf(key) : queues.hashOf(slot)
        if (hash < threshold) chooser?.delete(hash)
      }
      if (slot === undefined) return false
      queues.remove(slot)
      forget(slot)
      return true
    },
    clear() {
      for (const { slotOf } of spaces.values()) slotOf.clear()
      keys.length = values.length = spaceOf.length = 0
      queues.clear()
      chooser?.clear()
    },
    sample() {
      for (let tries = 0; tries < mostProbes; tries++) {
        const slot = Math.floor(random() * keys.length)
        const key = keys[slot]
        if (key !== undefined) return { key: spaceOf[slot]!.prefix + key, value: values[slot]! }
      }
      // Hardly anything is left among many free slots.
      for (const { prefix, slotOf } of spaces.values())
        for (const [key, slot] of slotOf) return { key: prefix + key, value: values[slot]! }
      return undefined
    },
    get entries() {
      return queues.count()
    },
    get bytes() {
      return fixedBytes() + queues.bytes()
    },
    maxBytes,
    get evictions() {
      return evictions
    },
    get policy() {
      return evictionRules[regret.inForce]!.name
    },
    get switches() {
      return regret.switches
    },
  }
  return tier
}

const mostProbes = 32
/** Nothing is worth nothing, or its place in the order would be undefined. */
const leastPrice = 1e-6
