/** What is left of the budgets: a meter for each day and month that has a bound. */
import type { BudgetState } from '@cairn/contract'
import { Meter } from '@cairn/ui'
import { formatCost, formatDateTime } from '@cairn/ui/figures'
import type { Figures } from '../../core/dashboard/figures.ts'
import { Card, NotShown, PartFailed } from './card.tsx'

const kinds: Readonly<Record<BudgetState['subject']['kind'], string>> = {
  all: 'Everybody',
  key: 'Key',
  user: 'Person',
  team: 'Team',
  model: 'Model',
  provider: 'Provider',
}

export function BudgetsCard({ figures: { budgets } }: { readonly figures: Figures }) {
  return (
    <Card title="Budgets">
      {budgets === null ? (
        <NotShown what="What is left of budgets is shown to those" right="usage.read" />
      ) : budgets.ok ? (
        <Budgets rules={budgets.value.rules} />
      ) : (
        <PartFailed failure={budgets.failure} />
      )}
    </Card>
  )
}

function Budgets({ rules }: { readonly rules: readonly BudgetState[] }) {
  const bounds = rules.flatMap(({ subject, usdPerDay, usdPerMonth, day, month }) => {
    const name = subject.kind === 'all' ? kinds.all : `${kinds[subject.kind]} ${subject.id}`
    return [
      { name, when: 'today', most: usdPerDay, ...day },
      { name, when: 'this month', most: usdPerMonth, ...month },
    ]
  })
  const shown = bounds.flatMap(({ most, ...bound }) => (most === undefined ? [] : [{ ...bound, most }]))
  if (shown.length === 0) return <p class="cairn-muted">No budget is set.</p>
  return (
    <ul class="cairn-rows">
      {shown.map(({ name, when, most, spentUsd, reservedUsd, resetsAt }) => {
        const left = Math.max(0, most - spentUsd - reservedUsd)
        const text = `${formatCost(left)} of ${formatCost(most)} left`
        return (
          <li key={`${name} ${when}`}>
            <span>
              {name}, {when}
            </span>
            <span class={left === 0 ? 'cairn-over' : 'cairn-muted'}>{left === 0 ? 'Used up' : text}</span>
            <Meter label={`${name}, ${when}`} value={spentUsd} held={reservedUsd} max={most} text={text} />
            <span class="cairn-row-note">Starts again {formatDateTime(resetsAt)}</span>
          </li>
        )
      })}
    </ul>
  )
}
