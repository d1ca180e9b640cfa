/** One budget: spent and held of its limits for the day and the month, and its limits for a minute. */
import type { BudgetState, BudgetSubject, KeyInfo } from '@cairn/contract'
import { Badge, Button, Meter } from '@cairn/ui'
import { formatCost, formatCount, formatDateTime } from '../shell/clock.ts'

export interface BudgetCardProps {
  readonly rule: BudgetState
  readonly keys: readonly KeyInfo[]
  readonly onChange: () => void
  readonly onRemove: () => void
}

export const subjectKinds: Readonly<Record<BudgetSubject['kind'], string>> = {
  all: 'Everybody',
  key: 'API key',
  user: 'Person',
  team: 'Team',
  model: 'Model',
  provider: 'Provider',
}

/** What the rule is about, by the name that people gave it. */
export function nameSubject({ kind, id }: BudgetSubject, keys: readonly KeyInfo[]): string {
  if (kind === 'all') return 'everybody'
  return kind === 'key' ? (keys.find((key) => key.id === id)?.name ?? id) : id
}

export function BudgetCard({ rule, keys, onChange, onRemove }: BudgetCardProps) {
  const { subject, usdPerDay, usdPerMonth } = rule
  const name = nameSubject(subject, keys)
  return (
    <li class="card">
      <div class="card-head">
        <h3>{subject.kind === 'all' ? 'Everybody' : name}</h3>
        {subject.kind === 'all' ? null : <Badge>{subjectKinds[subject.kind]}</Badge>}
      </div>
      {usdPerDay === undefined ? null : <Spent title="Today" limit={usdPerDay} {...rule.day} />}
      {usdPerMonth === undefined ? null : <Spent title="This month" limit={usdPerMonth} {...rule.month} />}
      <Rates rule={rule} />
      <div class="models-actions">
        <Button small label={`Change the budget of ${name}`} onClick={onChange}>
          Change
        </Button>
        <Button small kind="quiet" icon="trash" label={`Remove the budget of ${name}`} onClick={onRemove} />
      </div>
    </li>
  )
}

interface SpentProps {
  readonly title: string
  readonly limit: number
  readonly spentUsd: number
  readonly reservedUsd: number
  readonly resetsAt: number
}

function Spent({ title, limit, spentUsd, reservedUsd, resetsAt }: SpentProps) {
  const held = reservedUsd > 0 ? `, ${formatCost(reservedUsd)} held` : ''
  const text = `${formatCost(spentUsd)} of ${formatCost(limit)}${held}`
  const isOver = spentUsd + reservedUsd >= limit
  return (
    <div class={isOver ? 'models-spent is-over' : 'models-spent'}>
      <p>
        <span>{title}</span>
        <strong>{text}</strong>
      </p>
      <Meter label={title} value={spentUsd} held={reservedUsd} max={limit} text={text} />
      <p class="muted">
        {isOver ? 'Used up: new calls are refused. ' : ''}Starts again {formatDateTime(resetsAt)}
      </p>
    </div>
  )
}

function Rates({ rule: { requestsPerMinute, tokensPerMinute } }: { readonly rule: BudgetState }) {
  if (requestsPerMinute === undefined && tokensPerMinute === undefined) return null
  return (
    <dl class="models-facts">
      {requestsPerMinute === undefined ? null : (
        <>
          <dt>Requests a minute</dt>
          <dd>{formatCount(requestsPerMinute)}</dd>
        </>
      )}
      {tokensPerMinute === undefined ? null : (
        <>
          <dt>Tokens a minute</dt>
          <dd>{formatCount(tokensPerMinute)}</dd>
        </>
      )}
    </dl>
  )
}
