/** What went wrong, in the server's words, with what to do next and a way to try again. */
import type { ComponentChildren } from 'preact'
import { Button } from './button.tsx'
import { Icon } from './icon.tsx'

export interface ErrorStateProps {
  readonly title: string
  readonly children?: ComponentChildren
  /** What the reader can do about it, one sentence. */
  readonly hint?: ComponentChildren
  readonly code?: string | undefined
  readonly requestId?: string | undefined
  readonly onRetry?: (() => void) | undefined
}

export function ErrorState({ title, children, hint, code, requestId, onRetry }: ErrorStateProps) {
  const trace = [code, requestId].filter(Boolean).join(' · ')
  return (
    <div class="cairn-error" role="alert">
      <span class="cairn-error-icon">
        <Icon name="warning" />
      </span>
      <div class="cairn-error-body">
        <p class="cairn-error-title">{title}</p>
        {children ? <div>{children}</div> : null}
        {hint ? <p>{hint}</p> : null}
        {trace ? <p class="cairn-error-trace">{trace}</p> : null}
        {onRetry ? (
          <Button small icon="refresh" onClick={onRetry}>
            Try again
          </Button>
        ) : null}
      </div>
    </div>
  )
}
