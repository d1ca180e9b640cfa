/** Times as people write them on a command line. */
import { usageFailure } from './failure.ts'
import { harmlessLine } from './terminal/style.ts'
import type { ParsedFlags } from './types.ts'

export const when = 'a time as 2026-11-23, 2026-11-23T14:30Z, or a while ago as 90m, 24h, 7d'

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds since 1970; undefined where the flag is not given. Throws what is wrong with it. */
export function takeTime(flags: ParsedFlags, name: `--${string}`, now: number): number | undefined {
  const text = flags.value(name)
  if (text === undefined) return undefined
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  if (count !== undefined) return Math.max(0, now - Number(count) * (unitMs[unit] ?? 0))
  const isTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z)?$/.test(text)
  const at = isTime ? Date.parse(text) : Number.NaN
  if (Number.isFinite(at) && at >= 0) return at
  throw usageFailure(`${name} takes ${when}, in UTC, not “${harmlessLine(text.slice(0, 80))}”.`)
}
