/**
 * SQL connections with the same answers from SQLite (`sqlite.ts`) and PostgreSQL. Statements use `?` for parameters; rows
 * come back with plain numbers, strings, `Uint8Array` and null. Whole numbers are exact up to 2^53.
 */
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

/** How long one query or one transaction may take; a server that fell silent answers nothing, not even an error. */
const postgresDeadlineMs = 60_000
const mostWaiting = 20_000

export interface PostgresOptions {
  url: string
  /** Size of the pool. */
  connections: number
  deadlineMs?: number
}

/** Shorter than the others wait for a lock that it holds. */
const idleInTransactionMs = 3_000

/**
 * Opens a pool of connections to PostgreSQL. What the server never saw because its connection was gone is tried once
 * more: after a restart of PostgreSQL the pool still holds the old connections.
 */
export function openPostgres({ url, connections, deadlineMs = postgresDeadlineMs }: PostgresOptions): SqlConnection {
  const client = new SQL(url, {
    max: connections,
    bigint: true,
    idleTimeout: 60,
    connectionTimeout: 10,
    // A server that is cut off in the middle of a transaction must not hold its locks for as long as TCP waits.
    connection: { idle_in_transaction_session_timeout: idleInTransactionMs },
  })
  const session = createSession(client)
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
          return work(createSession(tx))
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

function createSession(client: Client): SqlSession {
  return {
    async run(text, params = []) {
      const given = checkParameters(text, params)
      const result = (await client.unsafe(number(text).text, given)) as Row[] & { count?: number }
      const rows = Array.from(result, convertRow)
      return { rows, changes: rows.length > 0 ? rows.length : (result.count ?? 0) }
    },
  }
}

/** As the engine takes them. SQLite would bind what is missing as null, and PostgreSQL ignore what is too many. */
export function checkParameters(text: string, params: readonly SqlValue[]): SqlParameter[] {
  const wanted = number(text).count
  invariant(params.length === wanted, `a statement has ${wanted} parameters and was given ${params.length}`)
  return params.map(convertParameter)
}

export type SqlParameter = Exclude<SqlValue, boolean>

function convertParameter(value: SqlValue): SqlParameter {
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

/**
 * PostgreSQL numbers its parameters: each `?` outside quotes becomes `$1`, `$2`, …. Statements are few, so remembered;
 * those with long lists are not.
 */
function number(text: string): Numbered {
  const known = numbered.get(text)
  if (known !== undefined) return known
  let count = 0
  const converted = text.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\?/g, (part) => (part === '?' ? `$${++count}` : part))
  const made = { text: converted, count }
  if (numbered.size < mostRemembered && text.length <= longestRemembered) numbered.set(text, made)
  return made
}
