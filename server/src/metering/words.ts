/**
 * What a caller is told of a budget or limit that refuses a call. A rule about the caller's own key, a key above it or
 * their own user concerns them: they are told how it stands. Any other rule is the organisation's business, so its
 * subject and its amounts are told only to who may see the usage of everybody; the rest hear that there is one. The log
 * has the whole sentence either way.
 */
import { formatUsd } from '../base/index.ts'
import type { Period } from './periods.ts'
import type { CompiledRule } from './rules.ts'
import { cleanKeys, subjectKey } from './subjects.ts'
import type { MeteredCall } from './types.ts'

/** Who is refused. */
export type Refused = Pick<MeteredCall, 'principal' | 'mayReadUsage'>

export interface Shortage {
  readonly rule: CompiledRule
  readonly period: Period
  readonly limitNano: number
  readonly spentNano: number
  readonly reservedNano: number
}

/** In nano US dollars: what the call may cost. Without whom: as the log tells it. */
export function describeShortage(shortage: Shortage, nano: number, whom: Refused | null): string {
  const { rule, period, limitNano, spentNano, reservedNano } = shortage
  if (whom !== null && !mayKnow(rule, whom))
    return 'A budget of your organisation is used up for this call. Use a local or cheaper model, or ask an administrator.'
  const held = reservedNano === 0 ? '' : ` and ${formatUsd(reservedNano)} held by calls under way`
  return `The budget of ${nameSubject(rule, whom)} for the ${period.name} is ${formatUsd(limitNano)}, with ${formatUsd(spentNano)} spent${held}; this call may cost ${formatUsd(nano)}.`
}

/** What to do about it; nothing more for whom it is none of their business. */
export function adviseOnShortage({ rule, period, limitNano }: Shortage, nano: number, whom: Refused): string {
  if (!mayKnow(rule, whom)) return ''
  if (nano > limitNano)
    return ` It is more than the whole budget (${formatUsd(limitNano)}). Ask for a shorter answer or use a cheaper model, or have the budget raised.`
  return ` Use a local or cheaper model, ask for a shorter answer, or have the budget raised. It begins anew with the next ${period.name} (UTC).`
}

export interface ReachedLimit {
  readonly rule: CompiledRule
  readonly kind: 'requests' | 'tokens'
  /** A minute's worth, and what the call asked for. */
  readonly limit: number
  readonly amount: number
  /** Null when no wait helps. */
  readonly retryAfterMs: number | null
}

export function describeLimit({ rule, kind, limit, amount, retryAfterMs }: ReachedLimit, whom: Refused | null): string {
  const isTold = whom === null || mayKnow(rule, whom)
  const reached = isTold
    ? `The limit of ${nameSubject(rule, whom)} is ${limit} ${kind} a minute.`
    : `A limit of your organisation on ${kind} a minute is reached.`
  if (retryAfterMs !== null) return `${reached} Try again in ${formatWait(retryAfterMs)}.`
  return `${reached} This call alone may use ${amount}. Send less, ask for a shorter answer, or have the limit raised.`
}

function formatWait(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${Math.ceil(ms / 1_000)} s`
}

type Concern = 'own key' | 'outer key' | 'own user' | null

function concernOf({ subject }: CompiledRule, { principal }: Refused): Concern {
  if (subject === subjectKey({ kind: 'user', id: principal.id })) return 'own user'
  if (subject === subjectKey({ kind: 'key', id: principal.credentialId })) return 'own key'
  return cleanKeys(principal).some((id) => subject === subjectKey({ kind: 'key', id })) ? 'outer key' : null
}

function mayKnow(rule: CompiledRule, whom: Refused): boolean {
  return concernOf(rule, whom) !== null || whom.mayReadUsage?.() === true
}

const concerns = {
  'own key': 'this API key',
  'outer key': 'an API key that this one stays within',
  'own user': 'this user',
} as const

function nameSubject(rule: CompiledRule, whom: Refused | null): string {
  const concern = whom === null ? null : concernOf(rule, whom)
  if (concern !== null) return concerns[concern]
  const { kind, id } = rule.rule.subject
  return kind === 'all' ? 'this server' : `the ${kind} “${id}”`
}
