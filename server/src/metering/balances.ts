/**
 * Opens the balances of a day and month: each begins with what the ledger and the open reservations say. On PostgreSQL
 * bookings are held off meanwhile, so that none falls between the sum and the line.
 */
import type { Statement, Store, WriteResult } from '../storage/index.ts'
import type { Period, Periods } from './periods.ts'
import type { CompiledRule, RuleSet } from './rules.ts'

/** Null from the store: the rules have changed meanwhile. */
export function openBalances(store: Store, { rules, version }: RuleSet, periods: Periods): Promise<WriteResult | null> {
  return store.write([
    ...holdOff(store.dialect),
    {
      text: 'UPDATE metering_budgets SET at = at WHERE version = ? AND version = (SELECT MAX(version) FROM metering_budgets)',
      params: [version],
      expectChanges: 1,
    },
    ...dropPast(periods),
    ...sumStatements(rules, periods, store.dialect),
  ])
}

export function holdOff(dialect: Store['dialect']): Statement[] {
  if (dialect === 'sqlite') return []
  return [
    { text: 'LOCK TABLE metering_reservations IN SHARE ROW EXCLUSIVE MODE' },
    { text: 'LOCK TABLE metering_ledger IN SHARE ROW EXCLUSIVE MODE' },
    { text: 'LOCK TABLE metering_budgets IN SHARE ROW EXCLUSIVE MODE' },
  ]
}

/** A balance that is asked for once more is summed up anew, so any may be dropped. */
function dropPast({ day, month }: Periods): Statement[] {
  const monthsAgo = Number(month.key.slice(0, 4)) * 12 + Number(month.key.slice(5)) - 3
  const oldest = `${Math.floor(monthsAgo / 12)}-${String((monthsAgo % 12) + 1).padStart(2, '0')}`
  return [
    {
      text: 'DELETE FROM metering_balances WHERE (LENGTH(period) = 7 AND period < ?) OR (LENGTH(period) = 10 AND period < ?)',
      params: [oldest, `${oldest}-${day.key.slice(8)}`],
    },
  ]
}

const rulesPerStatement = 100

/** One statement for each kind of subject and period: the hours of that kind are read once for all its rules. */
export function sumStatements(
  rules: readonly CompiledRule[],
  { day, month }: Periods,
  dialect: Store['dialect'],
): Statement[] {
  const kinds = [...new Set(rules.map(({ rule }) => rule.subject.kind))]
  return kinds.flatMap((kind) => {
    const own = rules.filter(({ rule }) => rule.subject.kind === kind)
    const chunks: CompiledRule[][] = []
    for (let from = 0; from < own.length; from += rulesPerStatement)
      chunks.push(own.slice(from, from + rulesPerStatement))
    return chunks.flatMap((chunk) => [
      sumStatement(kind, chunk, day, dialect),
      sumStatement(kind, chunk, month, dialect),
    ])
  })
}

function sumStatement(
  kind: string,
  rules: readonly CompiledRule[],
  { key, name, fromMs, toMs }: Period,
  dialect: Store['dialect'],
): Statement {
  const find = dialect === 'sqlite' ? 'instr' : 'strpos'
  const rows = rules.map(() => '(CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT))').join(', ')
  return {
    text: `INSERT INTO metering_balances (period, subject, limit_nano, spent_nano, reserved_nano)
      SELECT CAST(? AS TEXT), d.column1, d.column4, COALESCE(h.cost, 0),
        (SELECT COALESCE(SUM(r.held_nano), 0) FROM metering_reservations r
          WHERE r.at >= ? AND r.at < ? AND ${find}(r.subjects, d.column3) > 0)
      FROM (VALUES ${rows}) AS d
      LEFT JOIN (SELECT id, SUM(cost_nano) AS cost FROM metering_hours
        WHERE dimension IN (?, ?) AND hour >= ? AND hour < ? GROUP BY id) AS h ON h.id = d.column2
      WHERE 1 = 1
      ON CONFLICT (period, subject) DO UPDATE SET limit_nano = excluded.limit_nano`,
    params: [
      key,
      fromMs,
      toMs,
      ...rules.flatMap(({ subject, dayNano, monthNano }) => [
        subject,
        subject.slice(kind.length + 1),
        `\n${subject}\n`,
        name === 'day' ? dayNano : monthNano,
      ]),
      kind,
      // What was used with the keys within a key counts for it as well.
      kind === 'key' ? 'within' : kind,
      fromMs,
      toMs,
    ],
  }
}
