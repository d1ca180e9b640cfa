/**
 * The index as a store that is never in anybody’s way: when it is missing, damaged, of another version or of another log,
 * it is made anew, empty, and whoever follows the log fills it again.
 */
import { randomBytes } from 'node:crypto'
import { CairnError, createId } from '../../base/index.ts'
import {
  lockFile,
  openSecret,
  removeFile,
  sealSecret,
  watchFile,
  type Row,
  type SqlConnection,
  type SqlSession,
} from '../../platform/index.ts'
import { openConnection, type StoreLocation } from '../../storage/index.ts'
import { createTables, dropTables, indexVersion } from './index-tables.ts'
import { createReferences, type References } from './references.ts'

export interface IndexState {
  /** Random; another one is another index. */
  readonly build: string
  readonly origin: string
  /** Entries before it are in the index. */
  readonly upto: number
  /** Of the last of them, if it was there. */
  readonly leaf: Uint8Array | null
  readonly minIndex: number
  readonly keysEpoch: number
  /** Keys that were destroyed by entries before it have no references here. */
  readonly forgot: number
}

export interface OpenIndex {
  readonly connection: SqlConnection
  readonly state: IndexState
  readonly refs: References
}

export interface IndexStore {
  /** Runs the work; once more with a new index when it finds that this one is damaged or gone. */
  use<T>(work: (index: OpenIndex) => Promise<T>): Promise<T>
  /** Makes it anew unless somebody has done so: `build` is the one that is of no use. */
  reset(build: string): Promise<void>
  close(): Promise<void>
}

export interface IndexStoreOptions {
  readonly location: StoreLocation
  /** Of the log. */
  readonly origin: string
  /** Seals the key of the references. */
  readonly wrapping: Uint8Array
  /** Hears why an index was made anew. */
  readonly onReset?: (why: string) => void
}

const lockWaitMs = 30_000
const connections = 2

export async function openIndexStore(options: IndexStoreOptions): Promise<IndexStore> {
  const { location, onReset = () => {} } = options
  const { connect, remake } = location.kind === 'sqlite' ? inFile(location, options) : inDatabase(location, options)
  let current = await connect()
  let remaking: Promise<void> | null = null
  let known: { build: string; refs: References } | null = null

  async function look(): Promise<OpenIndex> {
    current.check()
    const { connection } = current
    const { refKey, ...state } = await readState(connection)
    if (known?.build !== state.build) {
      const opened = openSecret(options.wrapping, aboutRefKey(state.build), refKey)
      if (opened === null) throw new UnusableIndex('it was made with another keyring')
      known = { build: state.build, refs: createReferences(Buffer.from(opened, 'base64')) }
    }
    if (state.origin !== options.origin) throw new UnusableIndex('it is of another log')
    return { connection, state, refs: known.refs }
  }

  function remakeOnce(build: string | null, why: string): Promise<void> {
    return (remaking ??= (async () => {
      const old = current
      await old.connection.close().catch(() => undefined)
      current = await remake(build)
      onReset(why)
    })().finally(() => (remaking = null)))
  }

  return {
    async use(work) {
      await remaking
      const used = current
      try {
        return await work(await look())
      } catch (thrown) {
        const why = unusableBecause(thrown)
        // While it waited, somebody else may have made it anew.
        if (why === null && used === current && remaking === null) throw thrown
        if (why !== null && used === current) await remakeOnce(null, why)
        else await remaking
        return await work(await look())
      }
    },
    reset: (build) => remakeOnce(build, 'it is not of this log'),
    close: async () => {
      await remaking
      await current.connection.close()
    },
  }
}

/** Says of the index in use that it cannot be used. */
export class UnusableIndex extends Error {}

interface Connected {
  readonly connection: SqlConnection
  /** Throws when it is not where it was opened. */
  check(): void
}

interface Medium {
  connect(): Promise<Connected>
  /** `build`: what is there only if it is this one; null: whatever is there and cannot be used. */
  remake(build: string | null): Promise<Connected>
}

/** Under a lock among processes: a file that is removed takes its side files with it. */
function inFile(location: StoreLocation & { kind: 'sqlite' }, options: IndexStoreOptions): Medium {
  const { file } = location
  async function locked<T>(work: () => Promise<T>): Promise<T> {
    const lock = await lockFile(file.replace(/(\.db)?$/, '-lock.db'), lockWaitMs)
    try {
      return await work()
    } finally {
      await lock.release()
    }
  }
  async function open(): Promise<Connected> {
    const connection = await openConnection({ location, schemas: [] })
    const check = watchFile(file)
    check()
    try {
      await makeReady(connection, options)
      // What an earlier process has erased may stand in the side file.
      await connection.run('PRAGMA wal_checkpoint(TRUNCATE)')
      return { connection, check }
    } catch (thrown) {
      await connection.close()
      throw thrown
    }
  }
  async function remove(): Promise<void> {
    for (const ending of ['', '-wal', '-shm']) await removeFile(`${file}${ending}`)
  }
  async function openOrRemove(): Promise<Connected> {
    try {
      return await open()
    } catch (thrown) {
      if (unusableBecause(thrown) === null) throw thrown
      await remove()
      return await open()
    }
  }
  return {
    connect: () => locked(openOrRemove),
    remake: (build) =>
      locked(async () => {
        const found = await openOrRemove()
        const isUsable = build === null ? await isWhole(found.connection) : (await buildOf(found.connection)) !== build
        if (isUsable) return found
        await found.connection.close()
        await remove()
        return await open()
      }),
  }
}

