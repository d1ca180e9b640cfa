/** Where the suites store: SQLite in a folder of its own, or a PostgreSQL database of its own. */
import { afterAll } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SQL } from 'bun'
import { createId, silentLogger } from '../../base/index.ts'
import { openDirectStore, openStore, type Schema, type Store, type StoreLocation } from '../index.ts'

/** One empty place to store in, and the way into it. */
export interface Place {
  readonly location: StoreLocation
  /** Whether this thread may write through several stores; on SQLite one that waits would block the other. */
  readonly takesSeveral: boolean
  open(schemas: readonly Schema[]): Promise<Store>
  remove(): Promise<void>
}

export type MakePlace = () => Promise<Place>

/** The engines, by name. `databaseUrl` is that of a PostgreSQL where databases may be made. */
export function listEngines(databaseUrl: string | undefined): [name: string, makePlace: MakePlace][] {
  const databases = createDatabases(databaseUrl)
  return [
    ['SQLite with its writer thread', () => makeSqlitePlace('threaded')],
    ['SQLite on the calling thread', () => makeSqlitePlace('direct')],
    ['PostgreSQL', () => makePostgresPlace(databases)],
  ]
}

/** A folder of its own for one test. */
export function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'cairn-test-'))
}

async function makeSqlitePlace(kind: 'threaded' | 'direct'): Promise<Place> {
  const folder = await makeFolder()
  const location: StoreLocation = { kind: 'sqlite', file: join(folder, 'test.db'), durability: 'full' }
  return {
    location,
    takesSeveral: kind === 'threaded',
    open: (schemas) =>
      kind === 'direct' ? openDirectStore({ location, schemas }) : openStore({ location, schemas }, silentLogger),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

async function makePostgresPlace(databases: Databases): Promise<Place> {
  const url = await databases.take()
  const location: StoreLocation = { kind: 'postgres', url }
  return {
    location,
    takesSeveral: true,
    open: (schemas) => openStore({ location, schemas }, silentLogger),
    remove: () => databases.giveBack(url),
  }
}

export interface Databases {
  /** Address of an empty database. */
  take(): Promise<string>
  giveBack(url: string): Promise<void>
}

/** Databases are made once and emptied between tests, which is ten times as fast. */
export function createDatabases(databaseUrl: string | undefined): Databases {
  const made: string[] = []
  const free: string[] = []
  const onServer = (text: string) => runOn(databaseUrl ?? '', text)

  afterAll(async () => {
    for (const name of made) await onServer(`DROP DATABASE ${name} WITH (FORCE)`)
  })
  return {
    async take() {
      const known = free.pop()
      if (known !== undefined) return known
      if (databaseUrl === undefined) throw new Error('CAIRN_TEST_DATABASE_URL is not set; run `npm test -- store`')
      const name = createId('cairn_test')
      await onServer(`CREATE DATABASE ${name}`)
      made.push(name)
      const url = new URL(databaseUrl)
      url.pathname = `/${name}`
      return url.href
    },
    async giveBack(url) {
      const others =
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()'
      await runOn(url, others, 'DROP SCHEMA public CASCADE', 'CREATE SCHEMA public')
      free.push(url)
    },
  }
}

async function runOn(url: string, ...texts: readonly string[]): Promise<void> {
  const sql = new SQL(url, { max: 1 })
  try {
    for (const text of texts) await sql.unsafe(text)
  } finally {
    await sql.close()
  }
}
