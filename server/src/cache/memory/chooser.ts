/**
 * Chooses the policy in force by measured regret: every policy runs as a shadow over the same sample of keys, and what
 * their hits were worth is compared, older hits counting less. The comparison is paired: two policies that hit the same
 * say nothing, so what has to be beaten is the noise of those requests in which they differ.
 */
import { evictionRules, type EvictionRules } from './rules.ts'
import type { Entry } from './queues.ts'
import { bytesOfShadow, createShadow, type Shadow } from './shadow.ts'

export interface Chooser {
  /** Keys with a smaller hash are watched. */
  readonly threshold: number
  readonly bytes: number
  /** A watched key was asked for. True when the policy in force has changed. */
  readonly observe: (hash: number) => boolean
  readonly put: (entry: Entry) => void
  readonly delete: (hash: number) => void
  readonly clear: () => void
  readonly setCapacity: (bytes: number) => void
  readonly rules: () => EvictionRules
  readonly switches: () => number
}

/** What is known of the policies; it outlives the shadows that it was measured with. */
export interface Regret {
  /** What each policy's hits were worth beyond those of the one in force, recently; never less than 0. */
  readonly leads: Float64Array
  /** The squares of those differences, which tell how much of a lead may be noise. */
  readonly squares: Float64Array
  inForce: number
  switches: number
}

export const createRegret = (): Regret => ({
  leads: new Float64Array(evictionRules.length),
  squares: new Float64Array(evictionRules.length),
  inForce: 0,
  switches: 0,
})

/** Share of the tier's bytes that the shadows may take; what they cost in hits stays under a few tenths of a point. */
const shadowShare = 0.02
/** More watched keys than this decide nothing better and only cost time. */
const mostSlots = 2_048

/** How many slots each shadow gets in a tier of that many bytes. */
export const slotsOfShadows = (maxBytes: number): number =>
  Math.min(mostSlots, Math.floor((maxBytes * shadowShare) / (evictionRules.length * bytesOfShadow(1))))

/** Shadows for a tier of `entries` entries of which as many are watched as `slots` have room for. */
// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createChooser(slots: number, entries: number, regret: Regret): Chooser {
  // Room for twice the deviation of a random sample's size.
  const share = Math.min(1, Math.max(0, slots - 2 * Math.sqrt(slots)) / Math.max(1, entries))
  const shadows: Shadow[] = evictionRules.map((rules) => createShadow(rules, slots))
  const worth = new Float64Array(shadows.length)
  const { leads, squares } = regret
  // After this many observations one counts half.
  const keep = 0.5 ** (1 / Math.max(minHalfLife, slots * halfLifeInSlots))

  /**
   * A one-sided sum (CUSUM; Page, Biometrika 1954): how long the policy in force was right before does not delay the
   * change when it no longer is.
   */
  function score(): void {
    const current = worth[regret.inForce]!
    for (let at = 0; at < worth.length; at++) {
      const difference = worth[at]! - current
      squares[at] = squares[at]! * keep * keep + difference * difference
      const most = mostDebt * Math.sqrt(squares[at]!)
      leads[at] = Math.max(-most, leads[at]! * keep + difference)
    }
  }

  function decide(): boolean {
    let best = regret.inForce
    for (let at = 0; at < leads.length; at++)
      if (leads[at]! > Math.max(leads[best]!, leadInDeviations * Math.sqrt(squares[at]!))) best = at
    if (best === regret.inForce) return false
    regret.inForce = best
    regret.switches++
    leads.fill(0)
    squares.fill(0)
    return true
  }

  return {
    threshold: Math.floor(share * 2 ** 32),
    bytes: shadows.length * bytesOfShadow(slots),
    observe(hash) {
      for (let at = 0; at < shadows.length; at++) worth[at] = shadows[at]!.hit(hash)
      score()
      return decide()
    },
    put(entry) {
      for (const shadow of shadows) shadow.put(entry)
    },
    delete(hash) {
      for (const shadow of shadows) shadow.delete(hash)
    },
    clear() {
      for (const shadow of shadows) shadow.clear()
    },
    setCapacity(bytes) {
      for (const shadow of shadows) shadow.setCapacity(bytes * share)
    },
    rules: () => evictionRules[regret.inForce]!,
    switches: () => regret.switches,
  }
}

const minHalfLife = 1_000
const halfLifeInSlots = 16
/**
 * How many standard deviations a policy must be ahead. It is asked after every observation, so what would be rare in
 * one comparison is not; below 5, caches of a thousand entries changed back and forth within a loop.
 */
const leadInDeviations = 6
/** How far behind it may be counted: the time that was won earlier must not hold up a change for long. */
const mostDebt = 4
