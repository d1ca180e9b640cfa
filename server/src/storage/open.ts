/**
 * Opens a store. On SQLite the thread that serves requests reads through a read-only connection and hands its writes
 * to the writer thread, since SQLite blocks the thread it runs on and a durable commit takes milliseconds. A worker
 * that may block opens its store `direct`. On PostgreSQL both are a pool.
 */
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Logger } from '../base/index.ts'
import { openPostgres, openSqlite, startWorker, type SqlConnection } from '../platform/index.ts'
import { toStorageError } from './failure.ts'
import { migrate } from './migrate.ts'
import type { Schema, Statement, Store, WriteResult } from './types.ts'
import { runStatements, UnmetExpectation } from './write.ts'
import { openWriter } from './writer.ts'

/** Where a store lives: a file of its own on SQLite, or a shared PostgreSQL. */
export type StoreLocation =
  | { kind: 'sqlite'; file: string; durability: 'full' | 'normal' }
  | { kind: 'postgres'; url: string }

export interface StoreOptions {
  location: StoreLocation
  /** The tables of each module that stores here. */
  schemas: readonly Schema[]
  /** Connections to PostgreSQL at most; 8 for a store of the serving thread, 4 for a direct one. */
  connections?: number
}

const serverConnections = 8
/** A worker has at most a few queries under way; several workers share what PostgreSQL gives out. */
const directConnections = 4

/** A store for the thread that serves requests. */
export async function openStore(
  { location, schemas, connections = serverConnections }: StoreOptions,
  logger: Logger,
): Promise<Store> {
  if (location.kind === 'postgres') return openThrough(location, schemas, connections)
  const { file, durability } = location
  await (await openDirectStore({ location, schemas })).close()
  const writer = await openWriter({ file, durability }, () =>
    startWorker(new URL('./writer-worker.ts', import.meta.url), (fields) =>
      logger.error('a fault in the writer thread', fields),
    ),
  )
  // After the writer: it has made the files that a read-only connection needs to find.
  let reader: SqlConnection
  try {
    reader = await guard(() => openSqlite({ file, readOnly: true }))
  } catch (thrown) {
    await writer.close()
    throw thrown
  }
  return {
    dialect: 'sqlite',
    read: async (text, params) => (await guard(() => reader.run(text, params))).rows,
    write: (statements) => writer.write(statements),
    async close() {
      try {
        await writer.close()
      } finally {
        await reader.close()
      }
    },
  }
}

/** A store that reads and writes on the calling thread: for workers and commands. */
export function openDirectStore({ location, schemas, connections = directConnections }: StoreOptions): Promise<Store> {
  return openThrough(location, schemas, connections)
}

/**
 * A connection of the calling thread, with its tables made, for those who read and write in one transaction. What the
 * engine throws comes as `storage.failed`.
 */
export async function openConnection({
  location,
  schemas,
  connections = directConnections,
}: StoreOptions): Promise<SqlConnection> {
  const connection = await connect(location, connections)
  try {
    await guard(() => migrate(connection, schemas))
  } catch (thrown) {
    await connection.close()
    throw thrown
  }
  return {
    dialect: connection.dialect,
    run: (text, params) => guard(() => connection.run(text, params)),
    transaction: (work) => guard(() => connection.transaction(work)),
    close: () => connection.close(),
  }
}

async function openThrough(location: StoreLocation, schemas: readonly Schema[], connections: number): Promise<Store> {
  const connection = await openConnection({ location, schemas, connections })
  return {
    dialect: connection.dialect,
    read: async (text, params) => (await connection.run(text, params)).rows,
    write: (statements) => writeThrough(connection, statements),
    close: () => connection.close(),
  }
}

async function connect(location: StoreLocation, connections: number): Promise<SqlConnection> {
  if (location.kind === 'postgres') return openPostgres({ url: location.url, connections })
  return guard(async () => {
    await mkdir(dirname(location.file), { recursive: true, mode: 0o700 })
    return openSqlite({ file: location.file, durability: location.durability })
  })
}

async function writeThrough(connection: SqlConnection, statements: readonly Statement[]): Promise<WriteResult | null> {
  try {
    return await guard(() => connection.transaction((session) => runStatements(session, statements)))
  } catch (thrown) {
    if (thrown instanceof UnmetExpectation) return null
    throw thrown
  }
}

async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    throw thrown instanceof UnmetExpectation ? thrown : toStorageError(thrown)
  }
}
