/** The frame of a page that is a document: heading, one sentence, one main action, content. */
import type { ComponentChildren } from 'preact'

export interface PageProps {
  readonly title: string
  readonly intro: ComponentChildren
  readonly action?: ComponentChildren
  /** Wider than a text is, for tables with many columns. */
  readonly isWide?: boolean
  readonly children: ComponentChildren
}

export function Page({ title, intro, action, isWide = false, children }: PageProps) {
  return (
    <div class={isWide ? 'page is-wide' : 'page'}>
      <header class="page-head">
        <div>
          <h1>{title}</h1>
          <p class="muted">{intro}</p>
        </div>
        {action}
      </header>
      {children}
    </div>
  )
}
