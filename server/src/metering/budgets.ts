/** Sets all rules at once, as a new version, and tells how each stands. */
import { budgetRuleSchema, type BudgetRule, type BudgetState } from '@cairn/contract'
import { fail, toUsd, type Clock } from '../base/index.ts'
import type { Store } from '../storage/index.ts'
import { holdOff, openBalances, sumStatements } from './balances.ts'
import type { Period, Periods } from './periods.ts'
import { checkRules, compileRules } from './rules.ts'
import type { SubjectKey } from './subjects.ts'
import type { BudgetView } from './view.ts'

export interface Budgets {
  list(): Promise<BudgetState[]>
  set(rules: readonly BudgetRule[], by: string): Promise<BudgetState[]>
}

export interface BudgetsOptions {
  readonly store: Store
  readonly view: BudgetView
  readonly calendar: (at: number) => Periods
  readonly clock: Clock
}

/** Versions that are kept, for a look back. */
const mostVersions = 100
const mostRules = 1_000
const mostTries = 5

export function createBudgets({ store, view, calendar, clock }: BudgetsOptions): Budgets {
  async function list(): Promise<BudgetState[]> {
    await view.refresh()
    for (let tries = 0; tries < mostTries; tries++) {
      const periods = calendar(clock.now())
      const states = stateOf(view, periods)
      if (states !== null) return states
      await openBalances(store, view.rules, periods)
      await view.refresh()
    }
    fail('server.busy', { internal: 'budgets change all the time', retryAfterMs: 500 })
  }

  return {
    list,
    async set(rules, by) {
      checkRules(rules)
      if (rules.length > mostRules)
        fail('request.invalid', { message: `At most ${mostRules} rules can be set.`, param: 'rules' })
      const kept = rules.map((rule) => budgetRuleSchema.parse(rule))
      const now = clock.now()
      // Balances of other periods are dropped as well: they are summed up anew, with the new limits, when asked for.
      await store.write([
        ...holdOff(store.dialect),
        {
          text: 'INSERT INTO metering_budgets (version, at, set_by, rules) SELECT COALESCE(MAX(version), 0) + 1, ?, ?, ? FROM metering_budgets',
          params: [now, by, JSON.stringify(kept)],
        },
        {
          text: `DELETE FROM metering_budgets WHERE version <= (SELECT MAX(version) FROM metering_budgets) - ${mostVersions}`,
        },
        { text: 'DELETE FROM metering_balances' },
        ...sumStatements(compileRules(0, kept).rules, calendar(now), store.dialect),
      ])
      return list()
    },
  }
}

/** Null while a balance has not been opened. */
function stateOf(view: BudgetView, { day, month }: Periods): BudgetState[] | null {
  const states: BudgetState[] = []
  for (const { rule, subject } of view.rules.rules) {
    const ofDay = spentIn(view, day, subject)
    const ofMonth = spentIn(view, month, subject)
    if (ofDay === null || ofMonth === null) return null
    states.push({ ...rule, day: ofDay, month: ofMonth })
  }
  return states
}

function spentIn(view: BudgetView, period: Period, subject: SubjectKey): BudgetState['day'] | null {
  const balance = view.balance(period.key, subject)
  if (balance === undefined) return null
  return {
    spentUsd: toUsd(balance.spentNano),
    reservedUsd: toUsd(balance.reservedNano),
    resetsAt: period.toMs,
  }
}
