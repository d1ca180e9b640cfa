/** One component of the gallery with its states beside each other, each under its name. */
import type { ComponentChildren } from 'preact'

export interface State {
  readonly name: string
  readonly shown: ComponentChildren
}

export interface FrameProps {
  readonly title: string
  readonly states: readonly State[]
  /** For what needs the whole width. */
  readonly wide?: boolean
}

export function Frame({ title, states, wide = false }: FrameProps) {
  return (
    <section class="cairn-gallery-frame" aria-label={title}>
      <h2>{title}</h2>
      <div class={wide ? 'cairn-gallery-states is-wide' : 'cairn-gallery-states'}>
        {states.map(({ name, shown }) => (
          <div key={name} class="cairn-gallery-state">
            <h3>{name}</h3>
            {shown}
          </div>
        ))}
      </div>
    </section>
  )
}
