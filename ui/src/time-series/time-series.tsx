/**
 * Numbers over time as stacked bars or as lines. What a point says is read out below the plot, for the pointer and for the arrow
 * keys alike; the same numbers can be opened as a table. Where nothing is known there is a gap, never a 0.
 */
import type { ComponentChildren } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { Button } from '../button.tsx'
import { Table, type Column } from '../table.tsx'
import { drawPlot, loadPlotter, type Plot, type PlotData, type PlotLook, type PlotShape } from './draw-plot.ts'
import { findLastKnown, type SeriesValues } from './stack.ts'

export interface SeriesPart {
  readonly key: string
  readonly label: string
  /** Which of the four colours for series; `danger` for what went wrong. */
  readonly colour: 1 | 2 | 3 | 4 | 'danger'
  readonly values: SeriesValues
}

export interface TimeSeriesProps {
  /** What the numbers are: “Share of reads answered from the cache”. */
  readonly label: string
  /** Start of each point, milliseconds since 1970, evenly spaced. */
  readonly times: readonly number[]
  readonly stepMs: number
  /** From the bottom up where they are stacked. */
  readonly parts: readonly SeriesPart[]
  /** Parts of a whole as `bars`, which is usual; numbers of their own as `lines`. */
  readonly shape?: PlotShape
  /** Top of the scale; as high as the data needs when it is left out. */
  readonly max?: number
  readonly formatTime: (at: number) => string
  readonly formatValue: (value: number) => string
  /** A point in a few words, for the line below the plot: “86 % of 412 reads”. Empty: the parts say it all. */
  readonly summary: (index: number) => string
  /** Shown in place of the plot while nothing is known. */
  readonly empty: ComponentChildren
  /** A point was pressed, or Enter while it is read. */
  readonly onPress?: (index: number) => void
}

const plotHeight = 200

export function TimeSeries(props: TimeSeriesProps) {
  const { label, parts, times, empty } = props
  const last = findLastKnown(parts.map(({ values }) => values))
  const [chosen, setChosen] = useState<number | null>(null)
  const [isTable, setIsTable] = useState(false)
  if (last === null) return <>{empty}</>
  const shown = chosen !== null && chosen < times.length ? chosen : last
  return (
    <figure class="cairn-series" aria-label={label}>
      <Legend parts={parts} />
      <PlotPlace {...props} shown={shown} onPoint={setChosen} />
      <div class="cairn-series-foot">
        <p class="cairn-series-readout">{describePoint(props, shown)}</p>
        <Button small kind="quiet" expanded={isTable} onClick={() => setIsTable(!isTable)}>
          {isTable ? 'Hide the table' : 'Show as a table'}
        </Button>
      </div>
      {isTable ? (
        <div class="cairn-series-table">
          <PointTable {...props} />
        </div>
      ) : null}
    </figure>
  )
}

/** “14:05: 86 % of 412 reads (memory 80 %, disk 6 %)” */
function describePoint({ times, parts, formatTime, formatValue, summary }: TimeSeriesProps, index: number): string {
  const known = parts.flatMap(({ label, values }) => {
    const value = values[index] ?? null
    return value === null || value === 0
      ? []
      : [`${label.charAt(0).toLowerCase()}${label.slice(1)} ${formatValue(value)}`]
  })
  const at = formatTime(times[index] ?? 0)
  const words = summary(index)
  if (words === '') return `${at}: ${known.join(', ')}`
  return `${at}: ${words}${known.length > 0 && parts.length > 1 ? ` (${known.join(', ')})` : ''}`
}

function Legend({ parts }: { readonly parts: readonly SeriesPart[] }) {
  return (
    <ul class="cairn-series-legend">
      {parts.map(({ key, label, colour }) => (
        <li key={key}>
          <span class={`cairn-series-swatch is-${colour}`} />
          {label}
        </li>
      ))}
    </ul>
  )
}

interface PlotPlaceProps extends TimeSeriesProps {
  readonly shown: number
  readonly onPoint: (index: number | null) => void
}

