/**
 * Tables of the log. On SQLite they have a file of their own, so that events never wait for other writes. Entries are
 * never updated; they go from the front when they are pruned, which an entry says. Blocks end as *stubs*, which an entry
 * says too: without a person, a period or a ciphertext, and with the number of that entry.
 */
import type { Schema } from '../../storage/index.ts'

export const auditSchema: Schema = {
  scope: 'audit-log',
  migrations: [
    {
      id: 1,
      name: 'the log, its tree, its keys',
      statements: [
        `CREATE TABLE audit_head (
          one {int} PRIMARY KEY, origin TEXT NOT NULL, size {int} NOT NULL, frontier {blob} NOT NULL, min_index {int} NOT NULL,
          keys_epoch {int} NOT NULL)`,
        'CREATE TABLE audit_entries (seq {int} PRIMARY KEY, header TEXT NOT NULL, leaf {blob} NOT NULL)',
        `CREATE TABLE audit_blocks (
          seq {int} NOT NULL, name TEXT NOT NULL, subject TEXT, period TEXT, sealed {blob}, gone_by {int}, gone_proof TEXT,
          PRIMARY KEY (seq, name))`,
        'CREATE INDEX audit_blocks_subject ON audit_blocks (subject, seq) WHERE subject IS NOT NULL',
        'CREATE INDEX audit_blocks_period ON audit_blocks (period, seq) WHERE period IS NOT NULL',
        'CREATE TABLE audit_tiles (level {int} NOT NULL, idx {int} NOT NULL, hashes {blob} NOT NULL, root {blob} NOT NULL, PRIMARY KEY (level, idx))',
        'CREATE TABLE audit_checkpoints (size {int} PRIMARY KEY, note TEXT NOT NULL, at {int} NOT NULL)',
        `CREATE TABLE audit_keys (
          kind TEXT NOT NULL, name TEXT NOT NULL, ref TEXT NOT NULL UNIQUE, wrapped TEXT, gone_by {int},
          PRIMARY KEY (kind, name))`,
        `CREATE TABLE audit_prunes (
          upto {int} PRIMARY KEY, gone_by {int} NOT NULL, frontier {blob} NOT NULL)`,
        `CREATE TABLE audit_holds (
          id TEXT PRIMARY KEY, scope TEXT NOT NULL, placed_at {int} NOT NULL, placed_by {int} NOT NULL, released_by {int},
          wrapped TEXT)`,
        `CREATE TABLE audit_held (
          hold TEXT NOT NULL, seq {int} NOT NULL, name TEXT NOT NULL, wrapped TEXT NOT NULL, PRIMARY KEY (hold, seq, name))`,
        `CREATE TABLE audit_retention (
          category TEXT PRIMARY KEY, personal_months {int}, header_months {int} NOT NULL, changed_by {int} NOT NULL)`,
        'CREATE TABLE audit_marks (name TEXT PRIMARY KEY, value TEXT NOT NULL)',
        'CREATE INDEX audit_held_block ON audit_held (seq, name)',
      ],
    },
    {
      id: 2,
      name: 'receivers outside, and what they have taken',
      statements: [
        // `shape` says how a receiver is given entries; `upto` keeps the extent of a batch that failed for the next try.
        `CREATE TABLE audit_sinks (
          id TEXT PRIMARY KEY, shape TEXT NOT NULL, next_seq {int} NOT NULL, upto {int}, holder TEXT, held_until {int} NOT NULL,
          failing_since {int}, attempts {int} NOT NULL, last_error TEXT, delivered_at {int})`,
        `CREATE TABLE audit_receipts (
          sink TEXT NOT NULL, first_seq {int} NOT NULL, last_seq {int} NOT NULL, entries {int} NOT NULL, bytes {int} NOT NULL,
          sha256 TEXT NOT NULL, at {int} NOT NULL, PRIMARY KEY (sink, first_seq))`,
      ],
    },
    {
      id: 3,
      name: 'how much is kept of what',
      statements: [
        `CREATE TABLE audit_levels (
          one {int} PRIMARY KEY, rules TEXT NOT NULL, keep_days {int} NOT NULL, changed_by {int} NOT NULL)`,
      ],
    },
    {
      id: 4,
      name: 'witnesses outside, and what they have seen',
      statements: [
        // `told`: size of the newest checkpoint that it has acknowledged. `seen`: of the one it said it saw last.
        `CREATE TABLE audit_witnesses (
          id TEXT PRIMARY KEY, told {int} NOT NULL, told_at {int}, seen {int}, seen_at {int}, verdict TEXT, holder TEXT,
          held_until {int} NOT NULL, failing_since {int}, attempts {int} NOT NULL, last_error TEXT)`,
      ],
    },
    {
      id: 5,
      name: 'a destroyed key says under seal which entry destroyed it',
      statements: ['ALTER TABLE audit_keys ADD COLUMN gone_seal TEXT'],
    },
  ],
}

/** The plain table of entries that came before the log, in the database of state. */
export const retiredAuditSchema: Schema = {
  scope: 'audit',
  migrations: [
    { id: 1, name: 'append-only entries', statements: [] },
    { id: 2, name: 'entries cannot be changed or removed', statements: [] },
    {
      id: 3,
      name: 'the log has taken their place',
      statements: [],
      sqlite: ['DROP TABLE IF EXISTS audit_entries'],
      postgres: ['DROP TABLE IF EXISTS audit_entries', 'DROP FUNCTION IF EXISTS audit_entries_refuse'],
    },
  ],
}
