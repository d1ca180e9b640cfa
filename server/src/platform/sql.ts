/**
 * One SQL connection over Bun's client, SQLite or PostgreSQL, with the same answers from both. Statements use `?` for
 * parameters; rows come back with plain numbers, strings, `Uint8Array` and null.
 */
import { SQL } from 'bun'

export type SqlValue = string | number | boolean | Uint8Array | null
export type Row = Record<string, unknown>

export interface SqlSession {
  /** Rows of a query, or the number of rows that a statement changed. */
  run(text: string, params?: readonly SqlValue[]): Promise<{ rows: Row[]; changes: number }>
}

export interface SqlConnection extends SqlSession {
  readonly dialect: 'sqlite' | 'postgres'
  /** Runs everything in one transaction: all of it or nothing. Transactions of one SQLite connection never overlap. */
  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface SqliteOptions {
  file: string
  readOnly?: boolean
  /** `full` survives loss of power at each commit; `normal` may lose the newest commits then, never more. */
  durability?: 'full' | 'normal'
}

/** Opens an SQLite file in write-ahead mode. Deleted text is overwritten (`secure_delete`), as privacy needs. */
export async function openSqlite({
  file,
  readOnly = false,
  durability = 'full',
}: SqliteOptions): Promise<SqlConnection> {
  const client = new SQL({
    adapter: 'sqlite',
    filename: file,
    readonly: readOnly,
    create: !readOnly,
    readwrite: !readOnly,
  })
  const session = createSession(client, (text) => text)
  await session.run('PRAGMA busy_timeout = 10000')
  if (!readOnly) {
    await session.run('PRAGMA journal_mode = WAL')
    await session.run(`PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}`)
    await session.run('PRAGMA secure_delete = ON')
    await session.run('PRAGMA foreign_keys = ON')
  }
  await session.run('PRAGMA cache_size = -16000')
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
    close: () => client.close(),
  }
}

/** Opens a pool of at most `connections` connections to PostgreSQL. */
export function openPostgres(url: string, connections: number): SqlConnection {
  const client = new SQL(url, { max: connections, bigint: true, idleTimeout: 60, connectionTimeout: 10 })
  return {
    dialect: 'postgres',
    run: createSession(client, numberParameters).run,
    transaction: (work) => client.begin((tx) => work(createSession(tx, numberParameters))) as ReturnType<typeof work>,
    close: () => client.close({ timeout: 5 }),
  }
}

interface Client {
  unsafe(text: string, params?: unknown[]): Promise<unknown>
}

function createSession(client: Client, convert: (text: string) => string): SqlSession {
  return {
    async run(text, params = []) {
      const result = (await client.unsafe(convert(text), params as unknown[])) as Row[] & { count?: number }
      const rows = Array.from(result, convertRow)
      return { rows, changes: rows.length > 0 ? rows.length : (result.count ?? 0) }
    },
  }
}

function convertRow(row: Row): Row {
  for (const name in row) {
    const value = row[name]
    if (typeof value === 'bigint') row[name] = Number(value)
    else if (value instanceof Uint8Array && value.constructor !== Uint8Array) {
      row[name] = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    }
  }
  return row
}

const numbered = new Map<string, string>()

/** PostgreSQL numbers its parameters: each `?` outside quotes becomes `$1`, `$2`, … Statements are few, so remembered. */
export function numberParameters(text: string): string {
  const known = numbered.get(text)
  if (known !== undefined) return known
  let count = 0
  const converted = text.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\?/g, (part) => (part === '?' ? `$${++count}` : part))
  if (numbered.size < 2_000) numbered.set(text, converted)
  return converted
}

function createQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work, work)
    last = next.catch(() => undefined)
    return next
  }
}
