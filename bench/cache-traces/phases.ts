/**
 * A trace of our own in which no policy is right all the time: loops over three times what the cache holds, where LRU hits
 * nothing, take turns with a working set that moves on, where what was good earlier is of no use any more.
 */
import { createRandom } from '../../server/src/base/testing/random.ts'
import type { Trace } from './readers.ts'

export interface Phase {
  readonly name: string
  /** The requests from `start` to before `end`. */
  readonly start: number
  readonly end: number
}

export interface PhasedTrace extends Trace {
  readonly phases: readonly Phase[]
}

export interface PhasesOptions {
  /** The number of entries that the trace is made for. */
  readonly entries: number
  /** How often a loop and a recency phase follow each other, and how many requests each has. */
  readonly rounds: number
  readonly requests: number
  readonly seed: number
}

export function makePhases({ entries, rounds, requests, seed }: PhasesOptions): PhasedTrace {
  const random = createRandom(seed)
  const ids = new Uint32Array(2 * rounds * requests)
  const phases: Phase[] = []
  let keyCount = 0
  let at = 0
  for (let round = 1; round <= rounds; round++) {
    const loop = 3 * entries
    phases.push({ name: `loop ${round}`, start: at, end: at + requests })
    for (let step = 0; step < requests; step++) ids[at++] = keyCount + (step % loop)
    keyCount += loop
    phases.push({ name: `recency ${round}`, start: at, end: at + requests })
    const first = keyCount
    for (let step = 0; step < requests; step++) {
      const isNew = keyCount === first || random() < newShare
      // How long ago a key was new is drawn from an exponential distribution.
      const age = Math.floor(-Math.log(1 - random()) * entries * meanAge)
      ids[at++] = isNew ? keyCount++ : Math.max(first, keyCount - 1 - age)
    }
  }
  return { name: 'phases', ids, keyCount, sizes: null, phases }
}

const newShare = 0.2
/** In sizes of the cache. */
const meanAge = 0.6
