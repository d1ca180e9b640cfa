/** What came of a check, in a box: whether it is well, not well, or could not be told, never by colour alone. */
import type { ComponentChildren } from 'preact'
import { Icon } from '@cairn/ui'

export interface VerdictProps {
  readonly tone: 'good' | 'bad' | 'open'
  readonly title: string
  readonly children?: ComponentChildren
}

const icons = { good: 'check', bad: 'warning', open: 'info' } as const

export function Verdict({ tone, title, children }: VerdictProps) {
  return (
    <div class={`audit-verdict is-${tone}`}>
      <Icon name={icons[tone]} size={18} />
      <div>
        <p class="audit-verdict-title">{title}</p>
        {children ? <div class="audit-verdict-text">{children}</div> : null}
      </div>
    </div>
  )
}
