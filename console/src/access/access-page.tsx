/** Who may do what: people, roles, what holds on folders, the policy, and why. Each view has its address. */
import { useCallback, useMemo } from 'preact/hooks'
import { Spinner } from '@cairn/ui'
import { useConsole } from '../shell/console-context.ts'
import { Page } from '../shell/page.tsx'
import { hrefOf } from '../shell/router.ts'
import { useStore } from '../shell/store.ts'
import { ViewFailure } from '../shell/view-failure.tsx'
import { getMatrix, listPrincipals } from './access-api.ts'
import { AccessProvider } from './access-context.ts'
import { FoldersView } from './folders-view.tsx'
import { MatrixView } from './matrix-view.tsx'
import { namesOf } from './names.ts'
import { PeopleView } from './people-view.tsx'
import { PolicyView } from './policy-view.tsx'
import { useLoad } from './use-load.ts'
import { chooseView, views, viewsFor, type ViewId } from './views.ts'
import { WhyView } from './why-view.tsx'

const askMatrix = () => getMatrix()
const askPrincipals = () => listPrincipals()

export function AccessPage({ params }: { readonly params: URLSearchParams }) {
  const matrix = useLoad(askMatrix)
  const principals = useLoad(askPrincipals)
  const { vaults } = useStore(useConsole().vaultsWatch.store)
  const refresh = useCallback(() => {
    matrix.reload()
    principals.reload()
  }, [matrix.reload, principals.reload])
  const value = useMemo(() => {
    if (matrix.value === null || principals.value === null) return null
    const held = new Set(matrix.value.may)
    const names = namesOf(principals.value.principals, vaults ?? [])
    return { matrix: matrix.value, names, may: (action: string) => held.has(action), refresh }
  }, [matrix.value, principals.value, vaults, refresh])
  const failure = matrix.failure ?? principals.failure
  const open = value === null ? [] : viewsFor(value.matrix)
  const view = chooseView(params.get('view'), open)
  return (
    <Page title="Access" intro="Who may see, ask and change what, and why." isWide>
      {failure ? <ViewFailure failure={failure} what="access" onRetry={refresh} /> : null}
      {value ? (
        <AccessProvider value={value}>
          <ViewLinks view={view} open={open} />
          <ViewOf view={view} params={params} />
        </AccessProvider>
      ) : failure ? null : (
        <Spinner label="Loading access" />
      )}
    </Page>
  )
}

function ViewLinks({ view, open }: { readonly view: ViewId; readonly open: readonly ViewId[] }) {
  return (
    <nav class="models-views" aria-label="Views of access">
      {views
        .filter(({ id }) => open.includes(id))
        .map(({ id, title }) => (
          <a key={id} href={hrefOf('access', { view: id })} aria-current={id === view ? 'page' : undefined}>
            {title}
          </a>
        ))}
    </nav>
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
    case 'policy':
      return <PolicyView params={params} />
    case 'why':
      return <WhyView params={params} />
  }
}
