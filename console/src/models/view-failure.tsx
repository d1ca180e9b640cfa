/** Why a view cannot be shown: something failed, or the person may not see it. */
import { EmptyState } from '@cairn/ui'
import type { Failure } from '../api/failure.ts'
import { FailureState } from '../shell/failure-state.tsx'

export interface ViewFailureProps {
  readonly failure: Failure
  /** What could not be shown: “usage”. */
  readonly what: string
  readonly onRetry: () => void
}

/** What may not be seen is no fault: it says whom to ask, and trying again would not help. */
export function ViewFailure({ failure, what, onRetry }: ViewFailureProps) {
  if (failure.status !== 403) return <FailureState failure={failure} onRetry={onRetry} />
  return (
    <EmptyState icon="key" title={`You may not see ${what}`}>
      Ask whoever runs this server for the permission. {failure.message}
    </EmptyState>
  )
}
