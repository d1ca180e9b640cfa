/** The picture of a time series, drawn as SVG: its colours are classes, so that a change of theme needs no new drawing. */
import { useEffect, useMemo, useState } from 'preact/hooks'
import {
  divideScale,
  drawDots,
  drawParts,
  mostOf,
  nameTimes,
  placeArea,
  type PlotArea,
  type PlotShape,
} from './scale.ts'
import { stackValues, type SeriesValues } from './stack.ts'

export interface PlotProps {
  readonly times: readonly number[]
  readonly stepMs: number
  readonly parts: readonly {
    readonly key: string
    readonly colour: 1 | 2 | 3 | 4 | 'danger'
    readonly values: SeriesValues
  }[]
  readonly shape: PlotShape
  readonly max: number | undefined
  /** Of the place, in pixels. */
  readonly width: number
  readonly height: number
  readonly formatTime: (at: number) => string
  readonly formatTick: (value: number) => string
  /** The point that a line is drawn through; null for none. */
  readonly marked: number | null
  /** The pointer stands over a point, or over none. */
  readonly onPoint: (index: number | null) => void
}

export function Plot(props: PlotProps) {
  const { times, stepMs, parts, shape, max, width, height, formatTime, formatTick, marked, onPoint } = props
  const { area, ticks, top, paths, dots } = useMemo(() => {
    const values = parts.map((part) => part.values)
    const edges = shape === 'bars' ? stackValues(values) : values
    const scale = divideScale(mostOf(edges), max)
    const place = placeArea({ width, height }, scale.ticks.map(formatTick))
    const data = { times, stepMs, edges }
    return {
      area: place,
      ...scale,
      dots: shape === 'lines' ? drawDots(data, place, scale.top) : [],
      paths: drawParts(data, place, { shape, top: scale.top }),
    }
  }, [times, stepMs, parts, shape, max, width, height])
  const indexAt = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect()
    const x = event.clientX - box.left - area.left
    onPoint(x < 0 || x >= area.width ? null : Math.floor((x / area.width) * times.length))
  }
  const step = area.width / Math.max(1, times.length)
  return (
    <svg
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden="true"
      onPointerMove={indexAt}
      onPointerDown={indexAt}
      onPointerLeave={() => onPoint(null)}
    >
      <rect class="cairn-plot-area" x={area.left} y={area.top} width={area.width} height={area.height} />
      {ticks.map((value) => {
        const y = Math.round(area.top + area.height * (1 - value / top)) + 0.5
        return (
          <g key={value}>
            <path class="cairn-plot-grid" d={`M${area.left} ${y}h${area.width}`} />
            <text x={area.left - 8} y={y} dy="0.32em" text-anchor="end">
              {formatTick(value)}
            </text>
          </g>
        )
      })}
      {marked === null ? null : (
        <rect
          class="cairn-plot-mark"
          x={area.left + step * marked}
          y={area.top}
          width={Math.max(1, step)}
          height={area.height}
        />
      )}
      {parts.map(({ key, colour }, index) => (
        <g key={key} class={`cairn-plot-${shape} is-${colour}`}>
          <path d={paths[index] ?? ''} />
          {dots[index] ? <path class="cairn-plot-dots" d={dots[index]} /> : null}
        </g>
      ))}
      <TimeNames area={area} times={times} stepMs={stepMs} formatTime={formatTime} />
    </svg>
  )
}

type TimeNamesProps = Pick<PlotProps, 'times' | 'stepMs' | 'formatTime'> & { readonly area: PlotArea }

function TimeNames({ area, times, stepMs, formatTime }: TimeNamesProps) {
  return nameTimes({ times, stepMs }, area.width, formatTime).map(({ at, text }) => (
    <text key={at} x={area.left + at} y={area.top + area.height + 20} text-anchor="middle">
      {text}
    </text>
  ))
}

/** The width of an element, followed as it changes; 0 before it is known. */
export function useWidth(place: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const element = place.current
    if (element === null) return
    // In a hidden tab there is none: what was drawn stays as it was.
    const look = () => element.clientWidth > 0 && setWidth(Math.floor(element.clientWidth))
    const sizes = new ResizeObserver(look)
    sizes.observe(element)
    look()
    return () => sizes.disconnect()
  }, [])
  return width
}
