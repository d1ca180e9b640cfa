/**
 * Entries as CSV by RFC 4180: one row each, the same columns always. A cell that a spreadsheet would run as a formula gets
 * an apostrophe in front. So does one that begins with an apostrophe, so that taking one away gives back what was there.
 */
import { formatTime } from '../../base/index.ts'
import { canonicalJson, type JsonValue } from '../tree/canonical-json.ts'
import type { ShownEntry } from './view.ts'

export const csvColumns = [
  'seq',
  'time',
  'category',
  'type',
  'outcome',
  'actor',
  'request',
  'address',
  'fields',
  'context',
  'blocks',
  'hidden',
] as const

/** For spreadsheets that take a file without it for another encoding. */
export const byteOrderMark = '\uFEFF'

export function csvHeader(): string {
  return toRow(csvColumns)
}

export function toCsv({
  seq,
  at,
  category,
  type,
  outcome,
  actor,
  context,
  fields,
  blocks,
  hidden,
}: ShownEntry): string {
  const { requestId, address, ...rest } = context
  const text = (value: unknown) => (typeof value === 'string' ? value : '')
  const json = (value: unknown) => canonicalJson(value as JsonValue)
  return toRow([
    String(seq),
    formatTime(at),
    category,
    type,
    outcome,
    actor ?? '',
    text(requestId),
    text(address),
    json(fields),
    json(rest),
    json(blocks),
    String(hidden),
  ])
}

export function toRow(cells: readonly string[]): string {
  return `${cells.map(toCell).join(',')}\r\n`
}

/**
 * What spreadsheets look at: `=`, `+`, `-`, `@` and their full-width twins, after white space and invisible characters
 * too; and a tab or line break, at which some begin anew.
 */
const startsFormula = /^(?:['’\t\r\n]|[\s\p{Cf}\p{Cc}]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/u

export function toCell(value: string): string {
  const safe = startsFormula.test(value) ? `'${value}` : value
  return /[",\r\n\t;]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
