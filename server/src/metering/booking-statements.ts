/**
 * The statements of one booking transaction. Every transaction of the meter takes its locks in the same order
 * (reservations, ledger, balances by name, hours by name), so that two of them on PostgreSQL never wait for each other
 * in a ring.
 */
import type { Statement, Store } from '../storage/index.ts'
import { hourStatements } from './hours.ts'
import { createDeltas, lineSubjects, type Delta, type Hold, type LedgerLine } from './ledger.ts'
import type { Periods } from './periods.ts'

/** What is to be written of one attempt: its line, what it held, or both. */
export interface Entry {
  readonly line: LedgerLine | null
  readonly hold: Hold | null
}

/** `balances` is where the statement stands that returns changed balances; null without one. */
export interface BookingWrite {
  readonly statements: Statement[]
  readonly balances: number | null
}

interface Surroundings {
  readonly dialect: Store['dialect']
  readonly calendar: (at: number) => Periods
}

/**
 * All entries or none: a reservation that is no longer there, or a line that is there already, ends the whole write
 * with null. So nothing is booked twice, whatever became of an earlier try.
 */
export function bookingWrite(entries: readonly Entry[], { dialect, calendar }: Surroundings): BookingWrite {
  const holds = entries.flatMap(({ hold }) => (hold === null ? [] : [hold]))
  const lines = entries.flatMap(({ line }) => (line === null ? [] : [line]))
  const deltas = createDeltas(calendar)
  for (const { line, hold } of entries) {
    const spent = line?.nanoUsd ?? 0
    const reserved = -(hold?.heldNano ?? 0)
    const at = line?.at ?? hold?.at ?? 0
    if (spent !== 0 || reserved !== 0)
      deltas.add(at, hold?.subjects ?? (line ? lineSubjects(line) : []), { spent, reserved })
  }
  const statements = [...releaseStatements(holds), ...ledgerStatements(lines)]
  const changed = balanceStatements(deltas.list(), dialect)
  statements.push(...changed)
  const balances = changed.length === 0 ? null : statements.length - 1
  statements.push(...hourStatements(lines))
  return { statements, balances }
}

function releaseStatements(holds: readonly Hold[]): Statement[] {
  if (holds.length === 0) return []
  const ids = holds.map(({ id }) => id).sort()
  return [
    {
      text: `DELETE FROM metering_reservations WHERE id IN (${ids.map(() => '?').join(', ')})`,
      params: ids,
      expectChanges: ids.length,
    },
  ]
}

const ledgerColumns = [
  'id',
  'at',
  'request_id',
  'principal_id',
  'key_id',
  'within_keys',
  'teams',
  'kind',
  'provider',
  'model',
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'reasoning_tokens',
  'cost_nano',
  'saved_nano',
  'is_estimated',
  'outcome',
  'ttft_ms',
  'total_ms',
]
const linePlaceholders = `(${ledgerColumns.map(() => '?').join(', ')})`
/** A few fixed sizes, so that the texts of statements are few and remembered. */
const chunkSizes = [50, 10, 1]

function ledgerStatements(lines: readonly LedgerLine[]): Statement[] {
  const statements: Statement[] = []
  for (let from = 0; from < lines.length;) {
    const size = chunkSizes.find((each) => each <= lines.length - from) ?? 1
    statements.push(insertLines(lines.slice(from, from + size)))
    from += size
  }
  return statements
}

function insertLines(lines: readonly LedgerLine[]): Statement {
  const rows = `${`${linePlaceholders}, `.repeat(lines.length - 1)}${linePlaceholders}`
  return {
    text: `INSERT INTO metering_ledger (${ledgerColumns.join(', ')}) VALUES ${rows} ON CONFLICT (id) DO NOTHING`,
    params: lines.flatMap((line) => [
      line.id,
      line.at,
      line.requestId,
      line.principalId,
      line.keyId,
      line.withinKeys.length === 0 ? null : JSON.stringify(line.withinKeys),
      JSON.stringify(line.teams),
      line.kind,
      line.provider,
      line.model,
      line.inputTokens,
      line.outputTokens,
      line.cacheReadTokens,
      line.cacheWriteTokens,
      line.reasoningTokens,
      line.nanoUsd,
      line.savedNano,
      line.isEstimated,
      line.outcome,
      line.ttftMs,
      line.totalMs,
    ]),
    expectChanges: lines.length,
  }
}

/** Changes the balances that there are. One that is opened later begins with the sum of the ledger, this included. */
function balanceStatements(deltas: readonly Delta[], dialect: Store['dialect']): Statement[] {
  if (deltas.length === 0) return []
  const rows = deltas.map(() => '(CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT))').join(', ')
  return [
    ...lockBalances(deltas, dialect),
    {
      text: `UPDATE metering_balances SET spent_nano = metering_balances.spent_nano + d.column3,
          reserved_nano = metering_balances.reserved_nano + d.column4
        FROM (VALUES ${rows}) AS d
        WHERE metering_balances.period = d.column1 AND metering_balances.subject = d.column2
        RETURNING metering_balances.period, metering_balances.subject, metering_balances.limit_nano,
          metering_balances.spent_nano, metering_balances.reserved_nano`,
      params: deltas.flatMap(({ period, subject, spent, reserved }) => [period, subject, spent, reserved]),
    },
  ]
}

/** PostgreSQL locks rows in the order in which it meets them, so they are met in order first. */
export function lockBalances(
  balances: readonly { readonly period: string; readonly subject: string }[],
  dialect: Store['dialect'],
): Statement[] {
  if (dialect === 'sqlite' || balances.length < 2) return []
  return [
    {
      text: `SELECT 1 AS one FROM metering_balances WHERE (period, subject) IN (${balances.map(() => '(?, ?)').join(', ')})
        ORDER BY period, subject FOR UPDATE`,
      params: balances.flatMap(({ period, subject }) => [period, subject]),
    },
  ]
}
