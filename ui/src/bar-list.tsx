/** Numbers beside each other as bars of one scale: a row each, with its name and its number as text. */
import type { ComponentChildren } from 'preact'

export interface BarPart {
  readonly key: string
  readonly label: string
  /** Which of the four colours for series; `danger` for what went wrong. */
  readonly colour: 1 | 2 | 3 | 4 | 'danger'
}

export interface BarRow {
  readonly key: string
  readonly name: ComponentChildren
  /** One for each part, in its order. */
  readonly values: readonly number[]
  /** The numbers in words: “1,204 in, 310 out”. */
  readonly text: string
}

export interface BarListProps {
  /** What the numbers are: “Tokens by model”. */
  readonly label: string
  readonly parts: readonly BarPart[]
  readonly rows: readonly BarRow[]
}

export function BarList({ label, parts, rows }: BarListProps) {
  const most = Math.max(...rows.map(({ values }) => values.reduce((sum, value) => sum + value, 0)), 0)
  return (
    <figure class="cairn-series" aria-label={label}>
      <ul class="cairn-series-legend">
        {parts.map((part) => (
          <li key={part.key}>
            <span class={`cairn-series-swatch is-${part.colour}`} />
            {part.label}
          </li>
        ))}
      </ul>
      <ul class="cairn-bars">
        {rows.map(({ key, name, values, text }) => (
          <li key={key}>
            <span class="cairn-bars-name">{name}</span>
            <span class="cairn-bars-text">{text}</span>
            <span class="cairn-bars-track" aria-hidden="true">
              {parts.map((part, index) => (
                <span
                  key={part.key}
                  class={`cairn-bars-part cairn-series-swatch is-${part.colour}`}
                  style={{ inlineSize: most > 0 ? `${((values[index] ?? 0) / most) * 100}%` : '0' }}
                />
              ))}
            </span>
          </li>
        ))}
      </ul>
    </figure>
  )
}
