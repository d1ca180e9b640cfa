/** How sure the built-in answerer is: a logistic model over what was measured of the best answer. */

export type Features = {
  /** Share of the question's weight covered by the best quote with its title and heading; 0 to 1, as all shares here. */
  windowCoverage: number
  /** The same of a whole passage, the best of the first six. */
  passageCoverage: number
  /** Share of the question's words that no note has, squared: a few are the asker's own wording, most are another subject. */
  unknownShare: number
  /** 1 when a name or number of the question is in no note. */
  unknownHard: number
  /** Does the quote hold the kind of thing asked for? 0.5 when any sentence may. */
  kindHeld: number
  /** How good the best match is as such; see `RankedPassage.strength`. */
  strength: number
  /** Most of names and of the rest that one window covers together: the name alone is not an answer about it. */
  joint: number
}

/**
 * Signs and sizes from `bench/search/fit.ts` on the development questions, with `strength` weighed so that the even
 * half of mtRAG-UN is told apart too (its questions are longer and its notes shorter). The bias puts 0.5 where about
 * one in fifteen of the answerable development questions is refused.
 */
const weights: Readonly<Record<keyof Features, number>> = {
  windowCoverage: 0.2,
  passageCoverage: 0.2,
  unknownShare: -4,
  unknownHard: -7,
  kindHeld: 1.4,
  joint: 1.1,
  strength: 6,
}
const bias = -1.6

export function confidenceOf(features: Features): number {
  let sum = bias
  for (const name of Object.keys(weights) as (keyof Features)[]) sum += weights[name] * features[name]
  return 1 / (1 + Math.exp(-sum))
}
