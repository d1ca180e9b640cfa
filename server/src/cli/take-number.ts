import { usageFailure } from './failure.ts'
import type { ParsedFlags } from './types.ts'

/** The whole number of a flag, or undefined when it is not given. */
export function takeNumber(
  flags: ParsedFlags,
  name: `--${string}`,
  { min, max }: { min: number; max: number },
): number | undefined {
  const text = flags.value(name)
  if (text === undefined) return undefined
  const value = /^\d+$/.test(text) ? Number(text) : NaN
  if (value >= min && value <= max) return value
  throw usageFailure(`${name} takes a whole number from ${min} to ${max}, not “${text}”.`)
}
