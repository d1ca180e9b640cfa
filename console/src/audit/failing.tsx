/** Somebody outside who cannot be reached: since when, how often it was tried, and what was in the way. */
import { Badge } from '@cairn/ui'
import { formatCounted, formatDateTime } from '../shell/clock.ts'

export interface FailingProps {
  readonly tone: 'danger' | 'warn'
  readonly title: string
  /** Milliseconds since 1970. */
  readonly since: number | null
  readonly attempts: number
  readonly lastError: string | null
}

export function Failing({ tone, title, since, attempts, lastError }: FailingProps) {
  return (
    <div class="audit-two">
      <Badge tone={tone} icon="warning">
        {title}
      </Badge>
      <span class="muted">
        {since === null ? '' : `since ${formatDateTime(since)}, `}
        {formatCounted(attempts, 'try', 'tries')}
        {lastError === null ? '' : `: ${lastError}`}
      </span>
    </div>
  )
}
