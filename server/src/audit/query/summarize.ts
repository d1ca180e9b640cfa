/** Counts over the index by up to two dimensions and by time. Entries are counted by shape first, which is most of the work. */
import type { SqlSession } from '../../platform/index.ts'
import type { References } from './references.ts'
import type { Selection } from './filter-sql.ts'
import { refKinds } from './index-tables.ts'
import type { SummaryBucket, SummaryDimension } from './types.ts'

export interface CountedRow {
  readonly values: readonly (string | Uint8Array | null)[]
  readonly start: number | null
  readonly count: number
  readonly tokensIn: number
  readonly tokensOut: number
  /** The newest entry that was counted. */
  readonly last: number
}

/** Groups that are told at most. */
export const mostGroups = 2_000

interface Counting {
  readonly by: readonly SummaryDimension[]
  readonly bucket: SummaryBucket | undefined
}

/** Divisions of whole numbers round down on both engines. Day 0 of 1970 was a Thursday. */
const bucketSql: Record<SummaryBucket, string> = {
  hour: 'e.minute / 60',
  day: 'e.minute / 1440',
  week: '(e.minute / 1440 + 3) / 7',
  month: 'e.month',
}

function startOf(bucket: SummaryBucket, value: number): number {
  if (bucket === 'month') return Date.UTC(Math.floor(value / 12), value % 12)
  if (bucket === 'week') return (value * 7 - 3) * 86_400_000
  return value * (bucket === 'hour' ? 3_600_000 : 86_400_000)
}

/** One more than `mostGroups` when there are more. */
export async function countEntries(
  index: SqlSession,
  { from, where, params }: Selection,
  { by, bucket }: Counting,
): Promise<CountedRow[]> {
  const inner = ['e.shape AS shape', ...(bucket === undefined ? [] : [`${bucketSql[bucket]} AS span`])]
  if (by.includes('actor')) inner.push('e.actor AS actor')
  if (by.includes('vault')) inner.push('v.ref AS vault')
  const vaults = by.includes('vault')
    ? ` LEFT JOIN audit_index_refs v ON v.seq = e.seq AND v.kind = ${refKinds.vault}`
    : ''
  const counted = `SELECT ${inner.join(', ')}, COUNT(*) AS n, SUM(e.tokens_in) AS i, SUM(e.tokens_out) AS o, MAX(e.seq) AS last
    FROM ${from}${vaults} WHERE ${where} GROUP BY ${inner.map((_, at) => at + 1).join(', ')}`
  const outer = [
    ...(bucket === undefined ? [] : ['c.span AS span']),
    ...by.map((dimension, at) => `${isCounted(dimension) ? 'c' : 's'}.${dimension} AS d${at}`),
  ]
  const groups = outer.length === 0 ? '' : ` GROUP BY ${outer.map((_, at) => at + 1).join(', ')}`
  const { rows } = await index.run(
    `SELECT ${[...outer, 'SUM(c.n) AS n', 'SUM(c.i) AS i', 'SUM(c.o) AS o', 'MAX(c.last) AS last'].join(', ')}
      FROM (${counted}) c JOIN audit_index_shapes s ON s.id = c.shape${groups}
      ORDER BY ${bucket === undefined ? '' : 'span, '}n DESC LIMIT ${mostGroups + 1}`,
    params,
  )
  return rows
    .filter((row) => row['n'] !== null)
    .map((row) => ({
      values: by.map((_, at) => toValue(row[`d${at}`])),
      start: bucket === undefined ? null : startOf(bucket, Number(row['span'])),
      count: Number(row['n']),
      tokensIn: Number(row['i']),
      tokensOut: Number(row['o']),
      last: Number(row['last']),
    }))
}

const isCounted = (dimension: SummaryDimension) => dimension === 'actor' || dimension === 'vault'

function toValue(value: unknown): string | Uint8Array | null {
  return typeof value === 'string' || value instanceof Uint8Array ? value : null
}

/** Ids of the named vaults by their references. */
export function namesOfVaults(refs: References, vaults: readonly string[]): Map<string, string> {
  return new Map(vaults.map((id) => [toHex(refs.vault(id)), id]))
}

export const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
