/** Budget rules as they are asked for on the path of a request: by subject. */
import type { BudgetRule } from '@cairn/contract'
import { fail, noLimitNano, toNano } from '../base/index.ts'
import { subjectKey, type SubjectKey } from './subjects.ts'

export interface CompiledRule {
  readonly rule: BudgetRule
  readonly subject: SubjectKey
  readonly requests: number | null
  readonly tokens: number | null
  readonly dayNano: number
  readonly monthNano: number
  readonly hasMoney: boolean
}

export interface RuleSet {
  /** 0 before any were set. */
  readonly version: number
  readonly rules: readonly CompiledRule[]
  readonly isEmpty: boolean
  /** Those of these subjects. */
  match(subjects: readonly SubjectKey[]): CompiledRule[]
}

export function compileRules(version: number, rules: readonly BudgetRule[]): RuleSet {
  const compiled = rules.map(compile)
  const bySubject = new Map(compiled.map((rule) => [rule.subject, rule]))
  return {
    version,
    rules: compiled,
    isEmpty: compiled.length === 0,
    match(subjects) {
      if (compiled.length === 0) return []
      const found: CompiledRule[] = []
      for (const subject of subjects) {
        const rule = bySubject.get(subject)
        if (rule) found.push(rule)
      }
      return found
    },
  }
}

function compile(rule: BudgetRule): CompiledRule {
  const { requestsPerMinute, tokensPerMinute, usdPerDay, usdPerMonth } = rule
  return {
    rule,
    subject: subjectKey(rule.subject),
    requests: requestsPerMinute ?? null,
    tokens: tokensPerMinute ?? null,
    dayNano: usdPerDay === undefined ? noLimitNano : toNano(usdPerDay),
    monthNano: usdPerMonth === undefined ? noLimitNano : toNano(usdPerMonth),
    hasMoney: usdPerDay !== undefined || usdPerMonth !== undefined,
  }
}

/** Throws `request.invalid` for two rules about one subject, and for `all` with another id than `*`. */
export function checkRules(rules: readonly BudgetRule[]): void {
  const seen = new Set<string>()
  for (const [index, { subject }] of rules.entries()) {
    const key = subjectKey(subject)
    const param = `rules[${index}].subject`
    if (subject.kind === 'all' && subject.id !== '*')
      fail('request.invalid', { message: 'A rule about `all` has the id `*`.', param })
    if (seen.has(key))
      fail('request.invalid', { message: 'There are two rules about the same subject. Put them into one.', param })
    seen.add(key)
  }
}
