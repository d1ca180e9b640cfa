/**
 * Sums of the ledger by hour and subject, so that a look at a month reads thousands of lines and not millions. A batch
 * of bookings is added up here first and becomes one upsert.
 */
import type { Statement } from '../storage/index.ts'
import type { LedgerLine } from './ledger.ts'
import { classOf } from './ttft-classes.ts'

/** `within` is what was used with the keys within a key; `key` is what was used with the key itself, so that its lines add up to the total. */
export const dimensions = ['all', 'key', 'within', 'user', 'team', 'model', 'provider', 'kind'] as const

export type Dimension = (typeof dimensions)[number]

export const hourMs = 3_600_000

const sumNames = [
  'lines',
  'calls',
  'hits',
  'failures',
  'input_tokens',
  'output_tokens',
  'cost_nano',
  'saved_nano',
  'estimated_nano',
] as const

interface HourSum {
  readonly dimension: Dimension
  readonly hour: number
  readonly id: string
  readonly bucket: number
  readonly sums: number[]
}

const rowsPerStatement = 60

export function hourStatements(lines: readonly LedgerLine[]): Statement[] {
  const sums = [...addUp(lines).entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum)
  const statements: Statement[] = []
  for (let from = 0; from < sums.length; from += rowsPerStatement)
    statements.push(upsert(sums.slice(from, from + rowsPerStatement)))
  return statements
}

function addUp(lines: readonly LedgerLine[]): Map<string, HourSum> {
  const found = new Map<string, HourSum>()
  for (const line of lines) {
    const hour = line.at - (line.at % hourMs)
    const bucket = classOf(line.ttftMs)
    const numbers = countLine(line)
    for (const [dimension, id] of placesOf(line)) {
      const key = `${dimension}\n${hour}\n${id}\n${bucket}`
      const known = found.get(key)
      if (known) addTo(known.sums, numbers)
      else found.set(key, { dimension, hour, id, bucket, sums: [...numbers] })
    }
  }
  return found
}

function addTo(sums: number[], numbers: readonly number[]): void {
  for (let at = 0; at < sums.length; at++) sums[at] = (sums[at] ?? 0) + (numbers[at] ?? 0)
}

function placesOf({ keyId, withinKeys, principalId, teams, model, provider, kind }: LedgerLine): [Dimension, string][] {
  return [
    ['all', '*'],
    ['key', keyId],
    ['user', principalId],
    ['model', model],
    ['provider', provider],
    ['kind', kind],
    ...withinKeys.map((key): [Dimension, string] => ['within', key]),
    ...teams.map((team): [Dimension, string] => ['team', team]),
  ]
}

/** In the order of `sumNames`. The tokens of a hit were paid for before, so only what was saved counts. */
function countLine({ outcome, inputTokens, outputTokens, nanoUsd, savedNano, isEstimated }: LedgerLine): number[] {
  const isHit = outcome === 'hit'
  const isCall = isHit || outcome === 'ok'
  const cost = nanoUsd ?? 0
  return [
    1,
    isCall ? 1 : 0,
    isHit ? 1 : 0,
    isCall ? 0 : 1,
    isHit ? 0 : inputTokens,
    isHit ? 0 : outputTokens,
    cost,
    savedNano ?? 0,
    isEstimated ? cost : 0,
  ]
}

const columns = ['dimension', 'hour', 'id', 'bucket', ...sumNames]
const placeholders = `(${columns.map(() => '?').join(', ')})`
const additions = sumNames.map((name) => `${name} = metering_hours.${name} + excluded.${name}`).join(', ')

function upsert(sums: readonly HourSum[]): Statement {
  return {
    text: `INSERT INTO metering_hours (${columns.join(', ')}) VALUES ${sums.map(() => placeholders).join(', ')} ON CONFLICT (dimension, hour, id, bucket) DO UPDATE SET ${additions}`,
    params: sums.flatMap((sum) => [sum.dimension, sum.hour, sum.id, sum.bucket, ...sum.sums]),
  }
}
