/** A failure of the server or of the way to it, as an error state. */
import { ErrorState } from '@cairn/ui'
import type { ComponentChildren } from 'preact'
import type { Failure } from '../api/failure.ts'

export interface FailureStateProps {
  readonly failure: Failure
  readonly onRetry?: (() => void) | undefined
}

export function FailureState({ failure, onRetry }: FailureStateProps) {
  const own = failure.code.startsWith('console.')
  return (
    <ErrorState
      title={failure.title}
      hint={failure.hint && withCode(failure.hint)}
      code={own ? undefined : failure.code}
      requestId={failure.requestId}
      onRetry={onRetry}
    >
      {failure.message || undefined}
    </ErrorState>
  )
}

/** Hints name commands between backticks. */
function withCode(text: string): ComponentChildren {
  return text.split('`').map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))
}
