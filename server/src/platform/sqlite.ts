/**
 * One connection to an SQLite file, over Bun's own binding. Statements are prepared once and kept: asked for through
 * Bun's `SQL`, which prepares each time and goes through a pool, the same point read takes six times as long.
 */
import { Database, type Statement } from 'bun:sqlite'
import { chmod } from 'node:fs/promises'
import { CairnError, sleep } from '../base/index.ts'
import { checkParameters, type Row, type SqlConnection, type SqlParameter, type SqlSession } from './sql.ts'

export interface SqliteOptions {
  file: string
  readOnly?: boolean
  /** `full` survives loss of power at each commit; `normal` may lose the newest commits then, never more. */
  durability?: 'full' | 'normal'
}

/**
 * Opens an SQLite file in write-ahead mode, readable by its owner only. Deleted text is overwritten (`secure_delete`),
 * as privacy needs.
 */
export async function openSqlite({
  file,
  readOnly = false,
  durability = 'full',
}: SqliteOptions): Promise<SqlConnection> {
  const database = new Database(file, readOnly ? { readonly: true } : { create: true, readwrite: true })
  const { session, finalize } = createSession(database)
  const close = () => {
    finalize()
    database.close(true)
  }
  try {
    await session.run('PRAGMA busy_timeout = 10000')
    if (!readOnly) {
      // By its path: closing a handle of our own on the file would let go of the locks that SQLite holds on it. SQLite
      // gives its side files the same mode.
      await chmod(file, 0o600)
      await switchToWriteAhead(session)
      await session.run(`PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}`)
      await session.run('PRAGMA secure_delete = ON')
      await session.run('PRAGMA foreign_keys = ON')
    }
    await session.run('PRAGMA cache_size = -6000')
  } catch (thrown) {
    close()
    throw thrown
  }
  const exclusive = createQueue()
  return {
    dialect: 'sqlite',
    run: session.run,
    transaction: (work) =>
      exclusive(async () => {
        await session.run('BEGIN IMMEDIATE')
        try {
          const result = await work(session)
          await session.run('COMMIT')
          return result
        } catch (thrown) {
          await session.run('ROLLBACK').catch(() => undefined)
          throw thrown
        }
      }),
    close: async () => close(),
  }
}

const mostPrepared = 500
const longestPrepared = 4_000

type Prepared = Statement<Row, SqlParameter[]>

function createSession(database: Database): { session: SqlSession; finalize: () => void } {
  // In the order of their last use.
  const prepared = new Map<string, Prepared>()

  function prepare(text: string): Prepared {
    const known = prepared.get(text)
    if (known) prepared.delete(text)
    const statement = known ?? database.prepare<Row, SqlParameter[]>(text)
    prepared.set(text, statement)
    if (prepared.size > mostPrepared) forgetOldest()
    return statement
  }

  function forgetOldest(): void {
    const [oldest] = prepared
    if (!oldest) return
    prepared.delete(oldest[0])
    oldest[1].finalize()
  }

  function run(statement: Prepared, given: SqlParameter[]) {
    if (statement.columnNames.length === 0) return { rows: [], changes: statement.run(...given).changes }
    const rows = statement.all(...given)
    return { rows, changes: rows.length }
  }

  return {
    session: {
      async run(text, params = []) {
        const given = checkParameters(text, params)
        // Those with long lists are hardly asked again.
        if (text.length <= longestPrepared) return run(prepare(text), given)
        const statement = database.prepare<Row, SqlParameter[]>(text)
        try {
          return run(statement, given)
        } finally {
          statement.finalize()
        }
      },
    },
    finalize() {
      for (const statement of prepared.values()) statement.finalize()
      prepared.clear()
    },
  }
}

const switchTries = 100
const switchPauseMs = 50

/** Two processes that open a new file at once: SQLite refuses one of them here without waiting, so we wait. */
async function switchToWriteAhead(session: SqlSession): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      const { rows } = await session.run('PRAGMA journal_mode = WAL')
      const mode = rows[0]?.['journal_mode']
      if (mode === 'wal') return
      const message = `The data directory stands on a file system that SQLite cannot use in write-ahead mode (${String(mode)}). Name a folder on a local disk with --data.`
      throw new CairnError('storage.failed', { message })
    } catch (thrown) {
      const isBusy = thrown instanceof Error && /locked|busy/i.test(thrown.message)
      if (!isBusy || thrown instanceof CairnError || tries === switchTries) throw thrown
      await sleep(switchPauseMs)
    }
  }
}

function createQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work, work)
    last = next.catch(() => undefined)
    return next
  }
}