/** The place is a slider to those who hear it: its value is the point in time, and the arrow keys move along it. */
function PlotPlace(props: PlotPlaceProps) {
  const { label, times, shown, onPoint, onPress } = props
  const place = useRef<HTMLDivElement>(null)
  // Where the pointer stands: beside the bars, where the names of the axes are, a press means none of them.
  const pointed = useRef<number | null>(null)
  const plot = usePlot(place, {
    ...props,
    onPoint: (index) => {
      pointed.current = index
      onPoint(index)
    },
  })
  const choose = (index: number | null) => {
    plot.current?.point(index)
    onPoint(index)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && onPress) {
      event.preventDefault()
      return onPress(shown)
    }
    const last = times.length - 1
    const next: Record<string, number> = { ArrowLeft: shown - 1, ArrowRight: shown + 1, Home: 0, End: last }
    const wanted = next[event.key]
    if (wanted === undefined) return
    event.preventDefault()
    choose(Math.min(last, Math.max(0, wanted)))
  }
  return (
    <div
      ref={place}
      class={onPress ? 'cairn-series-plot is-pressed' : 'cairn-series-plot'}
      role="slider"
      tabIndex={0}
      aria-label={`${label}: point in time`}
      aria-valuemin={0}
      aria-valuemax={times.length - 1}
      aria-valuenow={shown}
      aria-valuetext={describePoint(props, shown)}
      onKeyDown={onKeyDown}
      onBlur={() => choose(null)}
      onClick={() => (pointed.current === null ? undefined : onPress?.(pointed.current))}
    />
  )
}

function usePlot(place: { readonly current: HTMLDivElement | null }, props: PlotPlaceProps) {
  const { times, stepMs, parts } = props
  const plot = useRef<Plot | null>(null)
  const latest = useRef(props)
  latest.current = props
  const data = useMemo<PlotData>(
    () => ({ times, stepMs, parts: parts.map(({ values }) => values) }),
    [times, stepMs, parts],
  )
  const dataNow = useRef(data)
  dataNow.current = data
  const colours = parts.map(({ colour }) => colour).join()
  useEffect(() => {
    const element = place.current
    if (!element) return
    let isGone = false
    let stopWatching = () => {}
    void loadPlotter().then((UPlot) => {
      if (isGone) return
      const made = drawPlot(UPlot, {
        place: element,
        height: plotHeight,
        data: dataNow.current,
        shape: latest.current.shape ?? 'bars',
        max: latest.current.max,
        look: () => readLook(element),
        formatTime: (at) => latest.current.formatTime(at),
        formatValue: (value) => latest.current.formatValue(value),
        onPoint: (index) => latest.current.onPoint(index),
      })
      plot.current = made
      stopWatching = watchLook(element, made)
    })
    return () => {
      isGone = true
      stopWatching()
      plot.current?.destroy()
      plot.current = null
    }
    // Another step, such as days after hours, has other words along the axis.
  }, [colours, stepMs])
  useEffect(() => plot.current?.setData(data), [data])
  return plot
}

/** Colours and font as the page has them now: those of the legend's swatches, of the text and of its border. */
function readLook(element: HTMLElement): PlotLook {
  const swatches = element.parentElement?.querySelectorAll('.cairn-series-swatch') ?? []
  const style = getComputedStyle(element)
  return {
    parts: [...swatches].map((swatch) => getComputedStyle(swatch).backgroundColor),
    text: style.color,
    grid: style.borderTopColor,
    font: `${style.fontSize} ${style.fontFamily}`,
  }
}

/** Draws again when the theme changes, and fits the plot to its place. */
function watchLook(element: HTMLElement, plot: Plot): () => void {
  const redraw = () => plot.redraw()
  const scheme = matchMedia('(prefers-color-scheme: dark)')
  scheme.addEventListener('change', redraw)
  const themes = new MutationObserver(redraw)
  for (const root of [document.documentElement, document.body])
    themes.observe(root, { attributes: true, attributeFilter: ['data-theme', 'class'] })
  const sizes = new ResizeObserver(() => plot.resize(element.clientWidth))
  sizes.observe(element)
  return () => {
    scheme.removeEventListener('change', redraw)
    themes.disconnect()
    sizes.disconnect()
  }
}

/** Newest first; points of which nothing is known are left out. */
function PointTable(props: TimeSeriesProps) {
  const { label, times, parts, shape, formatTime, formatValue, summary, empty } = props
  const rows = times.flatMap((at, index) => (parts.some(({ values }) => values[index] !== null) ? [{ at, index }] : []))
  const columns: Column<{ at: number; index: number }>[] = [
    { key: 'at', heading: 'Time', cell: ({ at }) => formatTime(at) },
    ...parts.map((part) => ({
      key: part.key,
      heading: part.label,
      align: 'end' as const,
      cell: ({ index }: { index: number }) => tellValue(part.values[index] ?? null, shape, formatValue),
    })),
  ]
  if (rows.some(({ index }) => summary(index) !== ''))
    columns.push({ key: 'summary', heading: 'In all', align: 'end', cell: ({ index }) => summary(index) })
  return (
    <Table caption={label} columns={columns} rows={rows.toReversed()} rowKey={({ at }) => String(at)} empty={empty} />
  )
}

/** A part of a stack of which nothing is known has no share in it; a number of its own is not known. */
function tellValue(value: number | null, shape: PlotShape | undefined, formatValue: (value: number) => string): string {
  return value === null && shape === 'lines' ? '–' : formatValue(value ?? 0)
}
