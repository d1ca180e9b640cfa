/** A badge: one or two words on the state of the thing beside it. Colour is never the only sign. */
import type { ComponentChildren } from 'preact'
import { Icon, type IconName } from './icon.tsx'

export interface BadgeProps {
  readonly children: ComponentChildren
  readonly tone?: 'neutral' | 'accent' | 'warn' | 'danger'
  readonly icon?: IconName | undefined
  readonly title?: string
}

export function Badge({ children, tone = 'neutral', icon, title }: BadgeProps) {
  return (
    <span class={`cairn-badge is-${tone}`} title={title}>
      {icon ? <Icon name={icon} size={14} /> : null}
      {children}
    </span>
  )
}
