/** The page of access, loaded when it is opened: most people never do, and its tables are large. */
import type { FunctionComponent } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Spinner } from '@cairn/ui'
import { malformed } from '../api/failure.ts'
import { FailureState } from './failure-state.tsx'
import { Page } from './page.tsx'

interface PageProps {
  readonly params: URLSearchParams
}

type LoadedPage = FunctionComponent<PageProps>

export function LazyAccessPage({ params }: PageProps) {
  const [loaded, setLoaded] = useState<{ readonly page: LoadedPage | null } | null>(null)
  const load = () => {
    import('../access/access-page.tsx').then(
      ({ AccessPage }) => setLoaded({ page: AccessPage }),
      () => setLoaded({ page: null }),
    )
  }
  useEffect(load, [])
  if (loaded?.page) return <loaded.page params={params} />
  return (
    <Page title="Access" intro="Who may see, ask and change what, and why." isWide>
      {loaded === null ? <Spinner label="Loading access" /> : <FailureState failure={malformed} onRetry={load} />}
    </Page>
  )
}
