/**
 * Remembers what was evicted, and when it was last used: fixed memory, sets of four, the longest unused of a set goes
 * first. Two keys of one hash are taken for one, which at worst sends an entry to the wrong queue.
 */
import { mixHash } from './hash.ts'

export interface Ghosts {
  readonly put: (hash: number, time: number) => void
  /** The time at which it was last used, forgetting it; -1 when it is not remembered. */
  readonly take: (hash: number) => number
  readonly clear: () => void
  /** Makes all times smaller by `by`, and none smaller than 1. */
  readonly shift: (by: number) => void
}

const ways = 4
const slotBytes = 8

export const bytesOfGhosts = (slots: number): number => Math.ceil(slots / ways) * ways * slotBytes

/** Room for `slots` evicted keys, rounded up to whole sets. */
export function createGhosts(slots: number): Ghosts {
  const sets = Math.ceil(slots / ways)
  const hashes = new Uint32Array(sets * ways)
  // 0: free.
  const times = new Uint32Array(sets * ways)
  // The watched keys of a shadow share their upper bits, so the set is chosen by other bits.
  const firstOf = (hash: number) => Math.floor((mixHash(hash) / 2 ** 32) * sets) * ways
  return {
    put(hash, time) {
      if (sets === 0) return
      const first = firstOf(hash)
      let oldest = first
      for (let at = first; at < first + ways; at++) {
        if (hashes[at] === hash) {
          oldest = at
          break
        }
        if (times[at]! < times[oldest]!) oldest = at
      }
      hashes[oldest] = hash
      times[oldest] = time
    },
    take(hash) {
      if (sets === 0) return -1
      const first = firstOf(hash)
      for (let at = first; at < first + ways; at++) {
        const time = times[at]!
        if (hashes[at] !== hash || time === 0) continue
        times[at] = 0
        return time
      }
      return -1
    },
    clear: () => void times.fill(0),
    shift: (by) => shiftTimes(times, by),
  }
}

/** Times that are 0 stay so. */
export function shiftTimes(times: Uint32Array, by: number): void {
  for (let at = 0; at < times.length; at++) if (times[at]! > 0) times[at] = Math.max(1, times[at]! - by)
}
