/** The frame of a page that is a document: heading, one sentence, one main action, content. */
import type { ComponentChildren } from 'preact'

export interface PageProps {
  readonly title: string
  readonly intro: ComponentChildren
  readonly action?: ComponentChildren
  readonly children: ComponentChildren
}

export function Page({ title, intro, action, children }: PageProps) {
  return (
    <div class="page">
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
