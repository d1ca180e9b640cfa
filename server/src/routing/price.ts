/**
 * What a call costs, in whole nano US dollars (1e-9). Prices are taken to whole picodollars (1e-12) for a token, which
 * is six digits after the point of a price for a million tokens; multiplied and added as whole numbers; and rounded up
 * once, so that a cost is told at most one nanodollar too high and never too low.
 */
import type { ModelInfo, ModelPrice } from '@cairn/contract'
import { toUsd } from '../base/index.ts'
import type { Usage } from '../providers/index.ts'

/** The prices of a model; without `kind` it is taken to chat. */
export type Priced = ModelPriceOrNone & { readonly kind?: ModelInfo['kind'] }

type ModelPriceOrNone = { readonly [Field in keyof ModelPrice]: number | null }

type Egress = 'local' | 'external'

/** More of one kind of token than any call has; what a provider tells above it is cut to it. */
const mostTokens = 1e12

/**
 * Null when the price is not known, or when the provider did not tell a count that costs something. On this machine
 * what has no price costs nothing. Tokens of the prompt cache have their own price where it is known, else that of other
 * input; counts that cannot be (negative, more from the cache than there was input) are cut to what can.
 */
export function nanoUsdOf(info: Priced, egress: Egress, usage: Usage): number | null {
  // The usual case of a model on this machine; `usage` need not be looked at.
  if (egress === 'local' && info.inputUsdPerMTok === null && info.outputUsdPerMTok === null) return 0
  const fallback = egress === 'local' ? 0 : null
  const inputUsd = info.inputUsdPerMTok ?? fallback
  const outputUsd = info.outputUsdPerMTok ?? (info.kind === 'embedding' ? 0 : fallback)
  const input = countOf(usage.input)
  const read = Math.min(countOf(usage.cacheRead) ?? 0, input ?? 0)
  const written = Math.min(countOf(usage.cacheWrite) ?? 0, (input ?? 0) - read)
  return sumUp([
    [input === null ? null : input - read - written, inputUsd],
    [read, info.cacheReadUsdPerMTok ?? inputUsd],
    [written, info.cacheWriteUsdPerMTok ?? inputUsd],
    [countOf(usage.output), outputUsd],
  ])
}

/** Before a call: all input at the usual price, since nobody knows what the provider has in its prompt cache. */
export function estimateNanoUsd(
  info: Priced,
  egress: Egress,
  { inputTokens, outputTokens }: { readonly inputTokens: number; readonly outputTokens: number },
): number | null {
  return nanoUsdOf(info, egress, { input: inputTokens, output: outputTokens })
}

/** The same in US dollars. */
export function estimateUsd(
  { info, egress }: { readonly info: Priced; readonly egress: Egress },
  tokens: { readonly inputTokens: number; readonly outputTokens: number },
): number | null {
  const nanoUsd = estimateNanoUsd(info, egress, tokens)
  return nanoUsd === null ? null : toUsd(nanoUsd)
}

/** Nothing of something costs nothing, and anything of what is free; else both must be known. */
function sumUp(parts: readonly (readonly [tokens: number | null, usdPerMTok: number | null])[]): number | null {
  let pico = 0
  let isExact = true
  for (const [tokens, usd] of parts) {
    if (tokens === 0 || usd === 0) continue
    if (tokens === null || usd === null) return null
    pico += tokens * picoUsdOf(usd)
    isExact &&= Number.isSafeInteger(pico)
  }
  return isExact ? roundUp(pico) : sumUpLarge(parts)
}

/** Above nine thousand dollars a double does not hold every picodollar. */
function sumUpLarge(parts: readonly (readonly [tokens: number | null, usdPerMTok: number | null])[]): number {
  const pico = parts.reduce((sum, [tokens, usd]) => sum + BigInt(tokens ?? 0) * BigInt(picoUsdOf(usd ?? 0)), 0n)
  const nano = (pico + 999n) / 1_000n
  return Number(nano < BigInt(Number.MAX_SAFE_INTEGER) ? nano : Number.MAX_SAFE_INTEGER)
}

function picoUsdOf(usdPerMTok: number): number {
  return Math.round(usdPerMTok * 1e6)
}

function roundUp(pico: number): number {
  const rest = pico % 1_000
  return (pico - rest) / 1_000 + (rest > 0 ? 1 : 0)
}

function countOf(tokens: number | null | undefined): number | null {
  if (tokens === null || tokens === undefined || Number.isNaN(tokens)) return null
  return Math.min(Math.max(Math.ceil(tokens), 0), mostTokens)
}
