/** What a call takes from the limits of the rules about it, and the words when there is not enough. */
import { CairnError } from '../base/index.ts'
import { nameSubject } from './balances.ts'
import type { LimitOwner, Refusal, Take, Taken } from './limits/types.ts'
import type { CompiledRule } from './rules.ts'

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
export async function takeLimits(owner: LimitOwner, wanted: LimitTakes): Promise<Taken | null> {
  if (wanted.takes.length === 0) return null
  const outcome = await owner.take(wanted.takes)
  if (outcome.refused === null) return outcome.taken
  const kind = wanted.about[outcome.refused.index]?.kind ?? 'requests'
  const { retryAfterMs } = outcome.refused
  throw new CairnError(`limit.${kind}`, {
    message: describeRefusal(wanted, outcome.refused),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  })
}

export function describeRefusal({ takes, about }: LimitTakes, { index, retryAfterMs }: Refusal): string {
  const take = takes[index]
  const what = about[index]
  if (take === undefined || what === undefined) return 'A limit is reached.'
  const limit = `The limit of ${nameSubject(what.rule)} is ${take.limit} ${what.kind} a minute.`
  if (retryAfterMs === null)
    return `${limit} This call alone may use ${take.amount}. Send less, ask for a shorter answer, or have the limit raised.`
  return `${limit} Try again in ${formatWait(retryAfterMs)}.`
}

function formatWait(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${Math.ceil(ms / 1_000)} s`
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
