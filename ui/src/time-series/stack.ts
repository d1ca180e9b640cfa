/** The numbers behind a time series: parts laid on top of each other, and the point that is read when none is chosen. */

/** A value for each point in time; null where nothing is known, which is not the same as 0. */
export type SeriesValues = readonly (number | null)[]

/**
 * The upper edge of each part when it lies on those before it. A point of which no part knows anything stays unknown;
 * where only some parts know something, the others count as 0.
 */
export function stackValues(parts: readonly SeriesValues[]): (number | null)[][] {
  const stacked: (number | null)[][] = []
  for (const [index, values] of parts.entries()) {
    const below = stacked[index - 1]
    stacked.push(
      values.map((value, at) => {
        const isUnknown = parts.every((part) => part[at] === null)
        return isUnknown ? null : (below?.[at] ?? 0) + (value ?? 0)
      }),
    )
  }
  return stacked
}

/** The last point that any part knows; null when none does. */
export function findLastKnown(parts: readonly SeriesValues[]): number | null {
  const last = Math.max(-1, ...parts.map((values) => values.findLastIndex((value) => value !== null)))
  return last < 0 ? null : last
}
