/**
 * How long a deployment takes until its first token: a peak EWMA, as Finagle's and linkerd's balancers keep it
 * (`finagle-core`, `loadbalancer/PeakEwma.scala`; linkerd, "Beyond Round Robin: Load Balancing for Latency", 2016). A
 * slow reply raises it at once to what it took, so that a deployment that gets slow is left after one reply and not
 * after many; then it falls by half of the rest every seven seconds (Finagle's time constant of ten).
 *
 * Two things differ. It falls towards the mean of the deployment and not towards zero: requests to a model can be
 * minutes apart, and one that is always slow must not look fast because nobody asked it lately. And a request whose
 * first token is late already counts with the time that it has waited: a deployment that stalls gives no replies to
 * learn from.
 */

/** Time in which the part above the mean halves, in milliseconds. */
export const peakHalfLifeMs = 7_000
/** Time after which the mean has half of its weight from newer replies, in milliseconds. */
export const meanHalfLifeMs = 10_000
/** What one reply moves the mean at most, however long ago the last one was. */
const mostOfOne = 0.5
/** With fewer replies a mean is a matter of luck. */
export const enoughReplies = 4
const aDayMs = 86_400_000

export interface Latency {
  meanMs: number
  /** At `heardAtMs`; not below the mean. */
  peakMs: number
  /** Null before the first. */
  heardAtMs: number | null
  count: number
}

export function createLatency(): Latency {
  return { meanMs: 0, peakMs: 0, heardAtMs: null, count: 0 }
}

export function observeLatency(latency: Latency, tookMs: number, nowMs: number): void {
  if (!(tookMs >= 0)) return
  const ms = Math.min(tookMs, aDayMs)
  const before = readLatency(latency, nowMs) ?? 0
  const sinceMs = latency.heardAtMs === null ? 0 : Math.max(0, nowMs - latency.heardAtMs)
  // The first replies count alike; after that the mean is one over time, not over replies.
  const byTime = 1 - 2 ** (-sinceMs / meanHalfLifeMs)
  const weight = latency.count === 0 ? 1 : Math.min(mostOfOne, Math.max(1 / (latency.count + 1), byTime))
  latency.meanMs += (ms - latency.meanMs) * weight
  latency.peakMs = Math.max(before, ms, latency.meanMs)
  latency.heardAtMs = nowMs
  latency.count++
}

/** Milliseconds; null before the first observation. */
export function readLatency({ meanMs, peakMs, heardAtMs }: Latency, nowMs: number): number | null {
  if (heardAtMs === null) return null
  return meanMs + (peakMs - meanMs) * 2 ** (-Math.max(0, nowMs - heardAtMs) / peakHalfLifeMs)
}
