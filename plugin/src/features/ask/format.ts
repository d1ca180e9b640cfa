/** Numbers of a receipt as people read them. */
import type { ModelInfo } from '@cairn/contract'

/** Two significant digits below a cent, so that small prices do not read as nothing. */
export function formatUsd(usd: number): string {
  if (usd === 0) return '$0'
  return `$${usd < 0.01 ? Number(usd.toPrecision(2)).toString() : usd.toFixed(2)}`
}

export function formatMs(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}

export function priceOf({ inputUsdPerMTok: input, outputUsdPerMTok: output, egress }: ModelInfo): string {
  if (input === null && output === null) return egress === 'local' ? 'free' : 'price not known'
  if (!input && !output) return 'free'
  return `${formatUsd(input ?? 0)} in, ${formatUsd(output ?? 0)} out per million tokens`
}
