/** Where things stand in a plot over time, in pixels, and which of its places are named. Pure. */
import type { SeriesValues } from './stack.ts'

/** `bars`: parts of a whole, on top of each other. `lines`: numbers of their own, beside each other. */
export type PlotShape = 'bars' | 'lines'

export interface PlotData {
  /** Start of each point, milliseconds since 1970, evenly spaced. */
  readonly times: readonly number[]
  readonly stepMs: number
  /** From the bottom up; where they are stacked, each is the upper edge of its share. */
  readonly edges: readonly SeriesValues[]
}

/** The part of the picture that holds the data; the names of the axes stand to its left and below it. */
export interface PlotArea {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

export interface Tick {
  readonly at: number
  readonly text: string
}

/** A round top of the scale and the steps up to it: five at most, each 1, 2, 2.5 or 5 times a power of ten. */
export function divideScale(most: number, fixed?: number): { readonly top: number; readonly ticks: readonly number[] } {
  if (fixed !== undefined) return { top: fixed, ticks: [0, 1, 2, 3, 4].map((quarter) => (fixed * quarter) / 4) }
  const wanted = most > 0 ? most : 1
  const power = 10 ** Math.floor(Math.log10(wanted / 4))
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => wanted / size <= 4.001) ?? wanted
  const count = Math.ceil(wanted / step - 1e-9)
  return { top: count * step, ticks: Array.from({ length: count + 1 }, (_, index) => index * step) }
}

export function mostOf(edges: readonly SeriesValues[]): number {
  return edges.reduce((most, values) => values.reduce<number>((top, value) => Math.max(top, value ?? 0), most), 0)
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
const roundSpans = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1_440, 2_880].map((count) => count * minuteMs)

/**
 * Names along the time. Days and longer are named below their bars, since they begin at midnight of the server's zone and
 * not of this device's; hours and minutes where the clock of this device is round.
 */
export function nameTimes(
  { times, stepMs }: Pick<PlotData, 'times' | 'stepMs'>,
  width: number,
  formatTime: (at: number) => string,
): readonly Tick[] {
  const [first] = times
  if (first === undefined) return []
  const stepWidth = width / times.length
  const nameWidth = Math.max(48, formatTime(first).length * letterWidth) + 16
  const place = (at: number) => ((at - first) / stepMs) * stepWidth
  const keep = (named: readonly Tick[]) => {
    const kept: Tick[] = []
    for (const tick of named) {
      const half = (tick.text.length * letterWidth) / 2
      const isInside = tick.at - half >= -axisGap * 4 && tick.at + half <= width
      if (isInside && tick.at - (kept.at(-1)?.at ?? -Infinity) >= nameWidth) kept.push(tick)
    }
    return kept
  }
  if (stepMs >= dayMs) {
    const every = Math.max(1, Math.ceil(nameWidth / stepWidth))
    const last = times.length - 1 - Math.floor(every / 2)
    const shown = times.filter((_, index) => (last - index) % every === 0)
    return keep(shown.map((at) => ({ at: place(at + stepMs / 2), text: formatTime(at) })))
  }
  const span = roundSpans.find((size) => (size / stepMs) * stepWidth >= nameWidth && size >= stepMs) ?? dayMs
  const isRound = (at: number) => (at - new Date(at).getTimezoneOffset() * minuteMs) % span === 0
  return keep(times.filter(isRound).map((at) => ({ at: place(at), text: formatTime(at) })))
}

/** Of one letter of an axis's names, and between them and the data, in pixels. */
export const letterWidth = 7
const axisGap = 8
const axisHeight = 26
const topRoom = 8

export function placeArea(size: { width: number; height: number }, names: readonly string[]): PlotArea {
  const longest = names.reduce((most, { length }) => Math.max(most, length), 0)
  const left = Math.max(36, longest * letterWidth + axisGap)
  return {
    left,
    top: topRoom,
    width: Math.max(1, size.width - left),
    height: size.height - topRoom - axisHeight,
  }
}

/** Bars leave a fifth of their step free and are never wider than this. */
const widestBar = 28

/** Points between two of which nothing is known, which no line leads to: as lines of no length, for round ends. */
export function drawDots({ times, edges }: PlotData, area: PlotArea, top: number): string[] {
  const step = area.width / Math.max(1, times.length)
  return edges.map((values) =>
    values
      .map((value, index) => {
        const isAlone = (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null
        if (value === null || !isAlone) return ''
        return `M${round(area.left + step * (index + 0.5))} ${round(area.top + area.height * (1 - value / top))}h0`
      })
      .join(''),
  )
}

/** Paths of the parts, in their order; with bars each covers its share alone. */
export function drawParts(data: PlotData, area: PlotArea, { shape, top }: { shape: PlotShape; top: number }): string[] {
  const { times, edges } = data
  const step = area.width / Math.max(1, times.length)
  const y = (value: number) => round(area.top + area.height * (1 - value / top))
  const centre = (index: number) => area.left + step * (index + 0.5)
  if (shape === 'lines') return edges.map((values) => drawLine(values, centre, y))
  const width = Math.min(widestBar, step * 0.8)
  return edges.map((values, part) =>
    values
      .map((value, index) => {
        const below = edges[part - 1]?.[index] ?? 0
        if (value === null || value <= below) return ''
        const x = round(centre(index) - width / 2)
        return `M${x} ${y(below)}V${y(value)}h${round(width)}V${y(below)}Z`
      })
      .join(''),
  )
}

function drawLine(values: SeriesValues, centre: (index: number) => number, y: (value: number) => number): string {
  return values
    .map((value, index) => {
      if (value === null) return ''
      const place = `${round(centre(index))} ${y(value)}`
      const before = values[index - 1] ?? null
      return `${before === null ? 'M' : 'L'}${place}`
    })
    .join('')
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10
}
