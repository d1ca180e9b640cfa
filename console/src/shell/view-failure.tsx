/** Why a view cannot be shown: something failed, or the person may not see it. */
import { EmptyState } from '@cairn/ui'
import type { Failure } from '../api/failure.ts'
import { FailureState, withCode } from './failure-state.tsx'
import { refusalText, WhyLink } from './why-link.tsx'

export interface ViewFailureProps {
  readonly failure: Failure
  /** What could not be shown: “usage”. */
  readonly what: string
  /** What it was about, for the explanation of a refusal. */
  readonly resource?: string | undefined
  readonly onRetry: () => void
}

/** What may not be seen is no fault: it says whom to ask, and trying again would not help. */
export function ViewFailure({ failure, what, resource, onRetry }: ViewFailureProps) {
  if (failure.status !== 403) return <FailureState failure={failure} onRetry={onRetry} />
  return (
    <EmptyState icon="key" title={`You may not see ${what}`}>
      Ask whoever runs this server for the permission. {withCode(refusalText(failure.message))}{' '}
      <WhyLink failure={failure} resource={resource} />
    </EmptyState>
  )
}
