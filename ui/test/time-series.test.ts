/** Promises of the numbers behind a chart over time. */
import { expect, test } from 'bun:test'
import { findLastKnown, stackValues } from '../src/index.ts'

test('lays each part on those before it', () => {
  expect(
    stackValues([
      [1, 2, 0],
      [10, 20, 0],
      [100, 0, 0],
    ]),
  ).toEqual([
    [1, 2, 0],
    [11, 22, 0],
    [111, 22, 0],
  ])
})

test('keeps a gap where nothing is known, and no gap where one part knows something', () => {
  expect(
    stackValues([
      [null, null, 3],
      [null, 5, null],
    ]),
  ).toEqual([
    [null, 0, 3],
    [null, 5, 3],
  ])
})

test('finds the newest point that any part knows', () => {
  expect(
    findLastKnown([
      [1, null, null],
      [null, 2, null],
    ]),
  ).toBe(1)
  expect(findLastKnown([[null], [null]])).toBeNull()
  expect(findLastKnown([])).toBeNull()
})
