/**
 * Numbers over time as stacked bars or as lines. What a point says is read out below the plot, for the pointer and for the arrow
 * keys alike; the same numbers can be opened as a table. Where nothing is known there is a gap, never a 0.
 */
import type { ComponentChildren } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { Button } from '../button.tsx'
import { Table, type Column } from '../table.tsx'
import { Plot, useWidth } from './plot.tsx'
import type { PlotShape } from './scale.ts'
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
  /** A value on the scale, where that is told otherwise than at a point. */
  readonly formatTick?: (value: number) => string
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
  const width = useWidth(place)
  const [marked, setMarked] = useState<number | null>(null)
  // Where the pointer stands: beside the bars, where the names of the axes are, a press means none of them.
  const pointed = useRef<number | null>(null)
  const choose = (index: number | null) => {
    setMarked(index)
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
    >
      {width === 0 ? null : (
        <Plot
          {...props}
          shape={props.shape ?? 'bars'}
          max={props.max}
          formatTick={props.formatTick ?? props.formatValue}
          width={width}
          height={plotHeight}
          marked={marked}
          onPoint={(index) => {
            pointed.current = index
            choose(index)
          }}
        />
      )}
    </div>
  )
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
