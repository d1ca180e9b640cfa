/** LIRS, W-TinyLFU and the optimum, as in `peers.ts`. */
import { createLists } from './lists.ts'
import type { Policy } from './peers.ts'
import type { Trace } from './readers.ts'

/**
 * LIRS (Jiang and Zhang, SIGMETRICS 2002) with a hundredth for resident HIR blocks. The stack keeps at most three times
 * the cache in non-resident entries, the oldest going first.
 */
// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createLirs(maxBytes: number, keyCount: number): Policy {
  const [stack, queue, ghosts] = [0, 0, 1] as const
  const stackLists = createLists(keyCount, 1)
  const queueLists = createLists(keyCount, 2)
  const sizes = new Uint32Array(keyCount)
  const [away, lir, resident, ghost] = [0, 1, 2, 3] as const
  const states = new Uint8Array(keyCount)
  const inStack = new Uint8Array(keyCount)
  const mostLir = maxBytes - Math.max(maxBytes / 100, 1)
  const mostGhosts = 3 * maxBytes
  let lirBytes = 0
  let hirBytes = 0
  let ghostBytes = 0

  function dropFromStack(id: number): void {
    stackLists.remove(id)
    inStack[id] = 0
  }
  function touchStack(id: number): void {
    if (inStack[id] === 1) stackLists.remove(id)
    inStack[id] = 1
    stackLists.pushFront(stack, id)
  }
  function forget(id: number): void {
    if (inStack[id] === 1) dropFromStack(id)
    queueLists.remove(id)
    ghostBytes -= sizes[id] ?? 0
    states[id] = away
    sizes[id] = 0
  }
  function prune(): void {
    for (let id = stackLists.back(stack); id >= 0 && states[id] !== lir; id = stackLists.back(stack)) {
      if (states[id] === ghost) forget(id)
      else dropFromStack(id)
    }
  }
  function demoteOldestLir(): void {
    prune()
    const id = stackLists.back(stack)
    dropFromStack(id)
    states[id] = resident
    lirBytes -= sizes[id] ?? 0
    hirBytes += sizes[id] ?? 0
    queueLists.pushFront(queue, id)
    prune()
  }
  function promote(id: number): void {
    states[id] = lir
    lirBytes += sizes[id] ?? 0
    touchStack(id)
    while (lirBytes > mostLir) demoteOldestLir()
    prune()
  }
  function evict(): void {
    const id = queueLists.popBack(queue)
    if (id < 0) {
      demoteOldestLir()
      return
    }
    hirBytes -= sizes[id] ?? 0
    if (inStack[id] !== 1) {
      states[id] = away
      sizes[id] = 0
      return
    }
    states[id] = ghost
    ghostBytes += sizes[id] ?? 0
    queueLists.pushFront(ghosts, id)
    while (ghostBytes > mostGhosts) forget(queueLists.back(ghosts))
  }
  function hit(id: number, state: number): void {
    if (state === lir) {
      touchStack(id)
      prune()
      return
    }
    queueLists.remove(id)
    if (inStack[id] === 1) {
      hirBytes -= sizes[id] ?? 0
      promote(id)
      return
    }
    touchStack(id)
    queueLists.pushFront(queue, id)
  }
  return {
    access(id, size) {
      const state = states[id] ?? away
      if (state === lir || state === resident) {
        hit(id, state)
        return true
      }
      if (size > maxBytes) return false
      while (lirBytes + hirBytes + size > maxBytes) evict()
      // Making room may have pushed the key itself out of the ghosts.
      const isGhost = states[id] === ghost
      if (isGhost) {
        queueLists.remove(id)
        ghostBytes -= sizes[id] ?? 0
      }
      sizes[id] = size
      if (isGhost || lirBytes + size <= mostLir) promote(id)
      else {
        states[id] = resident
        hirBytes += size
        touchStack(id)
        queueLists.pushFront(queue, id)
      }
      return false
    },
  }
}

/** A count-min sketch of 4-bit counts that are halved when ten times the capacity has been counted. */
function createSketch(capacity: number): { count: (id: number) => number; add: (id: number) => void } {
  const width = 2 ** Math.ceil(Math.log2(Math.max(16, 4 * capacity)))
  const rows = [0, 1, 2, 3].map(() => new Uint8Array(width))
  const seeds = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f]
  const limit = 10 * capacity
  let added = 0
  const slot = (id: number, row: number) => {
    const mixed = Math.imul(id ^ (id >>> 15), seeds[row] ?? 1)
    return (mixed ^ (mixed >>> 13)) & (width - 1)
  }
  return {
    count: (id) => Math.min(...rows.map((row, index) => row[slot(id, index)] ?? 0)),
    add(id) {
      const least = Math.min(...rows.map((row, index) => row[slot(id, index)] ?? 0))
      if (least === 15) return
      for (const [index, row] of rows.entries()) {
        const at = slot(id, index)
        if (row[at] === least) row[at] = least + 1
      }
      added++
      if (added < limit) return
      added >>= 1
      for (const row of rows) for (let at = 0; at < width; at++) row[at] = (row[at] ?? 0) >> 1
    },
  }
}

/**
 * W-TinyLFU (Einziger et al., TOS 2017): an LRU window, a segmented LRU main part of 80 % protected, and a frequency
 * sketch that decides whether what leaves the window enters. With `climbs` the window follows the hit ratio in steps
 * of 6.25 %, as Caffeine's hill climber does, restarting when the hit ratio jumps by 5 points.
 */
// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createTinyLfu(maxBytes: number, keyCount: number, { climbs }: { climbs: boolean }): Policy {
  const [window, probation, guarded] = [0, 1, 2] as const
  const lists = createLists(keyCount, 3)
  const sizes = new Uint32Array(keyCount)
  const places = new Uint8Array(keyCount)
  const bytes = [0, 0, 0]
  let windowBytes = maxBytes / 100
  let sketch: ReturnType<typeof createSketch> | undefined
  let sampled = 0
  let sampledHits = 0
  let lastRatio = 0
  let step = maxBytes / 16
  const held = (list: number) => bytes[list] ?? 0
  const sizeOf = (id: number) => sizes[id] ?? 0
  function put(list: number, id: number): void {
    places[id] = list + 1
    bytes[list] = held(list) + sizeOf(id)
    lists.pushFront(list, id)
  }
  function take(id: number): void {
    const list = (places[id] ?? 1) - 1
    bytes[list] = held(list) - sizeOf(id)
    places[id] = 0
    lists.remove(id)
  }
  function move(id: number, list: number): void {
    take(id)
    put(list, id)
  }
  function onHit(id: number): void {
    move(id, places[id] === window + 1 ? window : guarded)
    const most = (maxBytes - windowBytes) * 0.8
    while (held(guarded) > most && lists.back(guarded) >= 0) move(lists.back(guarded), probation)
  }
  function settle(count: (id: number) => number): void {
    while (held(window) > windowBytes && lists.back(window) >= 0) {
      const candidate = lists.back(window)
      move(candidate, probation)
      while (held(window) + held(probation) + held(guarded) > maxBytes) {
        const fromProbation = lists.back(probation)
        const victim = fromProbation === candidate && lists.back(guarded) >= 0 ? lists.back(guarded) : fromProbation
        take(count(candidate) > count(victim) ? victim : candidate)
        if (places[candidate] === 0) break
      }
    }
    while (held(window) + held(probation) + held(guarded) > maxBytes)
      take([probation, guarded, window].map((list) => lists.back(list)).find((id) => id >= 0) ?? 0)
  }
  function climb(hit: boolean, size: number): void {
    sampled++
    if (hit) sampledHits++
    if (sampled < (10 * maxBytes) / size) return
    const ratio = sampledHits / sampled
    const change = ratio - lastRatio
    if (Math.abs(change) >= 0.05) step = Math.sign(step) * (maxBytes / 16)
    if (change < 0) step = -step
    windowBytes = Math.min(maxBytes * 0.8, Math.max(maxBytes / 100, windowBytes + step))
    step *= 0.98
    lastRatio = ratio
    sampled = sampledHits = 0
  }
  return {
    access(id, size) {
      if (size > maxBytes) return false
      sketch ??= createSketch(Math.ceil(maxBytes / size))
      sketch.add(id)
      const hit = places[id] !== 0
      if (hit) onHit(id)
      else {
        sizes[id] = size
        put(window, id)
      }
      settle(sketch.count)
      if (climbs) climb(hit, size)
      return hit
    },
  }
}

/**
 * Belady's rule (IBM Systems Journal 1966), with bypassing: what is used again last goes first. The optimum for equal
 * sizes, otherwise a good one. One byte for each request, 1 for a hit.
 */
export function markOptimalHits({ ids, keyCount, sizes }: Trace, unitBytes: number, maxBytes: number): Uint8Array {
  const never = ids.length
  const nextUse = new Uint32Array(ids.length)
  const seen = new Uint32Array(keyCount).fill(never)
  for (let at = ids.length - 1; at >= 0; at--) {
    const id = ids[at] ?? 0
    nextUse[at] = seen[id] ?? never
    seen[id] = at
  }
  const held = new Uint32Array(keyCount)
  const due = new Uint32Array(keyCount)
  const heap = createHeap()
  let bytes = 0
  const hits = new Uint8Array(ids.length)
  for (let at = 0; at < ids.length; at++) {
    const id = ids[at] ?? 0
    const size = sizes?.[at] ?? unitBytes
    const next = nextUse[at] ?? never
    if (held[id] !== 0) hits[at] = 1
    if (next === never || size > maxBytes) {
      // Bypassing is allowed: what is never used again is not stored.
      bytes -= held[id] ?? 0
      held[id] = 0
      continue
    }
    bytes += size - (held[id] ?? 0)
    held[id] = size
    due[id] = next
    heap.push(next, id)
    while (bytes > maxBytes) {
      const [time, victim] = heap.pop()
      // A line of the heap is old when its key has been used or dropped since.
      if (held[victim] === 0 || due[victim] !== time) continue
      bytes -= held[victim] ?? 0
      held[victim] = 0
    }
  }
  return hits
}

/** A binary heap with the largest time on top. */
function createHeap(): { push: (time: number, id: number) => void; pop: () => [time: number, id: number] } {
  const times: number[] = []
  const ids: number[] = []
  const swap = (left: number, right: number) => {
    const [time, id] = [times[left] ?? 0, ids[left] ?? 0]
    times[left] = times[right] ?? 0
    ids[left] = ids[right] ?? 0
    times[right] = time
    ids[right] = id
  }
  return {
    push(time, id) {
      times.push(time)
      ids.push(id)
      for (let at = times.length - 1; at > 0;) {
        const parent = (at - 1) >> 1
        if ((times[parent] ?? 0) >= (times[at] ?? 0)) return
        swap(parent, at)
        at = parent
      }
    },
    pop() {
      swap(0, times.length - 1)
      const top: [number, number] = [times.pop() ?? 0, ids.pop() ?? 0]
      for (let at = 0; ;) {
        const left = 2 * at + 1
        const larger = (times[left + 1] ?? -1) > (times[left] ?? -1) ? left + 1 : left
        if ((times[larger] ?? -1) <= (times[at] ?? 0)) return top
        swap(at, larger)
        at = larger
      }
    },
  }
}
