/**
 * What a database throws, made the one error `storage.failed`: words for the caller that say what to do, and for the
 * log the engine's code. The engine's own words may quote values, so only SQLite's, which never do, are kept.
 */
import { CairnError } from '../base/index.ts'

interface DatabaseError {
  readonly name?: unknown
  readonly code?: unknown
  readonly errno?: unknown
  readonly message?: unknown
}

/** By the beginning of the code: SQLite's result codes, Bun's for PostgreSQL, PostgreSQL's SQLSTATE. */
const words: readonly (readonly [code: string, message: string])[] = [
  ['SQLITE_FULL', 'The disk that holds the data is full. Free some space and try again.'],
  ['SQLITE_IOERR', 'The disk that holds the data failed or is full. Check it and try again.'],
  ['SQLITE_READONLY', 'The data directory cannot be written. Check its permissions.'],
  ['SQLITE_CANTOPEN', 'A database file in the data directory cannot be opened. Check its permissions.'],
  ['SQLITE_CORRUPT', 'A database file in the data directory is damaged. Restore it from a backup.'],
  ['SQLITE_NOTADB', 'A database file in the data directory is damaged. Restore it from a backup.'],
  ['SQLITE_BUSY', 'Another program keeps a database file of the data directory locked. Stop it and try again.'],
  ['ERR_POSTGRES_CONNECTION', 'The database cannot be reached. Check that PostgreSQL runs and try again.'],
  ['28', 'PostgreSQL refused the user or the password of CAIRN_DATABASE_URL.'],
  ['3D', 'PostgreSQL has no such database as CAIRN_DATABASE_URL names. Create it first.'],
  [
    '42501',
    'PostgreSQL does not let this user do that. Make the user of CAIRN_DATABASE_URL the owner of its database.',
  ],
  ['53100', 'The disk of the database is full. Free some space and try again.'],
  ['53300', 'PostgreSQL has no connection left. Raise its max_connections and try again.'],
  ['57P', 'PostgreSQL is starting or stopping. Try again.'],
]

export function toStorageError(thrown: unknown): CairnError {
  if (thrown instanceof CairnError) return thrown
  const { name, code, errno, message } = (thrown ?? {}) as DatabaseError
  const isServer = code === 'ERR_POSTGRES_SERVER_ERROR'
  const known = [isServer ? errno : code, name].find((each) => typeof each === 'string') ?? 'unknown'
  const told = words.find(([beginning]) => known.startsWith(beginning))?.[1]
  return new CairnError('storage.failed', {
    internal: name === 'SQLiteError' ? `${known}: ${String(message)}` : `database: ${known}`,
    cause: thrown,
    ...(told === undefined ? {} : { message: told }),
  })
}
