/** How each model fares, and which took how much. */
import type { ModelsReply, UsageRow } from '@cairn/contract'
import { Badge, BarList, type BarPart } from '@cairn/ui'
import { describeHealth, formatCompact, formatMs, formatShare, usageSpans } from '@cairn/ui/figures'
import type { Figures } from '../../core/dashboard/figures.ts'
import { Card, PartFailed } from './card.tsx'

/** More are in the console. */
const mostModels = 8

const tokenParts: readonly BarPart[] = [
  { key: 'in', label: 'Tokens in', colour: 1 },
  { key: 'out', label: 'Tokens out', colour: 2 },
]

export function ModelsCard({ figures: { models, byModel, span } }: { readonly figures: Figures }) {
  const used = byModel?.ok === true ? takeMost(byModel.value.rows) : []
  return (
    <>
      <Card title="Models">
        {models.ok ? <Health reply={models.value} /> : <PartFailed failure={models.failure} />}
      </Card>
      {used.length === 0 ? null : (
        <Card title="Tokens by model">
          <BarList
            label={`Tokens by model, ${usageSpans[span].words}`}
            parts={tokenParts}
            rows={used.map((row) => ({
              key: row.group,
              name: row.group,
              values: [row.inputTokens, row.outputTokens],
              text: `${formatCompact(row.inputTokens)} in, ${formatCompact(row.outputTokens)} out`,
            }))}
          />
        </Card>
      )}
    </>
  )
}

function takeMost(rows: readonly UsageRow[]): readonly UsageRow[] {
  const tokensOf = ({ inputTokens, outputTokens }: UsageRow) => inputTokens + outputTokens
  return rows
    .filter((row) => tokensOf(row) > 0)
    .toSorted((a, b) => tokensOf(b) - tokensOf(a))
    .slice(0, mostModels)
}

function Health({ reply: { models } }: { readonly reply: ModelsReply }) {
  // Those in trouble first, then the one that answers when none is named.
  const rank = ({ health, isDefault }: (typeof models)[number]) => (health.state === 'ok' ? 2 : 0) - (isDefault ? 1 : 0)
  const shown = models.toSorted((a, b) => rank(a) - rank(b)).slice(0, mostModels)
  return (
    <>
      <ul class="cairn-rows">
        {shown.map(({ id, provider, builtIn, isDefault, egress, health }) => {
          const { tone, title, text } = describeHealth(health)
          const facts = [
            builtIn ? 'built in, quotes only' : provider,
            egress === 'external' ? 'outside of the server’s machine' : '',
            isDefault ? 'answers unless another is named' : '',
            health.ttftMs === null ? '' : `first word after ${formatMs(health.ttftMs)}`,
            health.errorRate >= 0.01 ? `${formatShare(health.errorRate)} fail` : '',
            text,
          ]
          return (
            <li key={`${provider}/${id}`}>
              <span>{id}</span>
              <Badge tone={tone} icon={tone === 'accent' ? 'check' : 'warning'}>
                {title}
              </Badge>
              <span class="cairn-row-note">{facts.filter(Boolean).join(' · ')}</span>
            </li>
          )
        })}
      </ul>
      {models.length > shown.length ? (
        <p class="cairn-muted">And {models.length - shown.length} more in the console.</p>
      ) : null}
    </>
  )
}
