/** How times and numbers are written, in the language of the device. */

const dateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const dateTimeFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })
const dayFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' })
const monthFormat = new Intl.DateTimeFormat(undefined, { month: 'long', year: 'numeric', timeZone: 'UTC' })
const secondFormat = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })
const compactFormat = new Intl.NumberFormat(undefined, { notation: 'compact', maximumSignificantDigits: 3 })
const countFormat = new Intl.NumberFormat()

/** `at` in milliseconds since 1970. */
export const formatDate = (at: number): string => dateFormat.format(at)
export const formatDateTime = (at: number): string => dateTimeFormat.format(at)
export const formatTimeOfDay = (at: number): string => timeFormat.format(at)
/** A day of the server, which counts in UTC: “24 Nov”. */
export const formatDay = (at: number): string => dayFormat.format(at)
/** A month of the server, `2026-11`: “November 2026”. */
export const formatMonth = (month: string): string => monthFormat.format(Date.parse(`${month}-01T00:00Z`))
export const formatSecondOfDay = (at: number): string => secondFormat.format(at)
/** “128K”, “1.2M”. */
export const formatCompact = (count: number): string => compactFormat.format(count)
export const formatCount = (count: number): string => countFormat.format(count)

/** A count with its noun: “1 note”, “1,204 notes”. */
export function formatCounted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

const byteUnits = [
  ['GB', 1e9],
  ['MB', 1e6],
  ['kB', 1e3],
] as const

export function formatBytes(bytes: number): string {
  const [unit, size] = byteUnits.find(([, least]) => bytes >= least) ?? (['B', 1] as const)
  const value = bytes / size
  return `${value.toFixed(unit === 'B' || value >= 100 || value % 1 === 0 ? 0 : 1)} ${unit}`
}

/** A share from 0 to 1; rounded down, so that “100 %” is never almost all. Kept on one line. */
export function formatShare(share: number): string {
  return `${Math.floor(share * 100)}\u00A0%`
}

export function formatMs(ms: number): string {
  if (ms < 1) return '< 1 ms'
  if (ms < 1_000) return `${Math.round(ms)} ms`
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : formatSecondsLeft(ms / 1_000)
}

export function formatSecondsLeft(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** US dollars with as many digits as a small price needs; “free” for nothing. */
export function formatUsd(usd: number): string {
  if (usd === 0) return 'free'
  if (usd >= 0.01) return `$${usd.toFixed(2)}`
  return usd < 0.000001 ? '< $0.000001' : `$${usd.toPrecision(2).includes('e') ? usd.toFixed(7) : usd.toPrecision(2)}`
}

/** What was spent, where nothing spent is an amount like others. */
export function formatCost(usd: number): string {
  return usd === 0 ? '$0' : formatUsd(usd)
}

const scaleFormat = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 })

/** On the scale of a chart, where steps of half a cent differ: “$0.015”. */
export const formatUsdStep = (usd: number): string => `$${scaleFormat.format(usd)}`
