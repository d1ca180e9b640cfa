/** Who did what, and when: searching the log, counting it, following it live, and one entry of it. All has its address. */
import { useCallback, useMemo } from 'preact/hooks'
import { listPrincipals } from '../access/access-api.ts'
import { namesOf } from '../access/names.ts'
import { useLoad } from '../access/use-load.ts'
import { useConsole } from '../shell/console-context.ts'
import { Page } from '../shell/page.tsx'
import { hrefOf } from '../shell/router.ts'
import { useStore } from '@cairn/ui/store'
import { AuditProvider, type AuditContext, type AuditPlace } from './audit-context.ts'
import { EntryPanel } from './entry-panel.tsx'
import { Facets } from './facets.tsx'
import { readFilter, writeFilter, type AuditFilter } from './filter.ts'
import { FilterChips } from './filter-chips.tsx'
import { GroupsView } from './groups-view.tsx'
import { readDimensions, writeDimensions } from './groups.ts'
import { isLater, LaterView } from './later-view.tsx'
import { LiveView } from './live-view.tsx'
import { ReportsView } from './reports/reports-view.tsx'
import { SearchView } from './search-view.tsx'
import { chooseView, views, type ViewId } from './views.ts'

const askPrincipals = () => listPrincipals()
const none = [] as const

export function AuditPage({ params }: { readonly params: URLSearchParams }) {
  const principals = useLoad(askPrincipals)
  const { session, vaultsWatch } = useConsole()
  const { vaults } = useStore(vaultsWatch.store)
  const address = params.toString()
  const filter = useMemo(() => readFilter(params), [address])
  const by = useMemo(() => readDimensions(params.get('by')), [address])
  const view = chooseView(params.get('view'))
  const names = useMemo(() => namesOf(principals.value?.principals ?? none, vaults ?? none), [principals.value, vaults])
  const hrefWith = useCallback(
    (change: Partial<AuditFilter>, { view: other = view, entry }: AuditPlace = {}) =>
      hrefOf('audit', {
        ...(other !== 'search' && { view: other }),
        ...writeFilter({ ...filter, ...change }),
        ...(other === 'groups' && writeDimensions(by)),
        ...(entry !== undefined && { entry: String(entry) }),
      }),
    [filter, view, by],
  )
  const value = useMemo<AuditContext>(
    () => ({
      names,
      self: session.principal.id,
      filter,
      view,
      hrefWith,
      look: (change) => {
        location.hash = hrefWith(change)
      },
    }),
    [names, session, filter, view, hrefWith],
  )
  const entry = readEntry(params.get('entry'))
  return (
    <Page title="Audit" intro="Who did what, and when. Each look at the log is in the log too." isWide>
      <AuditProvider value={value}>
        <ViewLinks view={view} hrefTo={(id) => hrefWith({}, { view: id })} />
        {view === 'reports' ? (
          <ReportsView params={params} />
        ) : isLater(view) ? (
          <LaterView key={view} view={view} />
        ) : (
          <div class="audit-body">
            <Facets hasTime={view !== 'live'} />
            <div class="audit-main">
              <FilterChips />
              {view === 'search' ? <SearchView /> : null}
              {view === 'groups' ? <GroupsView by={by} /> : null}
              {view === 'live' ? <LiveView /> : null}
            </div>
          </div>
        )}
        {entry === null ? null : <EntryPanel key={entry} seq={entry} />}
      </AuditProvider>
    </Page>
  )
}

/** The place of an entry in the log; null for what is no such number. */
function readEntry(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null
}

interface ViewLinksProps {
  readonly view: ViewId
  readonly hrefTo: (view: ViewId) => string
}

function ViewLinks({ view, hrefTo }: ViewLinksProps) {
  return (
    <nav class="models-views audit-views" aria-label="Views of the audit log">
      {views.map(({ id, title }) => (
        <a key={id} href={hrefTo(id)} aria-current={id === view ? 'page' : undefined}>
          {title}
        </a>
      ))}
    </nav>
  )
}
