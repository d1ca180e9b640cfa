/**
 * Draws stacked bars or lines over time with uPlot, which is loaded when the first chart is shown. Colours come from the page:
 * the plot asks for them at each drawing, so a change of theme needs no new plot.
 */
import type uPlot from 'uplot'
import { stackValues, type SeriesValues } from './stack.ts'

/** In pixels of the page; colours as the browser computed them. */
export interface PlotLook {
  readonly parts: readonly string[]
  readonly text: string
  readonly grid: string
  readonly font: string
}

export interface PlotData {
  /** Start of each point, milliseconds since 1970, evenly spaced. */
  readonly times: readonly number[]
  readonly stepMs: number
  /** From the bottom up where they are stacked. */
  readonly parts: readonly SeriesValues[]
}

/** `bars`: parts of a whole, on top of each other. `lines`: numbers of their own, beside each other. */
export type PlotShape = 'bars' | 'lines'

export interface PlotOptions {
  readonly place: HTMLElement
  readonly height: number
  readonly data: PlotData
  readonly shape: PlotShape
  /** Top of the scale; as high as the data needs when it is left out. */
  readonly max?: number | undefined
  readonly look: () => PlotLook
  readonly formatTime: (at: number) => string
  readonly formatValue: (value: number) => string
  /** The pointer stands over a point, or has left. */
  readonly onPoint: (index: number | null) => void
}

export interface Plot {
  setData(data: PlotData): void
  /** Shows the line at a point, as if the pointer stood there. */
  point(index: number | null): void
  resize(width: number): void
  redraw(): void
  destroy(): void
}

type UPlot = typeof uPlot

export async function loadPlotter(): Promise<UPlot> {
  return (await import('uplot')).default
}

/** Room for the words beside and below the plot, and of one letter of them, in pixels. */
const axisWidth = 48
const letterWidth = 7
const axisHeight = 28

export function drawPlot(UPlot: UPlot, options: PlotOptions): Plot {
  const { place, height, onPoint, shape } = options
  let data = options.data
  const plot = new UPlot(
    {
      width: Math.max(1, place.clientWidth),
      height,
      ms: 1,
      legend: { show: false },
      padding: [8, 0, 0, 0],
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false, setScale: false } },
      scales: {
        x: { time: true, range: () => windowOf(data) },
        y: { range: (_, _min, max) => [0, options.max ?? (max > 0 ? max * 1.1 : 1)] },
      },
      axes: describeAxes(options, () => data),
      series: [{}, ...data.parts.map((_, index) => describeSeries(UPlot, data.parts.length - 1 - index, options))],
      hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
    },
    arrange(data, shape),
    place,
  )
  return {
    setData(next) {
      data = next
      plot.setData(arrange(next, shape))
    },
    point(index) {
      const at = index === null ? undefined : centreOf(data, index)
      plot.setCursor(at === undefined ? { left: -10, top: -10 } : { left: plot.valToPos(at, 'x'), top: 0 })
    },
    resize: (width) => plot.setSize({ width: Math.max(1, width), height }),
    redraw: () => plot.redraw(),
    destroy: () => plot.destroy(),
  }
}

/** The highest stack is drawn first, so that each lower one covers its share of it. */
function arrange({ times, stepMs, parts }: PlotData, shape: PlotShape): uPlot.AlignedData {
  const values = shape === 'bars' ? stackValues(parts) : parts
  return [times.map((at) => at + stepMs / 2), ...values.toReversed()] as uPlot.AlignedData
}

function centreOf({ times, stepMs }: PlotData, index: number): number | undefined {
  const at = times[index]
  return at === undefined ? undefined : at + stepMs / 2
}

function windowOf({ times, stepMs }: PlotData): [number, number] {
  return [times[0] ?? 0, (times.at(-1) ?? 0) + stepMs]
}

function describeSeries(UPlot: UPlot, part: number, { look, shape }: PlotOptions): uPlot.Series {
  const colour = () => look().parts[part] ?? 'transparent'
  // Points too: a step between two of which nothing is known has no line to it.
  if (shape === 'lines')
    return { width: 2, stroke: colour, points: { show: true, size: 6, stroke: colour, fill: colour } }
  const bars = UPlot.paths.bars?.({ size: [0.8, 28] })
  return {
    width: 0,
    fill: colour,
    points: { show: false },
    ...(bars && { paths: bars }),
  }
}

function describeAxes({ look, formatTime, formatValue, max }: PlotOptions, data: () => PlotData): uPlot.Axis[] {
  const shared = { stroke: () => look().text, font: look().font, ticks: { show: false } }
  const grid = { stroke: () => look().grid, width: 1 }
  return [
    {
      ...shared,
      size: axisHeight,
      space: 72,
      grid: { show: false },
      values: (_, at) => at.map(formatTime),
      ...(data().stepMs >= dayMs && { splits: (plot) => splitDays(plot, data()) }),
    },
    {
      ...shared,
      size: (_, values) => Math.max(axisWidth, ...(values ?? []).map((text) => text.length * letterWidth + 12)),
      gap: 8,
      grid,
      values: (_, values) => values.map(formatValue),
      ...(max !== undefined && { splits: () => [0, max / 4, max / 2, (max * 3) / 4, max] }),
    },
  ]
}

const dayMs = 86_400_000
/** Least room from one day's name to the next, in pixels. */
const dayWidth = 64

/** Names of days stand below their bars: they begin at midnight of the server's zone, not of this device's. */
function splitDays(plot: uPlot, { times, stepMs }: PlotData): number[] {
  const most = Math.max(1, Math.floor(plot.bbox.width / devicePixelRatio / dayWidth))
  const every = Math.ceil(times.length / most)
  // Not the last one: half of its name would stand beyond the edge.
  const last = times.length - 1 - Math.floor(every / 2)
  return times.filter((_, index) => (last - index) % every === 0).map((at) => at + stepMs / 2)
}
