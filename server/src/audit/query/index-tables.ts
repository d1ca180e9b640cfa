/**
 * Tables of the index of the log: what people filter and group by, one row for each entry. All of it can be made again
 * from the log, so it is kept in a file of its own on SQLite and in tables without a write-ahead log on PostgreSQL, which
 * are in no base backup and empty after a crash; and it is never migrated, but made anew.
 *
 * Nothing in it names anybody: people, notes, vaults and requests are references, HMACs under a key that is made at random
 * with the index and stands in it sealed under a key of the keyring.
 *
 * What most entries share stands once, as a *shape*: category, type, outcome, model, provider, and the words of all public
 * fields. A year of a busy server has thousands of shapes for millions of entries, so full text is a scan of the shapes
 * with LIKE, which both engines do alike and in milliseconds, and needs no index of words.
 */
import type { SqlConnection, SqlSession } from '../../platform/index.ts'

/** Grows with every change of the tables or of what stands in them. */
export const indexVersion = 1

const tables: readonly (readonly [name: string, columns: string])[] = [
  [
    'audit_index_state',
    `one {int} PRIMARY KEY, version {int} NOT NULL, build TEXT NOT NULL, origin TEXT NOT NULL, ref_key TEXT NOT NULL,
     upto {int} NOT NULL, leaf {blob}, min_index {int} NOT NULL, keys_epoch {int} NOT NULL, forgot {int} NOT NULL,
     lease_by TEXT NOT NULL, lease_until {int} NOT NULL`,
  ],
  [
    'audit_index_shapes',
    `id {int} PRIMARY KEY, name TEXT NOT NULL UNIQUE, category TEXT NOT NULL, type TEXT NOT NULL, outcome TEXT NOT NULL,
     model TEXT, provider TEXT, words TEXT NOT NULL`,
  ],
  [
    'audit_index_entries',
    `seq {int} PRIMARY KEY, minute {int} NOT NULL, month {int} NOT NULL, shape {int} NOT NULL,
     tokens_in {int} NOT NULL, tokens_out {int} NOT NULL, actor {blob}, request {blob}`,
  ],
  ['audit_index_refs', 'ref {blob} NOT NULL, seq {int} NOT NULL, kind {int} NOT NULL, PRIMARY KEY (ref, seq)'],
  // Events that waited outside the log have old times: an hour tells between which places its entries are.
  ['audit_index_hours', 'hour {int} PRIMARY KEY, first {int} NOT NULL, last {int} NOT NULL'],
]

const indexes = [
  'CREATE INDEX IF NOT EXISTS audit_index_by_shape ON audit_index_entries (shape, seq)',
  'CREATE INDEX IF NOT EXISTS audit_index_by_actor ON audit_index_entries (actor, seq) WHERE actor IS NOT NULL',
  'CREATE INDEX IF NOT EXISTS audit_index_by_request ON audit_index_entries (request) WHERE request IS NOT NULL',
  'CREATE INDEX IF NOT EXISTS audit_index_refs_of ON audit_index_refs (seq)',
]

const types = {
  sqlite: { int: 'INTEGER', blob: 'BLOB' },
  postgres: { int: 'BIGINT', blob: 'BYTEA' },
} as const

export async function createTables(session: SqlSession, dialect: SqlConnection['dialect']): Promise<void> {
  const create = dialect === 'postgres' ? 'CREATE UNLOGGED TABLE' : 'CREATE TABLE'
  for (const [name, columns] of tables) {
    const typed = columns.replace(/\{(int|blob)\}/g, (_, type: 'int' | 'blob') => types[dialect][type])
    await session.run(`${create} IF NOT EXISTS ${name} (${typed})`)
  }
  for (const text of indexes) await session.run(text)
}

export async function dropTables(session: SqlSession): Promise<void> {
  for (const [name] of tables) await session.run(`DROP TABLE IF EXISTS ${name}`)
}

/** What a row of `audit_index_refs` is. Those of vaults and notes stand in the block of the actor, and go with it. */
export const refKinds = { person: 0, vault: 1, note: 2 } as const
