/** Views of the audit log that are loaded when they are opened: those who search seldom verify, export or keep. */
import type { FunctionComponent } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Spinner } from '@cairn/ui'
import { malformed } from '../api/failure.ts'
import { FailureState } from '../shell/failure-state.tsx'

const laterViews = {
  integrity: async () => (await import('./integrity/integrity-view.tsx')).IntegrityView,
  export: async () => (await import('./export/export-view.tsx')).ExportView,
  retention: async () => (await import('./retention/retention-view.tsx')).RetentionView,
} as const satisfies Record<string, () => Promise<FunctionComponent>>

export type LaterViewId = keyof typeof laterViews

export function isLater(view: string): view is LaterViewId {
  return Object.hasOwn(laterViews, view)
}

export function LaterView({ view }: { readonly view: LaterViewId }) {
  const [loaded, setLoaded] = useState<{ readonly view: FunctionComponent | null } | null>(null)
  const begin = () => {
    laterViews[view]().then(
      (found) => setLoaded({ view: found }),
      () => setLoaded({ view: null }),
    )
  }
  useEffect(begin, [])
  if (loaded?.view) return <loaded.view />
  return loaded === null ? <Spinner label="Loading" /> : <FailureState failure={malformed} onRetry={begin} />
}
