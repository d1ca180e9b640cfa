/** Pages that are loaded when they are opened: most people never do, and their tables are large. */
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

interface LaterPage {
  readonly title: string
  readonly intro: string
  readonly load: () => Promise<LoadedPage>
}

const laterPages = {
  access: {
    title: 'Access',
    intro: 'Who may see, ask and change what, and why.',
    load: async () => (await import('../access/access-page.tsx')).AccessPage,
  },
  audit: {
    title: 'Audit',
    intro: 'Who did what, and when.',
    load: async () => (await import('../audit/audit-page.tsx')).AuditPage,
  },
} as const satisfies Record<string, LaterPage>

export interface LazyPageProps extends PageProps {
  readonly page: keyof typeof laterPages
}

export function LazyPage({ page, params }: LazyPageProps) {
  const { title, intro, load }: LaterPage = laterPages[page]
  const [loaded, setLoaded] = useState<{ readonly page: LoadedPage | null } | null>(null)
  const begin = () => {
    load().then(
      (found) => setLoaded({ page: found }),
      () => setLoaded({ page: null }),
    )
  }
  useEffect(begin, [])
  if (loaded?.page) return <loaded.page params={params} />
  return (
    <Page title={title} intro={intro} isWide>
      {loaded === null ? (
        <Spinner label={`Loading ${title.toLowerCase()}`} />
      ) : (
        <FailureState failure={malformed} onRetry={begin} />
      )}
    </Page>
  )
}
