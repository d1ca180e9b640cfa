/** A budget rule as it is typed into the form, and as the server takes it; and changing one rule of the list. */
import type { BudgetRule, BudgetState, BudgetSubject } from '@cairn/contract'

export interface BudgetForm {
  readonly kind: BudgetSubject['kind']
  readonly id: string
  readonly usdPerDay: string
  readonly usdPerMonth: string
  readonly requestsPerMinute: string
  readonly tokensPerMinute: string
}

export const budgetLimits = ['usdPerDay', 'usdPerMonth', 'requestsPerMinute', 'tokensPerMinute'] as const

export type BudgetLimit = (typeof budgetLimits)[number]

export const emptyBudget: BudgetForm = {
  kind: 'all',
  id: '',
  usdPerDay: '',
  usdPerMonth: '',
  requestsPerMinute: '',
  tokensPerMinute: '',
}

export function budgetFormOf(rule: BudgetRule): BudgetForm {
  const textOf = (limit: BudgetLimit) => String(rule[limit] ?? '')
  return {
    kind: rule.subject.kind,
    id: rule.subject.id,
    usdPerDay: textOf('usdPerDay'),
    usdPerMonth: textOf('usdPerMonth'),
    requestsPerMinute: textOf('requestsPerMinute'),
    tokensPerMinute: textOf('tokensPerMinute'),
  }
}

/** Empty: no limit. What is no number is sent as none, for the server to refuse in its words. */
export function readBudget(form: BudgetForm): BudgetRule {
  const rule: { -readonly [key in keyof BudgetRule]: BudgetRule[key] } = {
    subject: { kind: form.kind, id: form.kind === 'all' ? '*' : form.id.trim() },
  }
  for (const limit of budgetLimits) if (form[limit].trim() !== '') rule[limit] = Number(form[limit])
  return rule
}

export function hasLimit(rule: BudgetRule): boolean {
  return budgetLimits.some((limit) => rule[limit] !== undefined)
}

export function isSameSubject(a: BudgetSubject, b: BudgetSubject): boolean {
  return a.kind === b.kind && a.id === b.id
}

/** A rule as it is stored, without what was spent. */
export function ruleOf({ day: _day, month: _month, ...rule }: BudgetState): BudgetRule {
  return rule
}

/** The field that the server means by `rules[2].usdPerDay`, when it is of the rule at `index`. */
export function budgetFieldOf(param: string | undefined, index: number): BudgetLimit | 'id' | null {
  const [, at, name] = /^rules\[(\d+)\]\.(\w+)/.exec(param ?? '') ?? []
  if (at !== String(index)) return null
  return name === 'subject' ? 'id' : (budgetLimits.find((limit) => limit === name) ?? null)
}
