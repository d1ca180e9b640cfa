/**
 * A table that sorts by its headings and becomes a list of cards where it has little room, where each cell carries its heading.
 * The order of equal rows never changes.
 */
import type { ComponentChildren } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import { Icon } from './icon.tsx'

export interface Column<Row> {
  readonly key: string
  readonly heading: string
  readonly cell: (row: Row) => ComponentChildren
  /** Makes the column sortable. */
  readonly sortBy?: (row: Row) => string | number | null
  readonly align?: 'start' | 'end' | 'middle'
  /** Hides the heading from sight, for a column of buttons. */
  readonly hideHeading?: boolean
}

export interface SortOrder {
  readonly key: string
  readonly descending: boolean
}

export interface TableProps<Row> {
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  readonly empty: ComponentChildren
  readonly initialSort?: SortOrder
  /** The order where it is held outside, with what to call when a heading is pressed. The rows then come in order. */
  readonly order?: SortOrder | null
  readonly onOrder?: (order: SortOrder) => void
}

/** Rows in the asked order; missing values last in both directions. */
export function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  order: SortOrder | null,
): readonly Row[] {
  const sortBy = columns.find((column) => column.key === order?.key)?.sortBy
  if (!order || !sortBy) return rows
  const direction = order.descending ? -1 : 1
  return rows.toSorted((rowA, rowB) => {
    const a = sortBy(rowA)
    const b = sortBy(rowB)
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
    if (typeof a === 'number' && typeof b === 'number') return (a - b) * direction
    return String(a).localeCompare(String(b), undefined, { numeric: true, sensitivity: 'base' }) * direction
  })
}

export function Table<Row>({ caption, columns, rows, rowKey, empty, initialSort, ...held }: TableProps<Row>) {
  const [own, setOwn] = useState<SortOrder | null>(initialSort ?? null)
  const order = held.order === undefined ? own : held.order
  const sorted = useMemo(
    () => (held.order === undefined ? sortRows(rows, columns, own) : rows),
    [rows, columns, own, held.order],
  )
  if (rows.length === 0) return <>{empty}</>
  const turn = (key: string) => {
    const next = { key, descending: order?.key === key ? !order.descending : false }
    setOwn(next)
    held.onOrder?.(next)
  }
  return (
    <div class="cairn-table-place">
      <div class="cairn-table-frame">
        <table class="cairn-table">
          <caption class="cairn-hidden">{caption}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <Heading key={column.key} column={column} order={order} onTurn={turn} />
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.map((row) => (
              <tr key={rowKey(row)}>
                {columns.map((column) => (
                  <td
                    key={column.key}
                    class={classOf(column)}
                    data-heading={column.hideHeading ? undefined : column.heading}
                  >
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}

interface HeadingProps<Row> {
  readonly column: Column<Row>
  readonly order: SortOrder | null
  readonly onTurn: (key: string) => void
}

function Heading<Row>({ column, order, onTurn }: HeadingProps<Row>) {
  const active = order?.key === column.key ? order : null
  const className = classOf(column)
  if (!column.sortBy)
    return (
      <th scope="col" class={className}>
        <span class={column.hideHeading ? 'cairn-hidden' : undefined}>{column.heading}</span>
      </th>
    )
  return (
    <th scope="col" class={className} aria-sort={active ? (active.descending ? 'descending' : 'ascending') : 'none'}>
      <button type="button" class="cairn-table-sort" onClick={() => onTurn(column.key)}>
        {column.heading}
        <Icon name={active ? (active.descending ? 'sort-down' : 'sort-up') : 'sort'} size={14} />
      </button>
    </th>
  )
}

function classOf<Row>({ align }: Column<Row>): string | undefined {
  return align === 'end' || align === 'middle' ? `is-${align}` : undefined
}
