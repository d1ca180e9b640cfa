/** The few statistics that the search benchmark prints. */

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}

/** The value below which this share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}

/** Half the distance between the quartiles. */
export function spread(values: readonly number[]): number {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / 2
}

/** Student's t of paired differences; |t| > 1.98 is significant at 5 % from about 100 pairs on, > 2.1 for 20. */
export function pairedT(a: readonly number[], b: readonly number[]): number {
  const differences = a.map((value, index) => value - (b[index] as number))
  const average = mean(differences)
  const variance =
    differences.reduce((sum, value) => sum + (value - average) ** 2, 0) / Math.max(1, differences.length - 1)
  return variance === 0 ? 0 : average / Math.sqrt(variance / differences.length)
}

/** The chance that a positive scores above a negative; ties count half. */
export function areaUnderCurve(positive: readonly number[], negative: readonly number[]): number {
  let wins = 0
  for (const p of positive) for (const n of negative) wins += p > n ? 1 : p === n ? 0.5 : 0
  return wins / Math.max(1, positive.length * negative.length)
}
