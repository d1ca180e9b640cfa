/** What can answer, what it can do, how it fares and what it costs: five views of one page, each with its address. */
import type { ModelsReply } from '@cairn/contract'
import { Spinner } from '@cairn/ui'
import { listModels } from '../api/resources.ts'
import { Page } from '../shell/page.tsx'
import { hrefOf } from '../shell/router.ts'
import { useLive, type Live } from '../shell/use-live.ts'
import { BudgetsView } from './budgets-view.tsx'
import { MatrixView } from './matrix-view.tsx'
import { ProvidersView } from './providers-view.tsx'
import { RouteView } from './route-view.tsx'
import { UsageView } from './usage-view.tsx'
import { ViewFailure } from '../shell/view-failure.tsx'

const views = [
  { id: 'matrix', title: 'Models' },
  { id: 'providers', title: 'Providers' },
  { id: 'usage', title: 'Usage' },
  { id: 'route', title: 'Route' },
  { id: 'budgets', title: 'Budgets' },
] as const

type ViewId = (typeof views)[number]['id']

const refreshMs = 4_000

export function ModelsPage({ params }: { readonly params: URLSearchParams }) {
  const live = useLive(listModels, refreshMs)
  const view = views.find(({ id }) => id === params.get('view'))?.id ?? 'matrix'
  return (
    <Page title="Models" intro="What can answer, what it can do, how it fares and what it costs." isWide>
      <ViewLinks view={view} />
      <View view={view} params={params} live={live} />
    </Page>
  )
}

function ViewLinks({ view }: { readonly view: ViewId }) {
  return (
    <nav class="models-views" aria-label="Views of models">
      {views.map(({ id, title }) => (
        <a
          key={id}
          href={hrefOf('models', id === 'matrix' ? {} : { view: id })}
          aria-current={id === view ? 'page' : undefined}
        >
          {title}
        </a>
      ))}
    </nav>
  )
}

interface ViewProps {
  readonly view: ViewId
  readonly params: URLSearchParams
  readonly live: Live<ModelsReply>
}

function View({ view, params, live }: ViewProps) {
  const { value, failure, refresh } = live
  const notice = failure ? <ViewFailure failure={failure} what="models" onRetry={refresh} /> : null
  switch (view) {
    case 'matrix':
      return (
        <>
          {notice}
          {value ? <MatrixView reply={value} /> : failure ? null : <Spinner label="Loading models" />}
        </>
      )
    case 'providers':
      return (
        <>
          {notice}
          {value ? (
            <ProvidersView reply={value} onChanged={refresh} />
          ) : failure ? null : (
            <Spinner label="Loading providers" />
          )}
        </>
      )
    case 'usage':
      return <UsageView />
    case 'route':
      return <RouteView params={params} reply={value} />
    case 'budgets':
      return <BudgetsView reply={value} />
  }
}
