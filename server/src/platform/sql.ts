/**
 * One SQL connection over Bun's client, SQLite or PostgreSQL, with the same answers from both. Statements use `?` for
 * parameters; rows come back with plain numbers, strings, `Uint8Array` and null. Whole numbers are exact up to 2^53.
 */
import { chmod } from 'node:fs/promises'
import { SQL } from 'bun'
import { CairnError, invariant, sleep, withDeadline } from '../base/index.ts'

/** A boolean is stored as 1 or 0. */
export type SqlValue = string | number | boolean | Uint8Array | null
export type Row = Record<string, unknown>

export interface SqlSession {
  /**
   * Rows of a query, or the number of rows that a statement changed. Throws `request.invalid` for text with a zero
   * character, which PostgreSQL cannot hold.
   */
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

/**
 * Opens an SQLite file in write-ahead mode, readable by its owner only. Deleted text is overwritten (`secure_delete`),
 * as privacy needs.
 */
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
    await client.close()
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
    close: () => client.close(),
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

/** How long one query or one transaction may take; a server that fell silent answers nothing, not even an error. */
const postgresDeadlineMs = 60_000
const mostWaiting = 20_000

export interface PostgresOptions {
  url: string
  /** Size of the pool. */
  connections: number
  deadlineMs?: number
}

/**
 * Opens a pool of connections to PostgreSQL. What the server never saw because its connection was gone is tried once
 * more: after a restart of PostgreSQL the pool still holds the old connections.
 */
export function openPostgres({ url, connections, deadlineMs = postgresDeadlineMs }: PostgresOptions): SqlConnection {
  const client = new SQL(url, { max: connections, bigint: true, idleTimeout: 60, connectionTimeout: 10 })
  const session = createSession(client, numberParameters)
  let waiting = 0
  const inTime = async <T>(work: () => Promise<T>): Promise<T> => {
    if (waiting >= mostWaiting) throw new CairnError('server.busy', { retryAfterMs: 1_000 })
    waiting++
    try {
      return await withDeadline(work(), deadlineMs, 'storage.failed', {
        message: 'The database did not answer in time. Check that PostgreSQL runs and is not overloaded.',
        internal: 'PostgreSQL deadline',
      })
    } finally {
      waiting--
    }
  }
  return {
    dialect: 'postgres',
    run: (text, params) => inTime(() => twiceWhenGone(() => session.run(text, params))),
    transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
      let isBegun = false
      const attempt = () =>
        client.begin((tx) => {
          isBegun = true
          return work(createSession(tx, numberParameters))
        }) as Promise<T>
      return inTime(() => twiceWhenGone(attempt, () => !isBegun))
    },
    close: () => client.close({ timeout: 5 }),
  }
}

/** Connections that died while idle are noticed in the next turns of the loop. */
const goneMs = 20

async function twiceWhenGone<T>(attempt: () => Promise<T>, mayRepeat = () => true): Promise<T> {
  try {
    return await attempt()
  } catch (thrown) {
    const isGone = (thrown as { code?: unknown }).code === 'ERR_POSTGRES_CONNECTION_CLOSED'
    if (!isGone || !mayRepeat()) throw thrown
    await sleep(goneMs)
    return attempt()
  }
}

interface Client {
  unsafe(text: string, params?: unknown[]): Promise<unknown>
}

function createSession(client: Client, convert: (text: string) => string): SqlSession {
  return {
    async run(text, params = []) {
      const given = params.map(convertParameter)
      // SQLite binds what is missing as null and PostgreSQL ignores what is too many.
      const wanted = countParameters(text)
      invariant(given.length === wanted, `a statement has ${wanted} parameters and was given ${given.length}`)
      const result = (await client.unsafe(convert(text), given)) as Row[] & { count?: number }
      const rows = Array.from(result, convertRow)
      return { rows, changes: rows.length > 0 ? rows.length : (result.count ?? 0) }
    },
  }
}

function convertParameter(value: SqlValue): unknown {
  if (typeof value === 'boolean') return value ? 1 : 0
  // SQLite would store NaN as null.
  if (typeof value === 'number') invariant(Number.isFinite(value), 'a number that is stored is finite')
  else if (typeof value === 'string' && value.includes('\0'))
    throw new CairnError('request.invalid', { message: 'Text with a zero character (U+0000) cannot be stored.' })
  return value
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

interface Numbered {
  text: string
  count: number
}

const numbered = new Map<string, Numbered>()
const mostRemembered = 2_000
const longestRemembered = 4_000

/** PostgreSQL numbers its parameters: each `?` outside quotes becomes `$1`, `$2`, … */
function numberParameters(text: string): string {
  return number(text).text
}

function countParameters(text: string): number {
  return number(text).count
}

/** Statements are few, so remembered; those with long lists are not. */
function number(text: string): Numbered {
  const known = numbered.get(text)
  if (known !== undefined) return known
  let count = 0
  const converted = text.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\?/g, (part) => (part === '?' ? `$${++count}` : part))
  const made = { text: converted, count }
  if (numbered.size < mostRemembered && text.length <= longestRemembered) numbered.set(text, made)
  return made
}

function createQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work, work)
    last = next.catch(() => undefined)
    return next
  }
}
