/**
 * The order in which entries go: the small and the main queue of `rules.ts` over numbered slots. It knows no keys and
 * no values, so the same code runs the real tier and the shadows that it is compared with.
 *
 * A slot is a row over a few typed arrays, and a queue is a ring through them that starts and ends in a slot of its
 * own. Nothing is allocated on a hit.
 */
import { createGhosts, shiftTimes, type Ghosts } from './ghosts.ts'
import type { EvictionRules } from './rules.ts'

export interface Entry {
  readonly hash: number
  /** In bytes, below 2^32. */
  readonly size: number
  readonly price: number
  /** How many rounds an entry gets for being dear for its size, 0 to 3. */
  readonly credit: number
}

export interface Queues {
  readonly touch: (slot: number) => void
  /** Puts an entry in. There must be room in bytes (`evict` until there is). `isFilling`: nothing had to go for it. */
  readonly add: (entry: Entry, isFilling: boolean) => number
  /** Takes out what goes first and remembers it as evicted; the slot is free for the next `add`. -1 when empty. */
  readonly evict: () => number
  readonly remove: (slot: number) => void
  readonly clear: () => void
  /** Slots in the order of their last use, the longest unused first. */
  readonly slotsByAge: () => number[]
  readonly hashOf: (slot: number) => number
  readonly priceOf: (slot: number) => number
  readonly entryOf: (slot: number) => Entry
  readonly resize: (slot: number, size: number, price: number) => void
  readonly setRules: (rules: EvictionRules) => void
  /** What `smallShare` is a share of. */
  readonly setCapacity: (bytes: number) => void
  readonly setGhosts: (ghosts: Ghosts) => void
  readonly grow: (slots: number) => void
  readonly count: () => number
  /** Of the entries' own sizes. */
  readonly bytes: () => number
  readonly price: () => number
  /** How many slots there are room for, and what the arrays take. */
  readonly slots: () => number
}

export const slotBytes = 25

