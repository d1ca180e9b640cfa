/**
 * Tables of the meter. The ledger is what happened; hours and balances are sums of it, written in the same transaction
 * as the lines that they sum up. Money is in whole nano US dollars.
 */
import type { Schema } from '../storage/index.ts'

export const meteringSchema: Schema = {
  scope: 'metering',
  migrations: [
    {
      id: 1,
      name: 'ledger, hours, reservations, balances, budgets',
      statements: [
        // The id begins with the time, so that new lines stand together and old ones can be found without an index.
        `CREATE TABLE metering_ledger (
          id TEXT PRIMARY KEY, at {int} NOT NULL, request_id TEXT NOT NULL, principal_id TEXT NOT NULL,
          key_id TEXT NOT NULL, teams TEXT NOT NULL, kind TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL,
          input_tokens {int} NOT NULL, output_tokens {int} NOT NULL, cache_read_tokens {int} NOT NULL,
          cache_write_tokens {int} NOT NULL, reasoning_tokens {int} NOT NULL, cost_nano {int}, saved_nano {int},
          is_estimated {int} NOT NULL, outcome TEXT NOT NULL, ttft_ms {int}, total_ms {int} NOT NULL)`,
        // One line for each hour, subject and class of time to the first token; class -1 has none.
        `CREATE TABLE metering_hours (
          dimension TEXT NOT NULL, hour {int} NOT NULL, id TEXT NOT NULL, bucket {int} NOT NULL, lines {int} NOT NULL,
          calls {int} NOT NULL, hits {int} NOT NULL, failures {int} NOT NULL, input_tokens {int} NOT NULL,
          output_tokens {int} NOT NULL, cost_nano {int} NOT NULL, saved_nano {int} NOT NULL,
          estimated_nano {int} NOT NULL, PRIMARY KEY (dimension, hour, id, bucket))`,
        // Calls that may cost money and are under way, or were when their process died.
        `CREATE TABLE metering_reservations (
          id TEXT PRIMARY KEY, run_id TEXT NOT NULL, at {int} NOT NULL, request_id TEXT NOT NULL,
          principal_id TEXT NOT NULL, key_id TEXT NOT NULL, teams TEXT NOT NULL, kind TEXT NOT NULL,
          provider TEXT NOT NULL, model TEXT NOT NULL, input_tokens {int} NOT NULL, output_tokens {int} NOT NULL,
          held_nano {int}, subjects TEXT NOT NULL)`,
        'CREATE TABLE metering_runs (id TEXT PRIMARY KEY, beat {int} NOT NULL)',
        // A subject has a line for a day or month when, and only when, a rule is about it.
        `CREATE TABLE metering_balances (
          period TEXT NOT NULL, subject TEXT NOT NULL, limit_nano {int} NOT NULL, spent_nano {int} NOT NULL,
          reserved_nano {int} NOT NULL, PRIMARY KEY (period, subject))`,
        'CREATE TABLE metering_budgets (version {int} PRIMARY KEY, at {int} NOT NULL, set_by TEXT NOT NULL, rules TEXT NOT NULL)',
      ],
    },
    {
      id: 2,
      name: 'keys within keys',
      // A list in JSON; null where the key stays within none.
      statements: ['ALTER TABLE metering_ledger ADD COLUMN within_keys TEXT'],
    },
  ],
}