function inDatabase(location: StoreLocation & { kind: 'postgres' }, options: IndexStoreOptions): Medium {
  const check = () => {}
  async function open(): Promise<Connected> {
    const connection = await openConnection({ location, schemas: [], connections })
    try {
      await makeReady(connection, options)
      return { connection, check }
    } catch (thrown) {
      await connection.close()
      throw thrown
    }
  }
  return {
    connect: open,
    async remake(build) {
      const { connection } = await open()
      await connection.transaction(async (session) => {
        await holdTables(session)
        if (build !== null && (await buildOf(session)) !== build) return
        await makeAnew(session, connection.dialect, options)
      })
      return { connection, check }
    },
  }
}

/** Any number that the servers of a deployment share and nothing else uses. */
const advisoryLock = 7_214_900_217

async function holdTables(session: SqlSession): Promise<void> {
  await session.run(`SELECT pg_advisory_xact_lock(${advisoryLock})`)
}

async function makeReady(connection: SqlConnection, options: IndexStoreOptions): Promise<void> {
  const { dialect } = connection
  await connection.transaction(async (session) => {
    if (dialect === 'postgres') await holdTables(session)
    await createTables(session, dialect)
    const { rows } = await session.run('SELECT version, build, origin, ref_key FROM audit_index_state WHERE one = 1')
    if (!isOurs(rows[0], options)) await makeAnew(session, dialect, options)
  })
}

function isOurs(row: Row | undefined, { origin, wrapping }: IndexStoreOptions): boolean {
  if (row === undefined || Number(row['version']) !== indexVersion || row['origin'] !== origin) return false
  return openSecret(wrapping, aboutRefKey(String(row['build'])), String(row['ref_key'])) !== null
}

async function makeAnew(
  session: SqlSession,
  dialect: SqlConnection['dialect'],
  { origin, wrapping }: IndexStoreOptions,
): Promise<void> {
  await dropTables(session)
  await createTables(session, dialect)
  const build = createId('build')
  const refKey = sealSecret(wrapping, aboutRefKey(build), randomBytes(32).toString('base64'))
  await session.run(
    `INSERT INTO audit_index_state
      (one, version, build, origin, ref_key, upto, leaf, min_index, keys_epoch, forgot, lease_by, lease_until)
      VALUES (1, ?, ?, ?, ?, 0, NULL, 0, 0, 0, '', 0)`,
    [indexVersion, build, origin, refKey],
  )
}

const aboutRefKey = (build: string) => ['audit', 'index', build]

async function buildOf(session: SqlSession): Promise<string> {
  return String((await session.run('SELECT build FROM audit_index_state WHERE one = 1')).rows[0]?.['build'])
}

/** Reads all of it: after a fault, and never otherwise. */
async function isWhole(connection: SqlConnection): Promise<boolean> {
  try {
    const { rows } = await connection.run('PRAGMA quick_check(1)')
    if (rows[0]?.['quick_check'] !== 'ok') return false
    await readState(connection)
    return true
  } catch {
    return false
  }
}

const stateColumns = 'version, build, origin, ref_key, upto, leaf, min_index, keys_epoch, forgot'

async function readState(session: SqlSession): Promise<IndexState & { readonly refKey: string }> {
  const { rows } = await session.run(`SELECT ${stateColumns} FROM audit_index_state WHERE one = 1`)
  const [row] = rows
  if (row === undefined || Number(row['version']) !== indexVersion) throw new UnusableIndex('it has no state')
  return {
    build: String(row['build']),
    origin: String(row['origin']),
    upto: Number(row['upto']),
    leaf: row['leaf'] instanceof Uint8Array ? row['leaf'] : null,
    minIndex: Number(row['min_index']),
    keysEpoch: Number(row['keys_epoch']),
    forgot: Number(row['forgot']),
    refKey: String(row['ref_key']),
  }
}

/** Null for what has nothing to do with the state of the index: a full disk, a server that is away. */
function unusableBecause(thrown: unknown): string | null {
  if (thrown instanceof UnusableIndex) return thrown.message
  if (!(thrown instanceof CairnError)) return null
  const { internal } = thrown
  if (internal === null) return null
  const isDamaged =
    /SQLITE_CORRUPT|SQLITE_NOTADB|SQLITE_IOERR_SHORT_READ|no such (?:table|column)|: (?:42P01|42703)\b/.test(internal)
  if (isDamaged) return 'it is damaged'
  return internal.includes('not the one that was opened') ? 'its file was removed' : null
}
