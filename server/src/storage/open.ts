/**
 * Opens a store. On SQLite the thread that serves requests reads through a read-only connection and hands its writes
 * to the writer thread, since SQLite blocks the thread it runs on and a durable commit takes milliseconds. A worker
 * that may block opens its store `direct`. On PostgreSQL both are a pool.
 */
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CairnError, errorFields, type Logger } from '../base/index.ts'
import { openPostgres, openSqlite, startWorker, type SqlConnection, type SqliteOptions } from '../platform/index.ts'
import { migrate } from './migrate.ts'
import type { Schema, Statement, Store, WriteResult } from './types.ts'
import { runStatements, UnmetExpectation } from './write.ts'

/** Where a store lives: a file of its own on SQLite, or a shared PostgreSQL. */
export type StoreLocation =
  | { kind: 'sqlite'; file: string; durability: 'full' | 'normal' }
  | { kind: 'postgres'; url: string }

export interface StoreOptions {
  location: StoreLocation
  /** The tables of each module that stores here. */
  schemas: readonly Schema[]
}

/** A store for the thread that serves requests. */
export async function openStore({ location, schemas }: StoreOptions, logger: Logger): Promise<Store> {
  if (location.kind === 'postgres') return openDirectStore({ location, schemas })
  const direct = await openDirectStore({ location, schemas })
  await direct.close()
  const reader = await openSqlite({ file: location.file, readOnly: true })
  const writer = startWorker(new URL('./writer-worker.ts', import.meta.url), (fields) =>
    logger.error('writer thread failed', fields),
  )
  await writer.call('open', { file: location.file, durability: location.durability } satisfies SqliteOptions)
  return {
    dialect: 'sqlite',
    read: async (text, params) => (await guard(() => reader.run(text, params))).rows,
    write: (statements) => writer.call<WriteResult | null>('write', statements),
    async close() {
      await writer.call('close')
      writer.terminate()
      await reader.close()
    },
  }
}

/** A store that reads and writes on the calling thread: for workers, commands and PostgreSQL. */
export async function openDirectStore({ location, schemas }: StoreOptions): Promise<Store> {
  const connection = await connect(location)
  try {
    await guard(() => migrate(connection, schemas))
  } catch (thrown) {
    await connection.close()
    throw thrown
  }
  return {
    dialect: connection.dialect,
    read: async (text, params) => (await guard(() => connection.run(text, params))).rows,
    write: (statements) => writeThrough(connection, statements),
    close: () => connection.close(),
  }
}

async function connect(location: StoreLocation): Promise<SqlConnection> {
  if (location.kind === 'postgres') return openPostgres(location.url, 8)
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

/** Anything a database throws becomes `storage.failed`; its own words, which may hold values, stay out of the reply. */
async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (thrown instanceof CairnError || thrown instanceof UnmetExpectation) throw thrown
    const { reason } = errorFields(thrown)
    throw new CairnError('storage.failed', { internal: String(reason ?? 'database failed'), cause: thrown })
  }
}
