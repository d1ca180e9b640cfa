/** How a number went, without axes, beside the number itself: it adds nothing that its words and its chart do not say. */
import type { SeriesValues } from './time-series/stack.ts'

export interface SparklineProps {
  readonly values: SeriesValues
  readonly colour?: 1 | 2 | 3 | 4
}

/** Of the drawing, which is stretched to its place. */
const width = 100
const height = 24
const leastBars = 3

export function Sparkline({ values, colour = 1 }: SparklineProps) {
  const most = Math.max(0, ...values.map((value) => value ?? 0))
  // One or two bars alone tell nothing of how it went.
  if (values.filter((value) => value !== null && value > 0).length < leastBars) return null
  const step = width / values.length
  const bars = values.map((value, index) => {
    const tall = Math.max(value === null || value === 0 ? 0 : 1, ((value ?? 0) / most) * height)
    return `M${(index * step).toFixed(2)} ${height}v${(-tall).toFixed(1)}h${(step * 0.7).toFixed(2)}V${height}Z`
  })
  return (
    <svg
      class="cairn-spark"
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      <path class={`cairn-plot-bars is-${colour}`} d={bars.join('')} />
    </svg>
  )
}
