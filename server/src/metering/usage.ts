/**
 * What was used, by whatever it is grouped by. Read from the sums by hour, so a look at a month of a million calls reads
 * what its hours hold; the asked time is widened to whole hours, which the reply tells.
 */
import type { UsageGroup, UsageQuery, UsageReply, UsageRow } from '@cairn/contract'
import { formatTime, toUsd } from '../base/index.ts'
import type { Row } from '../platform/index.ts'
import { hourMs, type Dimension } from './hours.ts'
import type { ReadAside } from './read-aside.ts'
import { percentileOf, type ClassCount } from './ttft-classes.ts'

const dayMs = 86_400_000
const usualMs = 30 * dayMs
/** The last moment that has a name in ISO 8601 with four digits. */
const lastMs = 253_402_300_799_999
/** Rows of a reply: the dearest groups, or the newest hours. */
const mostRows = 2_500

export async function readUsage(
  { read }: ReadAside,
  query: UsageQuery,
  { dialect, now, of }: { dialect: 'sqlite' | 'postgres'; now: number; of: string | null },
): Promise<UsageReply> {
  const { from, to } = widen(query, now)
  const [groups, classes, sums, allClasses] = await Promise.all([
    readSums(query.by),
    readClasses(query.by),
    readSums('total'),
    readClasses('total'),
  ])
  const rows = groups.map((row) => toRow(query.by, row, classes.get(String(row['grp'])) ?? []))
  if (query.by === 'hour' || query.by === 'day') rows.reverse()
  const total = toTotal(sums[0] ?? {}, [...allClasses.values()][0] ?? [])
  return { by: query.by, of: of === null ? 'all' : 'own', from, to, rows, total }

  function readSums(by: UsageGroup | 'total'): Promise<Row[]> {
    const { dimension, group, whose, params } = place(by, of)
    const order = by === 'hour' || by === 'day' ? 'grp DESC' : 'SUM(cost_nano) DESC, SUM(lines) DESC, grp'
    return read(
      `SELECT ${group} AS grp, SUM(calls) AS calls, SUM(hits) AS hits, SUM(failures) AS failures,
          SUM(input_tokens) AS input_tokens, SUM(output_tokens) AS output_tokens, SUM(cost_nano) AS cost_nano,
          SUM(saved_nano) AS saved_nano, SUM(estimated_nano) AS estimated_nano
        FROM metering_hours WHERE dimension = ?${whose} AND hour >= ? AND hour < ?
        GROUP BY ${group} ORDER BY ${order} LIMIT ${mostRows}`,
      [dimension, ...params, from, to],
    )
  }

  async function readClasses(by: UsageGroup | 'total'): Promise<Map<string, ClassCount[]>> {
    const { dimension, group, whose, params } = place(by, of)
    const join = dialect === 'sqlite' ? 'group_concat' : 'string_agg'
    const found = await read(
      `SELECT grp, ${join}(CAST(bucket AS TEXT) || ':' || CAST(n AS TEXT), ',') AS classes
        FROM (SELECT ${group} AS grp, bucket, SUM(lines) AS n FROM metering_hours
          WHERE dimension = ?${whose} AND hour >= ? AND hour < ? AND bucket >= 0 GROUP BY ${group}, bucket) AS counted
        GROUP BY grp ORDER BY SUM(n) DESC LIMIT ${2 * mostRows}`,
      [dimension, ...params, from, to],
    )
    return new Map(found.map((row) => [String(row['grp']), parseClasses(String(row['classes']))]))
  }
}

function widen({ from, to }: UsageQuery, now: number): { from: number; to: number } {
  const end = Math.min(to ?? now + 1, lastMs)
  const begin = Math.min(from ?? end - usualMs, end)
  return { from: Math.max(0, Math.floor(begin / hourMs) * hourMs), to: Math.ceil(end / hourMs) * hourMs }
}

interface Place {
  readonly dimension: Dimension
  readonly group: string
  /** More of the condition, and what stands for its question mark. */
  readonly whose: string
  readonly params: readonly string[]
}

function place(by: UsageGroup | 'total', of: string | null): Place {
  const whose = of === null ? '' : ' AND id = ?'
  const shared = { dimension: of === null ? 'all' : 'user', whose, params: of === null ? [] : [of] } as const
  if (by === 'total') return { ...shared, group: 'id' }
  if (by === 'hour') return { ...shared, group: 'hour' }
  if (by === 'day') return { ...shared, group: `hour - hour % ${dayMs}` }
  // Sums of one person by something else are not kept: whoever asks for them gets none rather than everybody’s.
  if (of !== null && by !== 'user') return { ...shared, group: 'id', whose: ' AND 1 = 0', params: [] }
  return { ...shared, dimension: by, group: 'id' }
}

function parseClasses(text: string): ClassCount[] {
  return text.split(',').map((part) => {
    const [bucket = 0, count = 0] = part.split(':').map(Number)
    return { bucket, count }
  })
}

/** The total of nothing. */
export const noUsage = toTotal({}, [])

function toTotal(row: Row, classes: readonly ClassCount[]): UsageReply['total'] {
  const { group: _, ...total } = toRow('total', row, classes)
  return total
}

function toRow(by: UsageGroup | 'total', row: Row, classes: readonly ClassCount[]): UsageRow {
  const number = (name: string) => Number(row[name] ?? 0)
  const group = row['grp']
  return {
    group: by === 'hour' || by === 'day' ? formatTime(Number(group)) : String(group),
    calls: number('calls'),
    cacheHits: number('hits'),
    failures: number('failures'),
    inputTokens: number('input_tokens'),
    outputTokens: number('output_tokens'),
    costUsd: toUsd(number('cost_nano')),
    savedUsd: toUsd(number('saved_nano')),
    estimatedUsd: toUsd(number('estimated_nano')),
    ttftP50Ms: percentileOf(classes, 0.5),
    ttftP95Ms: percentileOf(classes, 0.95),
  }
}