const [small, main, firstSlot] = [0, 1, 2] as const
// A slot's state: how often it was used (0 to 3), its queue, its credit, how many rounds it has left.
const usesMask = 3
const mainBit = 4
const creditMask = 3 << 3
const livesMask = 3 << 5
const life = 1 << 5
const latest = 2 ** 32 - 1
const forgotten = 2 ** 31

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createQueues(firstRules: EvictionRules): Queues {
  let previous = new Int32Array(firstSlot)
  let next = new Int32Array(firstSlot)
  let times = new Uint32Array(firstSlot)
  let sizes = new Uint32Array(firstSlot)
  let prices = new Float32Array(firstSlot)
  let hashes = new Uint32Array(firstSlot)
  let states = new Uint8Array(firstSlot)
  let ghosts = createGhosts(0)
  let smallShare = firstRules.smallShare
  let moves = firstRules.onHit === 'moves'
  let returnsAny = firstRules.returns === 'any'
  let isSettling = false
  let capacity = 0
  let now = 0
  let count = 0
  let smallBytes = 0
  let mainBytes = 0
  let price = 0
  /** Free slots are chained through `next`; 0 ends the chain. */
  let free = 0
  let used = firstSlot
  reset()

  function reset(): void {
    for (const queue of [small, main]) previous[queue] = next[queue] = queue
    count = smallBytes = mainBytes = price = free = 0
    used = firstSlot
  }

  /** Times are 32 bits wide; after two thousand million uses the first half is forgotten. */
  function tick(): number {
    if (now === latest) {
      now -= forgotten
      shiftTimes(times, forgotten)
      ghosts.shift(forgotten)
    }
    return ++now
  }

  function link(queue: number, slot: number): void {
    const first = next[queue]!
    next[queue] = slot
    previous[slot] = queue
    next[slot] = first
    previous[first] = slot
  }

  function unlink(slot: number): void {
    const before = previous[slot]!
    const after = next[slot]!
    next[before] = after
    previous[after] = before
  }

  function pushMain(slot: number): void {
    states[slot] = states[slot]! | mainBit
    mainBytes += sizes[slot]!
    link(main, slot)
  }

  function pushSmall(slot: number): void {
    states[slot] = states[slot]! & ~mainBit
    smallBytes += sizes[slot]!
    link(small, slot)
  }

  function take(slot: number): void {
    unlink(slot)
    if ((states[slot]! & mainBit) === 0) smallBytes -= sizes[slot]!
    else mainBytes -= sizes[slot]!
  }

  const mostMainBytes = () => capacity * (1 - smallShare)

  /** Main's coldest entry becomes the newest of the small queue; one that is dear for its size goes round instead. */
  function demote(): void {
    const slot = previous[main]!
    take(slot)
    if ((states[slot]! & livesMask) === 0) {
      pushSmall(slot)
      return
    }
    states[slot] = states[slot]! - life
    pushMain(slot)
  }

  function promote(slot: number): void {
    pushMain(slot)
    while (mainBytes > mostMainBytes() && previous[main]! !== slot) demote()
  }

  function move(slot: number): void {
    if ((states[slot]! & mainBit) !== 0) {
      unlink(slot)
      link(main, slot)
    } else if (previous[main]! !== main && times[slot]! > times[previous[main]!]!) {
      take(slot)
      promote(slot)
    } else {
      unlink(slot)
      link(small, slot)
    }
  }

  /**
   * After a change of rules main may be narrower than the new rules would have made it: it takes in what is resident
   * anyway, two for each that goes, until the shares are met.
   */
  function widenMain(): void {
    for (let left = 2; left > 0; left--) {
      const slot = previous[small]!
      isSettling = slot !== small && mainBytes + sizes[slot]! <= mostMainBytes()
      if (!isSettling) return
      take(slot)
      pushMain(slot)
    }
  }

  /** The slot that goes next under S3-FIFO, out of its queue. */
  function takeByMarks(): number {
    if (isSettling) widenMain()
    for (;;) {
      const isSmall = smallBytes > capacity * smallShare || mainBytes === 0
      const slot = previous[isSmall ? small : main]!
      const state = states[slot]!
      const uses = state & usesMask
      take(slot)
      if (isSmall && uses <= 1) return slot
      if (!isSmall && uses === 0) return slot
      // Into main with a count of what the entry is worth for its size, or round again with one use less.
      states[slot] = isSmall ? (state & ~usesMask) | ((state & creditMask) >> 3) : state - 1
      pushMain(slot)
    }
  }

  function takeByMoves(): number {
    // It may be too wide, too.
    for (let left = 2; left > 0 && mainBytes > mostMainBytes(); left--) demote()
    if (isSettling) widenMain()
    for (;;) {
      if (previous[small] === small) {
        demote()
        continue
      }
      const slot = previous[small]!
      take(slot)
      if ((states[slot]! & livesMask) === 0) return slot
      states[slot] = states[slot]! - life
      pushSmall(slot)
    }
  }

  function release(slot: number): void {
    count--
    price -= prices[slot]!
    next[slot] = free
    free = slot
  }

  return {
    touch(slot) {
      const state = states[slot]!
      const lives = (state & ~livesMask) | ((state & creditMask) << 2)
      states[slot] = (lives & usesMask) === usesMask ? lives : lives + 1
      if (moves) move(slot)
      times[slot] = tick()
    },
    add(entry, isFilling) {
      const slot = free === 0 ? used++ : free
      if (slot === free) free = next[slot]!
      const evictedAt = ghosts.take(entry.hash)
      sizes[slot] = entry.size
      prices[slot] = entry.price
      hashes[slot] = entry.hash
      states[slot] = entry.credit | (entry.credit << 3) | (entry.credit << 5)
      count++
      price += prices[slot]!
      const coldest = previous[main]!
      times[slot] = tick()
      const isReturning = evictedAt >= 0 && (returnsAny || (coldest !== main && evictedAt > times[coldest]!))
      if (isReturning && moves) promote(slot)
      else if (isReturning) pushMain(slot)
      else if (moves && isFilling && mainBytes + entry.size <= mostMainBytes()) pushMain(slot)
      else pushSmall(slot)
      return slot
    },
    evict() {
      if (count === 0) return -1
      const slot = moves ? takeByMoves() : takeByMarks()
      if ((states[slot]! & mainBit) === 0) ghosts.put(hashes[slot]!, times[slot]!)
      release(slot)
      return slot
    },
    remove(slot) {
      take(slot)
      release(slot)
    },
    clear() {
      reset()
      ghosts.clear()
    },
    slotsByAge() {
      const slots: number[] = []
      for (const queue of [small, main])
        for (let slot = previous[queue]!; slot !== queue; slot = previous[slot]!) slots.push(slot)
      return slots.sort((left, right) => times[left]! - times[right]!)
    },
    hashOf: (slot) => hashes[slot]!,
    priceOf: (slot) => prices[slot]!,
    entryOf: (slot) => ({
      hash: hashes[slot]!,
      size: sizes[slot]!,
      price: prices[slot]!,
      credit: (states[slot]! & creditMask) >> 3,
    }),
    resize(slot, size, newPrice) {
      const change = size - sizes[slot]!
      if ((states[slot]! & mainBit) === 0) smallBytes += change
      else mainBytes += change
      sizes[slot] = size
      price -= prices[slot]!
      prices[slot] = newPrice
      price += prices[slot]!
    },
    setRules(rules) {
      isSettling = true
      smallShare = rules.smallShare
      moves = rules.onHit === 'moves'
      returnsAny = rules.returns === 'any'
    },
    setCapacity(bytes) {
      capacity = bytes
    },
    setGhosts(newGhosts) {
      ghosts = newGhosts
    },
    grow(slots) {
      const length = slots + firstSlot
      previous = extend(previous, new Int32Array(length))
      next = extend(next, new Int32Array(length))
      times = extend(times, new Uint32Array(length))
      sizes = extend(sizes, new Uint32Array(length))
      prices = extend(prices, new Float32Array(length))
      hashes = extend(hashes, new Uint32Array(length))
      states = extend(states, new Uint8Array(length))
    },
    count: () => count,
    bytes: () => smallBytes + mainBytes,
    price: () => price,
    slots: () => states.length - firstSlot,
  }
}

function extend<T extends { set: (from: T) => void }>(from: T, to: T): T {
  to.set(from)
  return to
}
