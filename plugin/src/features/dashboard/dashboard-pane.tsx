/** The view *Dashboard*: what was used, what it cost, how models and index fare, and what was asked on this device. */
import { useRef, useState } from 'preact/hooks'
import { Button, EmptyState, ErrorState, Spinner } from '@cairn/ui'
import { formatTimeOfDay, usageSpanIds, usageSpans, type UsageSpan } from '@cairn/ui/figures'
import { useStore } from '@cairn/ui/store'
import { useSeen } from '@cairn/ui/use-seen'
import type { ConnectionState } from '../../core/connection/connection.ts'
import type { CairnParts } from '../../core/ports.ts'
import { ConnectionBanner } from '../connection-banner.tsx'
import { useLook } from '../use-look.ts'
import { BudgetsCard } from './budgets-card.tsx'
import { CacheCard } from './cache-card.tsx'
import { IndexCard } from './index-card.tsx'
import { ModelsCard } from './models-card.tsx'
import { RecentCard } from './recent-card.tsx'
import { UsageCards } from './usage-cards.tsx'
import { useFigures } from './use-figures.ts'

export function DashboardPane({ parts }: { readonly parts: CairnParts }) {
  const state = useStore(parts.connection.state)
  const look = useLook(useStore(parts.settings.values))
  const place = useRef<HTMLDivElement>(null)
  const isSeen = useSeen(place)
  const [span, setSpan] = useState<UsageSpan>('day')
  const figures = useFigures(parts, { span, isOn: isSeen && state.at === 'ready' })
  const { value, at, isCurrent, failure } = figures
  return (
    <div ref={place} class={`cairn cairn-page ${look.classes}`} style={look.style}>
      <ConnectionBanner parts={parts} state={state} />
      <div class="cairn-page-scroller" tabIndex={-1}>
        <div class="cairn-page-head">
          <div class="cairn-spans" role="group" aria-label="How far back">
            {usageSpanIds.map((id) => (
              <Button key={id} small pressed={id === span} onClick={() => setSpan(id)}>
                {usageSpans[id].name}
              </Button>
            ))}
          </div>
          <span class="cairn-space" />
          {value ? <p class="cairn-muted">As of {formatTimeOfDay(at)}</p> : null}
          <Button
            small
            icon="refresh"
            label="Refresh"
            kind="quiet"
            disabled={state.at !== 'ready'}
            onClick={figures.refresh}
          />
        </div>
        {failure && state.at === 'ready' ? (
          <ErrorState title={failure.title} hint={failure.hint} code={failure.code} onRetry={figures.refresh} />
        ) : null}
        {value ? (
          <div class={isCurrent ? 'cairn-cards' : 'cairn-cards is-waiting'} aria-busy={!isCurrent}>
            <UsageCards figures={value} at={at} />
            <CacheCard figures={value} at={at} parts={parts} />
            <ModelsCard figures={value} />
            <BudgetsCard figures={value} />
            <IndexCard figures={value} />
            <RecentCard parts={parts} />
          </div>
        ) : (
          <Before state={state} failed={failure !== null} parts={parts} />
        )}
      </div>
    </div>
  )
}

/** Before the first figures: what this device knows by itself is there all the same. */
function Before({ state, failed, parts }: { state: ConnectionState; failed: boolean; parts: CairnParts }) {
  if (state.at === 'checking' || (state.at === 'ready' && !failed)) return <Spinner label="Loading the figures" />
  return (
    <div class="cairn-cards">
      {state.at === 'ready' ? null : (
        <EmptyState icon="server" title="No figures without the server">
          They come by themselves as soon as it is there.
        </EmptyState>
      )}
      <RecentCard parts={parts} />
    </div>
  )
}
