/**
 * The policies that Cairn's memory tier is compared with, as their papers give them, over dense key numbers. They hold
 * nothing but the entries: links and ghosts cost them nothing, which favours them.
 */
import { createLists } from './lists.ts'

/** Whether the key was in the cache; if not, it now is, unless the policy refuses it. */
export interface Policy {
  readonly access: (id: number, size: number) => boolean
}

export type PolicyFactory = (maxBytes: number, keyCount: number) => Policy

export function createLru(maxBytes: number, keyCount: number): Policy {
  const lists = createLists(keyCount, 1)
  const sizes = new Uint32Array(keyCount)
  let bytes = 0
  return {
    access(id, size) {
      const hit = sizes[id] !== 0
      if (hit) lists.remove(id)
      else {
        if (size > maxBytes) return false
        while (bytes + size > maxBytes) {
          const victim = lists.popBack(0)
          bytes -= sizes[victim] ?? 0
          sizes[victim] = 0
        }
        sizes[id] = size
        bytes += size
      }
      lists.pushFront(0, id)
      return hit
    },
  }
}

/** SIEVE (Zhang et al., NSDI 2024): a FIFO with a hand that spares what was used since it came by. */
export function createSieve(maxBytes: number, keyCount: number): Policy {
  const lists = createLists(keyCount, 1)
  const sizes = new Uint32Array(keyCount)
  const visited = new Uint8Array(keyCount)
  let bytes = 0
  let hand = -1
  function evict(): void {
    let at = hand < 0 ? lists.back(0) : hand
    while (visited[at] === 1) {
      visited[at] = 0
      at = lists.towardsFront(at)
      if (at < 0) at = lists.back(0)
    }
    hand = lists.towardsFront(at)
    lists.remove(at)
    bytes -= sizes[at] ?? 0
    sizes[at] = 0
  }
  return {
    access(id, size) {
      if (sizes[id] !== 0) {
        visited[id] = 1
        return true
      }
      if (size > maxBytes) return false
      while (bytes + size > maxBytes) evict()
      sizes[id] = size
      bytes += size
      visited[id] = 0
      lists.pushFront(0, id)
      return false
    },
  }
}

/** S3-FIFO (Yang et al., SOSP 2023): a small queue of a tenth, a main queue with reinsertion, a ghost queue. */
// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createS3Fifo(maxBytes: number, keyCount: number): Policy {
  const [small, main, ghost] = [0, 1, 2] as const
  const lists = createLists(keyCount, 3)
  const sizes = new Uint32Array(keyCount)
  /** 0: away, 1 + list otherwise. */
  const places = new Uint8Array(keyCount)
  const uses = new Uint8Array(keyCount)
  const bytes = [0, 0, 0]
  const smallBytes = maxBytes / 10
  const mostGhostBytes = maxBytes - smallBytes
  function put(list: number, id: number): void {
    places[id] = list + 1
    bytes[list] = (bytes[list] ?? 0) + (sizes[id] ?? 0)
    lists.pushFront(list, id)
  }
  function take(id: number): void {
    const list = (places[id] ?? 0) - 1
    bytes[list] = (bytes[list] ?? 0) - (sizes[id] ?? 0)
    places[id] = 0
    lists.remove(id)
  }
  function evictSmall(): void {
    const id = lists.back(small)
    take(id)
    if ((uses[id] ?? 0) > 1) {
      uses[id] = 0
      put(main, id)
      return
    }
    while ((bytes[ghost] ?? 0) + (sizes[id] ?? 0) > mostGhostBytes && lists.back(ghost) >= 0) take(lists.back(ghost))
    put(ghost, id)
  }
  function evictMain(): void {
    const id = lists.back(main)
    take(id)
    if ((uses[id] ?? 0) === 0) return
    uses[id] = (uses[id] ?? 0) - 1
    put(main, id)
  }
  return {
    access(id, size) {
      const place = places[id] ?? 0
      if (place === small + 1 || place === main + 1) {
        uses[id] = Math.min(3, (uses[id] ?? 0) + 1)
        return true
      }
      if (size > maxBytes) return false
      const wasGhost = place === ghost + 1
      if (wasGhost) take(id)
      while ((bytes[small] ?? 0) + (bytes[main] ?? 0) + size > maxBytes) {
        if ((bytes[small] ?? 0) >= smallBytes || lists.back(main) < 0) evictSmall()
        else evictMain()
      }
      sizes[id] = size
      uses[id] = 0
      put(wasGhost ? main : small, id)
      return false
    },
  }
}

/** ARC (Megiddo and Modha, FAST 2003), figure 4, counted in bytes. */
// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createArc(maxBytes: number, keyCount: number): Policy {
  const [t1, t2, b1, b2] = [0, 1, 2, 3] as const
  const lists = createLists(keyCount, 4)
  const sizes = new Uint32Array(keyCount)
  const places = new Uint8Array(keyCount)
  const bytes = new Float64Array(4)
  let target = 0
  const held = (list: number) => bytes[list] ?? 0
  function put(list: number, id: number): void {
    places[id] = list + 1
    bytes[list] = held(list) + (sizes[id] ?? 0)
    lists.pushFront(list, id)
  }
  function take(id: number): void {
    const list = (places[id] ?? 0) - 1
    bytes[list] = held(list) - (sizes[id] ?? 0)
    places[id] = 0
    lists.remove(id)
  }
  function replace(isInB2: boolean, size: number): void {
    while (held(t1) + held(t2) + size > maxBytes) {
      const fromT1 = lists.back(t1) >= 0 && (held(t1) > target || (isInB2 && held(t1) === target) || lists.back(t2) < 0)
      const id = lists.back(fromT1 ? t1 : t2)
      take(id)
      put(fromT1 ? b1 : b2, id)
    }
  }
  function makeRoomForNew(size: number): void {
    while (held(t1) + held(b1) + size > maxBytes && lists.back(b1) >= 0) take(lists.back(b1))
    while (held(t1) + size > maxBytes) take(lists.back(t1))
    while (held(t1) + held(t2) + held(b1) + held(b2) + size > 2 * maxBytes && lists.back(b2) >= 0) take(lists.back(b2))
  }
  return {
    access(id, size) {
      const list = (places[id] ?? 0) - 1
      if (size > maxBytes) return false
      if (list === b1) target = Math.min(maxBytes, target + Math.max(1, held(b2) / held(b1)) * size)
      if (list === b2) target = Math.max(0, target - Math.max(1, held(b1) / held(b2)) * size)
      if (list >= 0) take(id)
      if (list < 0) makeRoomForNew(size)
      if (list !== t1 && list !== t2) {
        replace(list === b2, size)
        sizes[id] = size
      }
      put(list < 0 ? t1 : t2, id)
      return list === t1 || list === t2
    },
  }
}
