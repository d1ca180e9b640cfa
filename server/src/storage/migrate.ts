/** Brings a database's schema forward, all steps in one transaction under a lock; refuses a schema newer than this program. */
import { CairnError } from '../base/index.ts'
import type { SqlConnection, SqlSession } from '../platform/index.ts'
import type { Migration, Schema } from './types.ts'

const types = {
  sqlite: { int: 'INTEGER', real: 'REAL', blob: 'BLOB' },
  postgres: { int: 'BIGINT', real: 'DOUBLE PRECISION', blob: 'BYTEA' },
} as const

/** Any number that both servers of a deployment share; PostgreSQL's advisory locks are named by numbers. */
const advisoryLock = 7_214_900_211

/** Throws `storage.failed` when the database was made by a newer version. */
export async function migrate(connection: SqlConnection, schemas: readonly Schema[]): Promise<void> {
  await connection.transaction(async (session) => {
    if (connection.dialect === 'postgres') await session.run(`SELECT pg_advisory_xact_lock(${advisoryLock})`)
    await session.run(
      'CREATE TABLE IF NOT EXISTS schema_migrations (scope TEXT NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (scope, id))',
    )
    for (const schema of schemas) await migrateScope(session, connection.dialect, schema)
  })
}

async function migrateScope(
  session: SqlSession,
  dialect: SqlConnection['dialect'],
  { scope, migrations }: Schema,
): Promise<void> {
  const { rows } = await session.run('SELECT id FROM schema_migrations WHERE scope = ? ORDER BY id', [scope])
  const done = new Set(rows.map((row) => Number(row['id'])))
  const newest = Math.max(0, ...migrations.map(({ id }) => id))
  const unknown = [...done].find((id) => id > newest)
  if (unknown !== undefined) {
    const message = `The data was written by a newer Cairn (schema ${scope} ${unknown}, this version knows ${newest}). Start that version again, or restore a backup.`
    throw new CairnError('storage.failed', { message })
  }
  for (const migration of migrations) if (!done.has(migration.id)) await apply(session, dialect, scope, migration)
}

async function apply(
  session: SqlSession,
  dialect: SqlConnection['dialect'],
  scope: string,
  migration: Migration,
): Promise<void> {
  for (const statement of [...migration.statements, ...(migration[dialect] ?? [])]) {
    await session.run(
      statement.replace(/\{(int|real|blob)\}/g, (_, name: 'int' | 'real' | 'blob') => types[dialect][name]),
    )
  }
  await session.run('INSERT INTO schema_migrations (scope, id, name) VALUES (?, ?, ?)', [
    scope,
    migration.id,
    migration.name,
  ])
}
