/** A table with aligned columns that fits the terminal: the widest column that may shrink gives way. */
import type { Style } from './style.ts'
import { cut, cutMiddle, padEnd, padStart, widthOf } from './width.ts'

export interface Column {
  readonly title: string
  readonly align?: 'right'
  /** Where text is cut when the terminal is too narrow; without it the column keeps its width. */
  readonly shrink?: 'end' | 'middle'
  readonly paint?: (text: string) => string
  /** Left out, the last such column first, where even the narrowest table does not fit. */
  readonly expendable?: true
}

const narrowest = 8
const gap = 2

export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[], style: Style): string[] {
  const shown = columns.map((column, index) => ({ column, width: naturalWidth(column, rows, index), index }))
  leaveOut(shown, style.columns)
  shrink(shown, style.columns)
  const line = (cells: readonly string[], paintOf: (column: Column) => (text: string) => string) =>
    shown
      .map(({ column, width, index }) => paintCell(cells[index] ?? '', { column, width, paint: paintOf(column) }))
      .join(' '.repeat(gap))
      .trimEnd()
  return [
    line(
      columns.map(({ title }) => title),
      () => style.dim,
    ),
    ...rows.map((row) => line(row, ({ paint }) => paint ?? ((text) => text))),
  ]
}

interface Shown {
  readonly column: Column
  readonly index: number
  width: number
}

function naturalWidth(column: Column, rows: readonly (readonly string[])[], index: number): number {
  return Math.max(widthOf(column.title), ...rows.map((row) => widthOf(row[index] ?? '')))
}

function leaveOut(shown: Shown[], available: number): void {
  const least = ({ column, width }: Shown) => (column.shrink === undefined ? width : Math.min(width, narrowest))
  while (totalOf(shown, least) > available) {
    const last = shown.findLastIndex(({ column }) => column.expendable === true)
    if (last < 0) return
    shown.splice(last, 1)
  }
}

function shrink(shown: readonly Shown[], available: number): void {
  for (let surplus = totalOf(shown, ({ width }) => width) - available; surplus > 0; surplus -= 1) {
    const flexible = shown.filter(({ column, width }) => column.shrink !== undefined && width > narrowest)
    const widest = flexible.toSorted((a, b) => b.width - a.width)[0]
    if (widest === undefined) return
    widest.width -= 1
  }
}

function totalOf(shown: readonly Shown[], widthIn: (column: Shown) => number): number {
  return shown.reduce((sum, column) => sum + widthIn(column), gap * (shown.length - 1))
}

function paintCell(
  text: string,
  { column, width, paint }: { column: Column; width: number; paint: (text: string) => string },
): string {
  const short = column.shrink === 'middle' ? cutMiddle(text, width) : cut(text, width)
  const pad = column.align === 'right' ? padStart : padEnd
  // The padding stays outside the colours, so that trailing blanks can be trimmed.
  return pad(short, width).replace(short, () => paint(short))
}
