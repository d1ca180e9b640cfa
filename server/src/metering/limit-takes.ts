/** What a call takes from the limits of the rules about it, and the words when there is not enough. */
import { CairnError } from '../base/index.ts'
import type { LimitOwner, Refusal, Take, Taken } from './limits/types.ts'
import type { RefusalLog } from './refusal-log.ts'
import type { CompiledRule } from './rules.ts'
import { describeLimit, type Refused } from './words.ts'

export interface LimitTakes {
  readonly takes: readonly Take[]
  /** Whose each take is, and of what. */
  readonly about: readonly { readonly rule: CompiledRule; readonly kind: 'requests' | 'tokens' }[]
}

/** Null of either takes none of it. */
export function listTakes(
  requestRules: readonly CompiledRule[],
  tokenRules: readonly CompiledRule[],
  tokens: number,
): LimitTakes {
  const takes: Take[] = []
  const about: LimitTakes['about'][number][] = []
  for (const rule of requestRules) {
    if (rule.requests === null) continue
    takes.push({ key: `${rule.subject} r`, limit: rule.requests, amount: 1 })
    about.push({ rule, kind: 'requests' })
  }
  for (const rule of tokenRules) {
    if (rule.tokens === null) continue
    takes.push({ key: `${rule.subject} t`, limit: rule.tokens, amount: tokens })
    about.push({ rule, kind: 'tokens' })
  }
  return { takes, about }
}

/** Throws `limit.requests` or `limit.tokens`. */
export async function takeLimits(owner: LimitOwner, wanted: LimitTakes, refusing: Refusing): Promise<Taken | null> {
  if (wanted.takes.length === 0) return null
  const outcome = await owner.take(wanted.takes)
  if (outcome.refused === null) return outcome.taken
  const kind = wanted.about[outcome.refused.index]?.kind ?? 'requests'
  const { retryAfterMs } = outcome.refused
  throw new CairnError(`limit.${kind}`, {
    message: tellRefusal(wanted, outcome.refused, refusing),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  })
}

export interface Refusing {
  readonly whom: Refused
  readonly told: RefusalLog
}

/** Words for the caller; the log has them whole. */
export function tellRefusal(
  { takes, about }: LimitTakes,
  { index, retryAfterMs }: Refusal,
  { whom, told }: Refusing,
): string {
  const take = takes[index]
  const what = about[index]
  if (take === undefined || what === undefined) return 'A limit is reached.'
  const reached = { ...what, limit: take.limit, amount: take.amount, retryAfterMs }
  told.note(what.rule.subject, () => describeLimit(reached, null))
  return describeLimit(reached, whom)
}

/** Tokens are corrected, requests stay taken. */
export function correctTokens(taken: Taken | null, { takes, about }: LimitTakes, used: number): void {
  if (taken === null || !about.some(({ kind }) => kind === 'tokens')) return
  taken.adjust(takes.map(({ amount }, index) => (about[index]?.kind === 'tokens' ? used - amount : 0)))
}

/** It was never sent: everything goes back. */
export function giveBack(taken: Taken | null, { takes }: LimitTakes): void {
  taken?.adjust(takes.map(({ amount }) => -amount))
}
