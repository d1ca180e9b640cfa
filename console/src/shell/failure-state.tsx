/** A failure of the server or of the way to it, as an error state. */
import { ErrorState } from '@cairn/ui'
import type { ComponentChildren } from 'preact'
import type { Failure } from '../api/failure.ts'
import { refusalText, WhyLink } from './why-link.tsx'

export interface FailureStateProps {
  readonly failure: Failure
  /** What it was about, for the explanation of a refusal. */
  readonly resource?: string | undefined
  readonly onRetry?: (() => void) | undefined
}

export function FailureState({ failure, resource, onRetry }: FailureStateProps) {
  const own = failure.code.startsWith('console.')
  return (
    <ErrorState
      title={failure.title}
      hint={failure.hint && withCode(failure.hint)}
      code={own ? undefined : failure.code}
      requestId={failure.requestId}
      onRetry={onRetry}
    >
      {failure.message ? (
        <>
          {withCode(refusalText(failure.message))} <WhyLink failure={failure} resource={resource} />
        </>
      ) : undefined}
    </ErrorState>
  )
}

/** Hints name commands between backticks. */
export function withCode(text: string): ComponentChildren {
  return text.split('`').map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))
}
