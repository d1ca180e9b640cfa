/**
 * Draws stacked bars over time with uPlot, which is loaded when the first chart is shown. Colours come from the page:
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
  /** From the bottom up. */
  readonly parts: readonly SeriesValues[]
}

export interface PlotOptions {
  readonly place: HTMLElement
  readonly height: number
  readonly data: PlotData
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

/** Room for the words beside and below the plot, in pixels. */
const axisWidth = 48
const axisHeight = 28

export function drawPlot(UPlot: UPlot, options: PlotOptions): Plot {
  const { place, height, look, onPoint } = options
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
        y: { range: (_, _min, max) => [0, options.max ?? Math.max(1, max * 1.1)] },
      },
      axes: describeAxes(options),
      series: [{}, ...data.parts.map((_, index) => describeBars(UPlot, data.parts.length - 1 - index, look))],
      hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
    },
    arrange(data),
    place,
  )
  return {
    setData(next) {
      data = next
      plot.setData(arrange(next))
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
function arrange({ times, stepMs, parts }: PlotData): uPlot.AlignedData {
  return [times.map((at) => at + stepMs / 2), ...stackValues(parts).toReversed()] as uPlot.AlignedData
}

function centreOf({ times, stepMs }: PlotData, index: number): number | undefined {
  const at = times[index]
  return at === undefined ? undefined : at + stepMs / 2
}

function windowOf({ times, stepMs }: PlotData): [number, number] {
  return [times[0] ?? 0, (times.at(-1) ?? 0) + stepMs]
}

function describeBars(UPlot: UPlot, part: number, look: () => PlotLook): uPlot.Series {
  const bars = UPlot.paths.bars?.({ size: [0.8, 28] })
  return {
    width: 0,
    fill: () => look().parts[part] ?? 'transparent',
    points: { show: false },
    ...(bars && { paths: bars }),
  }
}

function describeAxes({ look, formatTime, formatValue, max }: PlotOptions): uPlot.Axis[] {
  const shared = { stroke: () => look().text, font: look().font, ticks: { show: false } }
  const grid = { stroke: () => look().grid, width: 1 }
  return [
    { ...shared, size: axisHeight, space: 72, grid: { show: false }, values: (_, at) => at.map(formatTime) },
    {
      ...shared,
      size: axisWidth,
      gap: 8,
      grid,
      values: (_, values) => values.map(formatValue),
      ...(max !== undefined && { splits: () => [0, max / 4, max / 2, (max * 3) / 4, max] }),
    },
  ]
}
