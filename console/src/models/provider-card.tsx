/** One provider: what it is, how it fares, what its last test said, and what can be done with it. */
import { useState } from 'preact/hooks'
import type { ProviderInfo } from '@cairn/contract'
import { Badge, Button, Icon } from '@cairn/ui'
import { formatCount, formatMs } from '../shell/clock.ts'
import { isWell, type ModelRow } from './matrix.ts'
import type { TestState } from './providers-view.tsx'
import { capitalise, describePlace, dialectNames, labelNames, originWords } from './words.ts'

export interface ProviderCardProps {
  readonly provider: ProviderInfo
  /** Its models that can be asked now. */
  readonly models: readonly ModelRow[]
  readonly test: TestState
  readonly onTest: () => void
  readonly onChange: () => void
  readonly onToggle: () => Promise<void>
  readonly onRemove: () => void
}

export function ProviderCard(props: ProviderCardProps) {
  const { provider, models, test } = props
  const { id, baseUrl, enabled, origin } = provider
  return (
    <li class={enabled ? 'card' : 'card is-off'}>
      <div class="card-head">
        <h3>{id}</h3>
        <StateBadge enabled={enabled} models={models} />
      </div>
      {baseUrl === null ? null : <p class="path">{baseUrl}</p>}
      <ProviderFacts provider={provider} models={models} />
      {originWords[origin] ? <p class="muted">{originWords[origin]}</p> : null}
      <TestResult test={test} />
      <Actions {...props} />
    </li>
  )
}

function StateBadge({ enabled, models }: { readonly enabled: boolean; readonly models: readonly ModelRow[] }) {
  if (!enabled) return <Badge>Switched off</Badge>
  const ill = models.filter((model) => !isWell(model)).length
  if (ill > 0)
    return (
      <Badge tone={ill === models.length ? 'danger' : 'warn'} icon="warning">
        {ill === models.length ? 'In trouble' : `${formatCount(ill)} of ${formatCount(models.length)} in trouble`}
      </Badge>
    )
  if (models.length === 0) return <Badge tone="warn">No models known</Badge>
  return (
    <Badge tone="accent" icon="check">
      In use
    </Badge>
  )
}

function ProviderFacts({ provider, models }: Pick<ProviderCardProps, 'provider' | 'models'>) {
  const { dialect, clearance, region, inFlight, waiting, hasKey, baseUrl } = provider
  return (
    <dl class="models-facts">
      <dt>Dialect</dt>
      <dd>{dialectNames[dialect]}</dd>
      <dt>Where</dt>
      <dd>
        {capitalise(describePlace(provider))}
        {region === null ? '' : `, ${region}`}
      </dd>
      <dt>Cleared for</dt>
      <dd>{labelNames[clearance]}</dd>
      <dt>Models</dt>
      <dd>{formatCount(models.length)}</dd>
      <dt>In work</dt>
      <dd>
        {formatCount(inFlight)}
        {waiting > 0 ? `, ${formatCount(waiting)} waiting` : ''}
      </dd>
      {baseUrl === null ? null : (
        <>
          <dt>API key</dt>
          <dd>{hasKey ? 'Stored' : 'None'}</dd>
        </>
      )}
    </dl>
  )
}

function TestResult({ test }: { readonly test: TestState }) {
  return (
    <div role="status" class="models-test">
      {test === null || test.at === 'running' ? null : (
        <p class={test.result.ok ? 'is-ok' : 'is-failed'}>
          <Icon name={test.result.ok ? 'check' : 'warning'} size={16} />
          <span>
            {test.result.message}
            {test.result.ms > 0 ? <span class="muted"> {formatMs(test.result.ms)}</span> : null}
          </span>
        </p>
      )}
    </div>
  )
}

function Actions({ provider, test, onTest, onChange, onToggle, onRemove }: ProviderCardProps) {
  const [busy, setBusy] = useState(false)
  const { id, origin, enabled } = provider
  const toggle = async () => {
    setBusy(true)
    await onToggle()
    setBusy(false)
  }
  if (origin === 'built-in') return null
  return (
    <div class="models-actions">
      <Button small label={`Test ${id}`} busy={test?.at === 'running'} onClick={onTest}>
        Test
      </Button>
      {origin === 'database' ? (
        <>
          <Button small label={`Change ${id}`} onClick={onChange}>
            Change
          </Button>
          <Button small label={`Switch ${enabled ? 'off' : 'on'} ${id}`} busy={busy} onClick={() => void toggle()}>
            {enabled ? 'Switch off' : 'Switch on'}
          </Button>
          <Button small kind="quiet" icon="trash" label={`Remove ${id}`} onClick={onRemove} />
        </>
      ) : null}
    </div>
  )
}
