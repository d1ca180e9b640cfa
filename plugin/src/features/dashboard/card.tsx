/** One part of the dashboard: a heading, and what is below it. */
import type { ComponentChildren } from 'preact'
import { ErrorState } from '@cairn/ui'
import type { Failure } from '@cairn/ui/client'

interface CardProps {
  readonly title: string
  /** A word or two beside the title. */
  readonly aside?: ComponentChildren
  readonly wide?: boolean
  readonly children: ComponentChildren
}

export function Card({ title, aside, wide = false, children }: CardProps) {
  return (
    <section class={wide ? 'cairn-card is-wide' : 'cairn-card'} aria-label={title}>
      <header class="cairn-card-head">
        <h2>{title}</h2>
        {aside ?? null}
      </header>
      {children}
    </section>
  )
}

/** What this person or this key may not see: the reason, and where it can be changed. */
export function NotShown({ what, right }: { readonly what: string; readonly right: string }) {
  return (
    <p class="cairn-muted">
      {what} whom the server’s rules allow <code>{right}</code>. A key for one vault alone never has it.
    </p>
  )
}

export function PartFailed({ failure }: { readonly failure: Failure }) {
  return <ErrorState title={failure.title} hint={failure.hint} code={failure.code} />
}
