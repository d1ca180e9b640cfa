/** Numbers of a receipt as people read them. */

/** Two significant digits below a cent, so that small prices do not read as nothing. */
export function formatUsd(usd: number): string {
  if (usd === 0) return '$0'
  return `$${usd < 0.01 ? Number(usd.toPrecision(2)).toString() : usd.toFixed(2)}`
}

export function formatMs(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
