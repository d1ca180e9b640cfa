/** What a place says when it has nothing to show: what belongs here, and the one thing to do next. */
import type { ComponentChildren } from 'preact'
import { Icon, type IconName } from './icon.tsx'

export interface EmptyStateProps {
  readonly icon: IconName
  readonly title: string
  readonly children?: ComponentChildren
  readonly action?: ComponentChildren
}

export function EmptyState({ icon, title, children, action }: EmptyStateProps) {
  return (
    <div class="cairn-state">
      <span class="cairn-state-icon">
        <Icon name={icon} size={24} />
      </span>
      <h2 class="cairn-state-title">{title}</h2>
      {children ? <div class="cairn-state-text">{children}</div> : null}
      {action ? <div class="cairn-state-action">{action}</div> : null}
    </div>
  )
}
