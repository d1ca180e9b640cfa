/**
 * Times to the first token, counted in classes that grow by a fifth each, so that hours can be added up and a
 * percentile is found from a few numbers. It is within 10 % of the true one: the middle of its class is told.
 */

const growth = 1.2
const lastClass = 80

/** 0 below a millisecond, then 1.2ⁿ⁻¹ up to below 1.2ⁿ milliseconds; -1 without a time. */
export function classOf(ms: number | null): number {
  if (ms === null) return -1
  if (!(ms >= 1)) return 0
  return Math.min(lastClass, 1 + Math.floor(Math.log(ms) / Math.log(growth) + 1e-9))
}

export interface ClassCount {
  readonly bucket: number
  readonly count: number
}

/** In milliseconds; null without any. `share` is 0.5 for the median. */
export function percentileOf(counts: readonly ClassCount[], share: number): number | null {
  const total = counts.reduce((sum, { count }) => sum + count, 0)
  if (total === 0) return null
  let left = Math.max(1, Math.ceil(total * share))
  const ordered = counts.toSorted((a, b) => a.bucket - b.bucket)
  for (const { bucket, count } of ordered) {
    left -= count
    if (left <= 0) return middleOf(bucket)
  }
  return null
}

function middleOf(bucket: number): number {
  if (bucket <= 0) return 0.5
  return Math.round(growth ** (bucket - 0.5) * 10) / 10
}
