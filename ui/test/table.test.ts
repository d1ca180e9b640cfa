/** Promises of the table's order. */
import { expect, test } from 'bun:test'
import { sortRows, type Column } from '../src/index.ts'

interface Row {
  readonly id: number
  readonly name: string
  readonly size: number | null
}

const columns: readonly Column<Row>[] = [
  { key: 'name', heading: 'Name', cell: (row) => row.name, sortBy: (row) => row.name },
  { key: 'size', heading: 'Size', cell: (row) => row.size, sortBy: (row) => row.size },
]
const rows: readonly Row[] = [
  { id: 1, name: 'note 10', size: null },
  { id: 2, name: 'Note 2', size: 5 },
  { id: 3, name: 'ábc', size: 10 },
  { id: 4, name: 'note 2', size: 5 },
]
const idsBy = (key: string, descending: boolean) => sortRows(rows, columns, { key, descending }).map((row) => row.id)

test('sorts words as people do: numbers by value, case and accents aside', () => {
  expect(idsBy('name', false)).toEqual([3, 2, 4, 1])
})

test('puts missing values last in both directions and keeps equal rows in place', () => {
  expect(idsBy('size', false)).toEqual([2, 4, 3, 1])
  expect(idsBy('size', true)).toEqual([3, 2, 4, 1])
})

test('leaves the order alone for a column that cannot be sorted', () => {
  expect(sortRows(rows, columns, { key: 'none', descending: false })).toBe(rows)
})
