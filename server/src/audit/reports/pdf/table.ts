/** A table over pages: its heading is repeated on each, no row is torn, and everything is tagged as what it is. */
import type { PdfStructure } from 'pdfkit'
import type { ReportCellKind } from '@cairn/contract'
import type { Ink, TextStyle } from './ink.ts'
import { ink as colours, type Sheet } from './sheet.ts'

export interface TableColumn {
  readonly title: string
  readonly kind: ReportCellKind
}

const cellStyle: TextStyle = { size: 7.5, weight: 'regular', colour: colours.text }
const headStyle: TextStyle = { size: 7, weight: 'bold', colour: colours.muted }
const padding = 4
const lineHeight = 10
const mostLines = 8

const numbers: ReadonlySet<ReportCellKind> = new Set(['count', 'usd', 'entry'])
/** Least and most width that a column asks for. */
const widthsOf: Readonly<Record<ReportCellKind, readonly [least: number, most: number]>> = {
  text: [52, 230],
  list: [60, 150],
  who: [70, 150],
  place: [70, 200],
  time: [84, 84],
  day: [56, 84],
  entry: [36, 56],
  count: [40, 76],
  usd: [48, 84],
  hash: [92, 150],
}

export function drawTable(
  sheet: Sheet,
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  parent: PdfStructure,
): void {
  const { ink } = sheet
  const widths = chooseWidths(ink, columns, rows, sheet.width)
  const table = ink.document.struct('Table')
  parent.add(table)
  const headings = columns.map(({ title }, at) => ink.wrap(title, (widths[at] ?? 0) - 2 * padding, headStyle, 2))
  const headHeight = heightOf(headings)
  const drawHead = (isFirst: boolean) =>
    drawRow({
      sheet,
      columns,
      widths,
      cells: headings,
      style: headStyle,
      height: headHeight,
      table: isFirst ? table : null,
    })
  sheet.reserve(headHeight + lineHeight + 2 * padding)
  drawHead(true)
  for (const row of rows) {
    const cells = columns.map((_, at) => ink.wrap(row[at] ?? '', (widths[at] ?? 0) - 2 * padding, cellStyle, mostLines))
    const height = heightOf(cells)
    if (sheet.reserve(height)) drawHead(false)
    drawRow({ sheet, columns, widths, cells, style: cellStyle, height, table })
  }
  table.end()
}

const heightOf = (cells: readonly (readonly string[])[]) =>
  Math.max(1, ...cells.map(({ length }) => length)) * lineHeight + 2 * padding - 2

interface Row {
  readonly sheet: Sheet
  readonly columns: readonly TableColumn[]
  readonly widths: readonly number[]
  readonly cells: readonly (readonly string[])[]
  readonly style: TextStyle
  readonly height: number
  /** Null for a heading that is repeated: it is there for eyes alone. */
  readonly table: PdfStructure | null
}

function drawRow({ sheet, columns, widths, cells, style, height, table }: Row): void {
  const { ink, left, width } = sheet
  const { document } = ink
  const isHead = style === headStyle
  const top = sheet.y
  document.markContent('Artifact', { type: 'Layout' })
  if (isHead) document.rect(left, top, width, height).fill(colours.sunken)
  document
    .strokeColor(colours.line)
    .lineWidth(0.5)
    .moveTo(left, top + height)
    .lineTo(left + width, top + height)
    .stroke()
  if (table !== null) document.endMarkedContent()
  const row = table === null ? null : document.struct('TR')
  if (row !== null) table?.add(row)
  let x = left
  cells.forEach((lines, at) => {
    const room = (widths[at] ?? 0) - 2 * padding
    const isNumber = numbers.has(columns[at]?.kind ?? 'text')
    const draw = () =>
      lines.forEach((line, index) => {
        const shift = isNumber ? Math.max(0, room - ink.width(line, style)) : 0
        ink.write(line, x + padding + shift, top + padding + lineHeight * index + 6.5, style)
      })
    if (row === null) draw()
    else tagged(document, row, isHead ? 'TH' : 'TD', draw)
    x += widths[at] ?? 0
  })
  if (table === null) document.endMarkedContent()
  row?.end()
  sheet.y += height
}

/** Content of a structure of its own. */
export function tagged(document: Ink['document'], parent: PdfStructure, type: string, draw: () => void): void {
  const structure = document.struct(type)
  parent.add(structure)
  const content = document.markStructureContent(type)
  draw()
  document.endMarkedContent()
  structure.add(content)
  structure.end()
}

/** Enough rows to know how wide a column is. */
const sampled = 200

/** What each column asks for, between its bounds; what is missing or left over is shared by how much they ask for. */
function chooseWidths(
  ink: Ink,
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  width: number,
): number[] {
  const asked = columns.map(({ title, kind }, at) => {
    const [least, most] = widthsOf[kind]
    const widest = rows
      .slice(0, sampled)
      .reduce((max, row) => Math.max(max, ink.width((row[at] ?? '').slice(0, 80), cellStyle)), 0)
    const wanted = Math.max(widest, ink.width(title, headStyle)) + 2 * padding + 1
    return { least, wide: Math.min(most, Math.max(least, wanted)) }
  })
  const total = asked.reduce((sum, { wide }) => sum + wide, 0)
  if (total <= width) return asked.map(({ wide }) => (wide * width) / total)
  const least = asked.reduce((sum, column) => sum + column.least, 0)
  if (least >= width) return asked.map((column) => (column.least * width) / least)
  return asked.map((column) => column.least + ((column.wide - column.least) * (width - least)) / (total - least))
}
