/** Pages of a report: where the next thing goes, and what stands at the top and bottom of each. Sizes are in points. */
import type { Ink, TextStyle } from './ink.ts'

/** Dark on white, whatever the console’s colours are: it is printed. */
export const ink = {
  text: '#22211e',
  muted: '#5c594f',
  accent: '#1a664c',
  line: '#dedbd3',
  sunken: '#f2f1ec',
} as const

const margin = 36
const headHeight = 40
const footHeight = 22

export interface Sheet {
  readonly ink: Ink
  readonly left: number
  readonly width: number
  /** Where the next thing goes. */
  y: number
  /** Goes to a new page when so much does not fit on this one; true when it did. */
  reserve(height: number): boolean
}

export function openSheet(of: Ink): Sheet {
  const { document } = of
  document.addPage()
  const { width, height } = document.page
  const top = margin + headHeight
  const bottom = height - margin - footHeight
  const sheet: Sheet = {
    ink: of,
    left: margin,
    width: width - 2 * margin,
    y: top,
    reserve(needed) {
      if (sheet.y + needed <= bottom || sheet.y === top) return false
      document.addPage()
      sheet.y = top
      return true
    },
  }
  return sheet
}

export interface Margins {
  readonly title: string
  readonly period: string
  /** Size, root and time of the log. */
  readonly pin: string
  readonly query: string
}

const titleStyle: TextStyle = { size: 9, weight: 'bold', colour: ink.accent }
const smallStyle: TextStyle = { size: 7, weight: 'regular', colour: ink.muted }

/** On every page, once it is known how many there are. For eyes alone: the text says it once, at its beginning. */
export function drawMargins({ ink: of, left, width }: Sheet, { title, period, pin, query }: Margins): void {
  const { document } = of
  const { start, count } = document.bufferedPageRange()
  const fit = (text: string, room: number) => of.wrap(text, room, smallStyle, 1)[0] ?? ''
  for (let page = start; page < start + count; page++) {
    document.switchToPage(page)
    const { height } = document.page
    const put = (line: string, y: number, isRight = false) =>
      of.write(line, isRight ? left + width - of.width(line, smallStyle) : left, y, smallStyle)
    document.markContent('Artifact', { type: 'Pagination' })
    of.write(title, left, margin + 8, titleStyle)
    put(period, margin + 8, true)
    put(fit(pin, width), margin + 20)
    rule(document, left, margin + 28, width)
    const number = `Page ${page - start + 1} of ${count}`
    const foot = height - margin - 4
    rule(document, left, foot - 11, width)
    put(fit(query, width - of.width(number, smallStyle) - 20), foot)
    put(number, foot, true)
    document.endMarkedContent()
  }
}

function rule(document: Ink['document'], left: number, y: number, width: number): void {
  document
    .strokeColor(ink.line)
    .lineWidth(0.5)
    .moveTo(left, y)
    .lineTo(left + width, y)
    .stroke()
}
