/** The frame around every page: navigation beside it (a bar on top of it on a phone), theme, sign-out, index progress. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { Button, Dialog, EmptyState, Icon, Logo } from '@cairn/ui'
import { AccountPage } from '../account/account-page.tsx'
import { AskPage } from '../ask/ask-page.tsx'
import { CachePage } from '../cache/cache-page.tsx'
import { KeysPage } from '../keys/keys-page.tsx'
import { ModelsPage } from '../models/models-page.tsx'
import { PairPage } from '../pair/pair-page.tsx'
import { IndexStrip } from '../vaults/index-status.tsx'
import { VaultsPage } from '../vaults/vaults-page.tsx'
import { useConsole } from './console-context.ts'
import { LazyPage } from './lazy-page.tsx'
import { hrefOf, isClosed, pages, pagesOf, useRoute, type PageId, type Route } from './router.ts'
import { useStore } from '@cairn/ui/store'
import { ThemeSwitch } from './theme-switch.tsx'

/** Whoever has no use of the asked page is shown what is their own. */
function useOwnRoute(): Route {
  const route = useRoute()
  const { can } = useConsole().session
  return pagesOf(can).some(({ id }) => id === route.page) || isClosed(route.page, can)
    ? route
    : { ...route, page: 'account' }
}

export function Shell() {
  const route = useOwnRoute()
  const main = useRef<HTMLElement>(null)
  const [menuOpen, setMenuOpen] = useState(false)
  const title = pages.find(({ id }) => id === route.page)?.title ?? ''
  const shown = useRef(route.page)
  useEffect(() => {
    document.title = `${title} · Cairn`
    if (shown.current !== route.page && route.page !== 'ask') main.current?.focus()
    shown.current = route.page
    setMenuOpen(false)
  }, [route.page])
  return (
    <div class="shell">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to content
      </button>
      <header class="top-bar">
        <Button kind="quiet" icon="menu" label="Menu" onClick={() => setMenuOpen(true)} />
        <span class="top-title">{title}</span>
        <Logo size={26} />
      </header>
      <header class="side-bar">
        <a class="brand" href={hrefOf('ask')} aria-label="Cairn">
          <Logo size={28} />
          <span>Cairn</span>
        </a>
        <Navigation page={route.page} />
        <SideFoot />
      </header>
      <main ref={main} class="main" tabIndex={-1}>
        <IndexProgress />
        <PageOf route={route} />
      </main>
      {menuOpen ? (
        <Dialog shape="drawer" title="Cairn" onClose={() => setMenuOpen(false)}>
          <Navigation page={route.page} onChoose={() => setMenuOpen(false)} />
          <SideFoot />
        </Dialog>
      ) : null}
    </div>
  )
}

function PageOf({ route }: { readonly route: Route }) {
  const { can } = useConsole().session
  if (isClosed(route.page, can)) return <ClosedPage page={route.page} />
  switch (route.page) {
    case 'ask':
      return <AskPage params={route.params} />
    case 'vaults':
      return <VaultsPage />
    case 'models':
      return <ModelsPage params={route.params} />
    case 'cache':
      return <CachePage />
    case 'access':
      return <LazyPage key="access" page="access" params={route.params} />
    case 'audit':
      return <LazyPage key="audit" page="audit" params={route.params} />
    case 'keys':
      return <KeysPage />
    case 'account':
      return <AccountPage />
    case 'pair':
      return <PairPage params={route.params} />
  }
}

/** Reached by an address that somebody else has sent, or from before a role was taken back. */
function ClosedPage({ page }: { readonly page: PageId }) {
  const title = pages.find(({ id }) => id === page)?.title ?? ''
  return (
    <div class="page">
      <h1 class="cairn-hidden">{title}</h1>
      <EmptyState icon="lock" title={`“${title}” is not open to you`}>
        It needs a role that you do not have. Ask whoever runs this server.
      </EmptyState>
    </div>
  )
}

function IndexProgress() {
  const { vaults } = useStore(useConsole().vaultsWatch.store)
  return vaults ? <IndexStrip vaults={vaults} /> : null
}

function Navigation({ page, onChoose }: { readonly page: PageId; readonly onChoose?: () => void }) {
  const { can } = useConsole().session
  const shown = pagesOf(can).filter(({ isAside }) => isAside !== true)
  return (
    <nav class="nav" aria-label="Pages">
      {shown.map(({ id, title, icon }) => (
        <a key={id} href={hrefOf(id)} aria-current={id === page ? 'page' : undefined} onClick={() => onChoose?.()}>
          <Icon name={icon} />
          <span>{title}</span>
        </a>
      ))}
    </nav>
  )
}

function SideFoot() {
  const { session, onSignOut } = useConsole()
  return (
    <div class="side-foot">
      <ThemeSwitch />
      <div class="person">
        <span class="person-name" title={`Cairn ${session.server.version}`}>
          {session.principal.name}
        </span>
        <Button kind="quiet" small icon="sign-out" label="Sign out" onClick={onSignOut} />
      </div>
    </div>
  )
}
