/** A route explained: the attempts in their order, and what is left out by which rule. */
import type { PlannedAttemptInfo, RejectionInfo, RouteExplanation } from '@cairn/contract'
import { Badge, Button, EmptyState, Table, type Column } from '@cairn/ui'
import { useState } from 'preact/hooks'
import { formatCost, formatCount, formatCounted } from '../shell/clock.ts'
import { capitalise, describePlace, roleWords, ruleWords, strategyWords } from './words.ts'

const pageSize = 100

export function RouteResult({ explanation }: { readonly explanation: RouteExplanation }) {
  const { attempts, rejected } = explanation
  return (
    <>
      <p class="models-summary">{summarise(explanation)}</p>
      {attempts.length === 0 ? (
        <EmptyState icon="models" title="Nothing may answer">
          Every model is left out, each for the reason below.
        </EmptyState>
      ) : (
        <ol class="models-attempts">
          {attempts.map((attempt, index) => (
            <Attempt key={`${attempt.provider}/${attempt.model}`} attempt={attempt} place={index + 1} />
          ))}
        </ol>
      )}
      {rejected.length > 0 ? <LeftOut rejected={rejected} /> : null}
    </>
  )
}

function summarise({ asked, resolved, strategy, attempts }: RouteExplanation): string {
  const meaning = {
    exact: `“${asked}” is a model’s own name`,
    qualified: `“${asked}” is one model of one provider`,
    virtual: `“${asked}” stands for several models`,
  }[resolved]
  const order = attempts.length > 1 ? `, ${strategyWords[strategy] ?? strategy}` : ''
  const count = attempts.length === 0 ? '' : ` ${capitalise(formatCounted(attempts.length, 'attempt'))}${order}.`
  return `${meaning}.${count}`
}

function Attempt({ attempt, place }: { readonly attempt: PlannedAttemptInfo; readonly place: number }) {
  const { provider, model, egress, role, why, score, estimatedUsd } = attempt
  const tone = role === 'choice' ? 'accent' : role === 'last-resort' ? 'warn' : 'neutral'
  return (
    <li class="card">
      <span class="models-place" aria-hidden="true">
        {place}
      </span>
      <div class="models-attempt">
        <div class="card-head">
          <h3>
            {provider}/{model}
          </h3>
          <Badge tone={tone}>{roleWords[role]}</Badge>
        </div>
        <p>{capitalise(why)}.</p>
        <p class="muted">
          {[
            capitalise(describePlace({ egress })),
            estimatedUsd === null
              ? 'price not known'
              : estimatedUsd === 0
                ? 'free'
                : `about ${formatCost(estimatedUsd)}`,
            score === null ? '' : `score ${formatScore(score)}`,
          ]
            .filter(Boolean)
            .join(' · ')}
        </p>
      </div>
    </li>
  )
}

/** Four digits, whatever its size: its unit differs from strategy to strategy. */
function formatScore(score: number): string {
  return Math.abs(score) >= 1_000 ? formatCount(Math.round(score)) : String(Number(score.toPrecision(4)))
}

const columns: readonly Column<RejectionInfo>[] = [
  {
    key: 'model',
    heading: 'Model',
    sortBy: ({ provider, model }) => `${provider}/${model}`,
    cell: ({ provider, model }) => (
      <span class="models-strong">
        {provider}/{model}
      </span>
    ),
  },
  { key: 'rule', heading: 'Rule', sortBy: ({ rule }) => rule, cell: ({ rule }) => <Badge>{ruleWords[rule]}</Badge> },
  { key: 'why', heading: 'Why', cell: ({ reason }) => capitalise(reason) },
]

function LeftOut({ rejected }: { readonly rejected: readonly RejectionInfo[] }) {
  const [most, setMost] = useState(pageSize)
  return (
    <section class="section">
      <h3>{capitalise(formatCounted(rejected.length, 'model'))} left out</h3>
      <Table
        caption="Models left out"
        columns={columns}
        rows={rejected.slice(0, most)}
        rowKey={({ provider, model }) => `${provider}/${model}`}
        empty={null}
      />
      {rejected.length > most ? <Button onClick={() => setMost(most + pageSize)}>Show more</Button> : null}
    </section>
  )
}
