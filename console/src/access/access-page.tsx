/** Who may do what: people, roles, what holds on folders, the policy, and why. Each view has its address. */
import { useCallback, useMemo } from 'preact/hooks'
import { EmptyState, Spinner } from '@cairn/ui'
import { useConsole } from '../shell/console-context.ts'
import { Page } from '../shell/page.tsx'
import { hrefOf } from '../shell/router.ts'
import { useStore } from '@cairn/ui/store'
import { ViewFailure } from '../shell/view-failure.tsx'
import { getMatrix, listHeld, listPrincipals } from './access-api.ts'
import { AccessProvider, useAccess } from './access-context.ts'
import { FoldersView } from './folders-view.tsx'
import { countShort, mostShown } from './held.ts'
import { HeldView } from './held-view.tsx'
import { MatrixView } from './matrix-view.tsx'
import { namesOf } from './names.ts'
import { PeopleView } from './people-view.tsx'
import { PolicyView } from './policy-view.tsx'
import { useLoad } from './use-load.ts'
import { chooseView, findClosed, views, viewsFor, type ViewId } from './views.ts'
import { WhyView } from './why-view.tsx'

const askMatrix = () => getMatrix()
const askPrincipals = () => listPrincipals()
const askHeld = () => listHeld(mostShown)

export function AccessPage({ params }: { readonly params: URLSearchParams }) {
  const matrix = useLoad(askMatrix)
  const principals = useLoad(askPrincipals)
  const { vaults } = useStore(useConsole().vaultsWatch.store)
  const open = matrix.value === null ? [] : viewsFor(matrix.value)
  const held = useLoad(open.includes('held') ? askHeld : null)
  const refresh = useCallback(() => {
    matrix.reload()
    principals.reload()
    held.reload()
  }, [matrix.reload, principals.reload, held.reload])
  const value = useMemo(() => {
    if (matrix.value === null || principals.value === null) return null
    const may = new Set(matrix.value.may)
    const names = namesOf(principals.value.principals, vaults ?? [])
    return { matrix: matrix.value, names, may: (action: string) => may.has(action), held, refresh }
  }, [matrix.value, principals.value, vaults, held.value, held.failure, refresh])
  const failure = matrix.failure ?? principals.failure
  const closed = findClosed(params.get('view'), open)
  const view = closed === null ? chooseView(params.get('view'), open) : null
  return (
    <Page title="Access" intro="Who may see, ask and change what, and why." isWide>
      {failure ? <ViewFailure failure={failure} what="access" onRetry={refresh} /> : null}
      {value ? (
        <AccessProvider value={value}>
          <ViewLinks view={view} open={open} />
          {view === null ? <Closed title={closed ?? ''} /> : <ViewOf view={view} params={params} />}
        </AccessProvider>
      ) : failure ? null : (
        <Spinner label="Loading access" />
      )}
    </Page>
  )
}

/** Reached by an address that somebody else has sent, or from before a role was taken back. */
function Closed({ title }: { readonly title: string }) {
  return (
    <EmptyState icon="key" title={`“${title}” is not open to you`}>
      It needs a role that you do not have. Ask whoever runs this server.
    </EmptyState>
  )
}

function ViewLinks({ view, open }: { readonly view: ViewId | null; readonly open: readonly ViewId[] }) {
  return (
    <nav class="models-views access-views" aria-label="Views of access">
      {views
        .filter(({ id }) => open.includes(id))
        .map(({ id, title }) => (
          <a key={id} href={hrefOf('access', { view: id })} aria-current={id === view ? 'page' : undefined}>
            {id === 'held' ? <HeldTitle /> : title}
          </a>
        ))}
    </nav>
  )
}

/** With how many wait for somebody. A narrow phone has no room for both its second word and the number. */
function HeldTitle() {
  return (
    <>
      <span>
        Held<span class="access-tab-rest"> back</span>
      </span>
      <HeldCount />
    </>
  )
}

function HeldCount() {
  const { value } = useAccess().held
  if (value === null || value.held.length === 0) return null
  return (
    <span class="access-tab-count">
      {countShort(value.held.length)}
      <span class="cairn-hidden"> {value.held.length === 1 ? 'note' : 'notes'}</span>
    </span>
  )
}

function ViewOf({ view, params }: { readonly view: ViewId; readonly params: URLSearchParams }) {
  switch (view) {
    case 'people':
      return <PeopleView params={params} />
    case 'matrix':
      return <MatrixView params={params} />
    case 'folders':
      return <FoldersView params={params} />
    case 'held':
      return <HeldView params={params} />
    case 'policy':
      return <PolicyView params={params} />
    case 'why':
      return <WhyView params={params} />
  }
}
