/** Whole nano US dollars (1e-9), so that sums are exact, and the way to and from dollars. */

/** As good as no limit, and still exact in a number: nine million dollars. */
export const noLimitNano = 9_000_000_000_000_000

export function toNano(usd: number): number {
  return Math.min(noLimitNano, Math.round(usd * 1e9))
}

export function toUsd(nano: number): number {
  return nano / 1e9
}

/** `$0.05`, `$12.340001`: at least cents, at most a millionth, for people. */
export function formatUsd(nano: number): string {
  return `$${toUsd(nano)
    .toFixed(6)
    .replace(/(\.\d\d\d*?)0+$/, '$1')}`
}
