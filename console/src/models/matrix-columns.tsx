/** The columns of the matrix: what a model is, how it fares, what it can do, what it costs. */
import type { CapabilityName, ModelInfo } from '@cairn/contract'
import { Badge, Icon, type Column } from '@cairn/ui'
import { formatCompact, formatCount, formatShare } from '../shell/clock.ts'
import { hrefOf } from '../shell/router.ts'
import type { ModelRow } from './matrix.ts'
import { usualRoute, writeRoute } from './route-params.ts'
import { describeHealth } from '@cairn/ui/figures'
import { describePlace, describePrice, formatLatency, formatSpeed } from './words.ts'

export const matrixColumns: readonly Column<ModelRow>[] = [
  { key: 'model', heading: 'Model', sortBy: ({ id }) => id, cell: (model) => <Name model={model} /> },
  {
    key: 'state',
    heading: 'State',
    sortBy: ({ health }) => stateOrder.indexOf(health.state),
    cell: (model) => <HealthBadge model={model} />,
  },
  ...capabilityColumns({ vision: 'Vision', tools: 'Tools', 'json-schema': 'JSON', streaming: 'Stream' }),
  ...capabilityColumns({ reasoning: 'Reason' }),
  {
    key: 'context',
    heading: 'Context',
    align: 'end',
    sortBy: ({ contextWindow }) => contextWindow,
    cell: ({ contextWindow, builtIn }) =>
      builtIn ? <NotApplicable /> : contextWindow === null ? <Unknown /> : <>{formatCompact(contextWindow)}</>,
  },
  {
    key: 'price',
    heading: 'Price in / out',
    align: 'end',
    sortBy: ({ inputUsdPerMTok, outputUsdPerMTok }) =>
      inputUsdPerMTok === null && outputUsdPerMTok === null ? null : (inputUsdPerMTok ?? 0) + (outputUsdPerMTok ?? 0),
    cell: (model) => <Price model={model} />,
  },
  {
    key: 'ttft',
    heading: 'First token',
    align: 'end',
    sortBy: ({ health }) => health.ttftMs,
    cell: ({ health: { ttftMs } }) => (ttftMs === null ? <NotMeasured /> : <>{formatLatency(ttftMs)}</>),
  },
  {
    key: 'speed',
    heading: 'Tokens/s',
    align: 'end',
    sortBy: ({ health }) => health.tokensPerSecond,
    cell: ({ health: { tokensPerSecond } }) =>
      tokensPerSecond === null ? <NotMeasured /> : <>{formatSpeed(tokensPerSecond)}</>,
  },
  {
    key: 'errors',
    heading: 'Errors',
    align: 'end',
    sortBy: ({ health }) => health.errorRate,
    cell: ({ health: { errorRate } }) => (
      <span class={errorRate > 0 ? 'models-errors' : 'muted'}>{formatShare(errorRate)}</span>
    ),
  },
  {
    key: 'work',
    heading: 'In work',
    align: 'end',
    sortBy: ({ health }) => health.inFlight,
    cell: ({ health: { inFlight } }) => (inFlight === 0 ? <span class="muted">0</span> : <>{formatCount(inFlight)}</>),
  },
]

/** From well to ill. */
const stateOrder: readonly ModelRow['health']['state'][] = ['ok', 'starting', 'probing', 'cooling', 'open']

function capabilityColumns(headings: Partial<Record<CapabilityName, string>>): Column<ModelRow>[] {
  return (Object.entries(headings) as [CapabilityName, string][]).map(([name, heading]) => ({
    key: name,
    heading,
    align: 'middle',
    cell: ({ capabilities, builtIn, kind }) =>
      builtIn || kind === 'embedding' ? <NotApplicable /> : <Ability is={capabilities[name]} />,
  }))
}

export function explainHref({ provider, id, builtIn, kind }: ModelInfo): string {
  const asked = builtIn ? 'ask' : kind === 'embedding' ? 'embedding' : 'chat'
  return hrefOf('models', writeRoute({ ...usualRoute, model: `${provider}/${id}`, kind: asked }))
}

function Name({ model }: { readonly model: ModelRow }) {
  const kind = model.kind === 'embedding' ? ' · embeddings' : ''
  return (
    <div class="models-name">
      <a href={explainHref(model)}>{model.id}</a>
      {model.isDefault ? <Badge title="Answers a question that names no model">Default</Badge> : null}
      <span class="muted">
        {model.provider}, {describePlace(model)}
        {kind}
      </span>
    </div>
  )
}

function HealthBadge({ model }: { readonly model: ModelRow }) {
  const { tone, title, text } = describeHealth(model.health)
  return (
    <div class="models-health">
      <Badge tone={tone} icon={tone === 'accent' ? 'check' : 'warning'}>
        {title}
      </Badge>
      {text ? <span class="muted">{text}</span> : null}
    </div>
  )
}

/** Unknown is a third answer, never a no. */
function Ability({ is }: { readonly is: boolean | undefined }) {
  if (is === undefined) return <Unknown />
  return (
    <span class={is ? 'models-yes' : 'muted'}>
      {is ? <Icon name="check" size={18} /> : <span aria-hidden="true">–</span>}
      <span class="cairn-hidden">{is ? 'Yes' : 'No'}</span>
    </span>
  )
}

export function Unknown() {
  return (
    <span class="models-unknown" title="Not known">
      <span aria-hidden="true">?</span>
      <span class="cairn-hidden">Not known</span>
    </span>
  )
}

function NotMeasured() {
  return (
    <span class="muted" title="Not measured yet">
      <span aria-hidden="true">–</span>
      <span class="cairn-hidden">Not measured yet</span>
    </span>
  )
}

/** A question that does not arise, such as what an embedding model can see. */
function NotApplicable() {
  return <span class="models-none cairn-hidden">Does not apply</span>
}

function Price({ model }: { readonly model: ModelRow }) {
  const words = describePrice(model)
  if (words === null) return <Unknown />
  return (
    <span class="models-price">
      {words.price}
      {words.source ? <span class="muted">{words.source}</span> : null}
    </span>
  )
}
