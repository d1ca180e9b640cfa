/** Why a deployment stands where it stands, in one short sentence for people. */
import type { Contender } from './rank-score.ts'

export function tellFare({ health }: Contender, nowMs: number): string {
  const { state, reason, untilMs, ttftMs, inFlight, share } = health
  if (state === 'open') return `left alone after failures (${reason}), tried again in ${tellTime(untilMs, nowMs)}`
  if (state === 'cooling') return `left alone (${reason}), tried again in ${tellTime(untilMs, nowMs)}`
  if (state === 'probing' && share === 0) return `one request finds out whether it answers again (${reason})`
  const speed = ttftMs === null ? 'not measured yet' : `answers first in about ${tellMs(ttftMs)}`
  const fare = `${speed}, ${tellWork(inFlight)}`
  if (state === 'probing') return `to be tried with one request (${reason}), ${fare}`
  return state === 'starting' ? `recovered, takes ${Math.round(share * 100)} % of its share, ${fare}` : fare
}

export function tellUsd(usd: number | null): string {
  if (usd === null) return 'price not known'
  if (usd === 0) return 'costs nothing'
  return usd < 0.000_1 ? 'costs less than $0.0001' : `costs about $${usd.toPrecision(2)}`
}

function tellWork(inFlight: number): string {
  if (inFlight === 0) return 'nothing in work'
  return inFlight === 1 ? '1 request in work' : `${inFlight} requests in work`
}

function tellMs(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 1_000)} s`
}

function tellTime(untilMs: number | null, nowMs: number): string {
  const seconds = Math.max(1, Math.ceil(((untilMs ?? nowMs) - nowMs) / 1_000))
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} minutes`
}
