/**
 * Which vaults there are: folders, and those that devices sync. Usually that is a table of the state store. A run that was told which folders to serve
 * (`--vault`) has these, and what was added and removed since the run began; all its processes share the latter.
 */
import { createId, fail, type Clock } from '../base/index.ts'
import type { Store } from '../storage/index.ts'
import { basename } from 'node:path'
import { deleteSynced, insertSynced } from './synced/synced-notes.ts'
import { checkFolder, isTransient, transient } from './vault-folder.ts'

export interface Registered {
  id: string
  name: string
  source: 'folder' | 'sync'
  /** Real path of the folder; empty for a vault that devices sync. */
  path: string
}

export interface Register {
  list(): Promise<Registered[]>
  /** `path` is a real path. Throws `vault.exists`. */
  add(path: string, name: string | undefined): Promise<Registered>
  /** A vault that devices sync. Throws `vault.sync-in-run`. */
  addSynced(name: string): Promise<Registered>
  remove(id: string): Promise<void>
  /** Of these vaults that are indexed, those that are no vaults any more. */
  findRemoved(indexed: readonly string[]): Promise<string[]>
}

/** The folders of a run, as they were named. */
export type RunFolders = readonly { path: string; name?: string | undefined }[]

export function createRegister(store: Store, clock: Clock): Register {
  const list = () => listRegistered(store)
  return {
    list,
    async add(path, name = basename(path)) {
      const vault: Registered = { id: createId('vault'), name, source: 'folder', path }
      const done = await store.write([
        {
          text: "INSERT INTO vaults (id, name, source, path, created_at) VALUES (?, ?, 'folder', ?, ?) ON CONFLICT (path) DO NOTHING",
          params: [vault.id, name, path, clock.now()],
          expectChanges: 1,
        },
      ])
      if (done === null) fail('vault.exists')
      return vault
    },
    async addSynced(name) {
      const vault: Registered = { id: createId('vault'), name, source: 'sync', path: '' }
      await store.write([
        {
          text: "INSERT INTO vaults (id, name, source, path, created_at) VALUES (?, ?, 'sync', ?, ?)",
          // The column tells vaults apart; no folder has such a path.
          params: [vault.id, name, `sync:${vault.id}`, clock.now()],
        },
        insertSynced(vault.id),
      ])
      return vault
    },
    async remove(id) {
      await store.write([{ text: 'DELETE FROM vaults WHERE id = ?', params: [id] }, ...deleteSynced(id)])
    },
    // Those of a run with named folders are kept, for the next such run.
    async findRemoved(indexed) {
      const registered = new Set((await list()).map(({ id }) => id))
      return indexed.filter((id) => !isTransient(id) && !registered.has(id))
    },
  }
}

/** Throws `vault.folder` when one of the folders cannot be opened. */
export async function createRunRegister(store: Store, clock: Clock, folders: RunFolders): Promise<Register> {
  const named = await Promise.all(folders.map(async ({ path, name }) => transient(await checkFolder(path), name)))

  async function list(): Promise<Registered[]> {
    const rows = await store.read('SELECT id, name, path, removed FROM vaults_of_run ORDER BY at, id')
    const removed = new Set(rows.filter((row) => Number(row['removed']) === 1).map((row) => String(row['id'])))
    const all = new Map([...named, ...rows.map(toRegistered)].map((vault) => [vault.id, vault]))
    return [...all.values()].filter(({ id }) => !removed.has(id))
  }

  const put = ({ id, name, path }: Registered, removed: 0 | 1) =>
    store.write([
      {
        text: `INSERT INTO vaults_of_run (id, name, path, removed, at) VALUES (?, ?, ?, ?, ?)
          ON CONFLICT (id) DO UPDATE SET name = excluded.name, removed = excluded.removed`,
        params: [id, name, path, removed, clock.now()],
      },
    ])

  return {
    list,
    async add(path, name) {
      const vault = transient(path, name)
      if ((await list()).some(({ id }) => id === vault.id)) fail('vault.exists')
      await put(vault, 0)
      return vault
    },
    addSynced: async () =>
      fail('vault.sync-in-run', {
        message: 'This run serves the folders it was started with. Start it without --vault to sync a vault.',
      }),
    async remove(id) {
      const vault = (await list()).find((each) => each.id === id)
      if (vault) await put(vault, 1)
    },
    async findRemoved(indexed) {
      const registered = new Set((await listRegistered(store)).map(({ id }) => id))
      const rows = await store.read('SELECT id FROM vaults_of_run WHERE removed = 1')
      const removed = new Set(rows.map((row) => String(row['id'])))
      return indexed.filter((id) => (isTransient(id) ? removed.has(id) : !registered.has(id)))
    },
  }
}

/** What was added and removed in the run before is forgotten; for the first process of a run. */
export async function beginRun(store: Store): Promise<void> {
  await store.write([{ text: 'DELETE FROM vaults_of_run' }])
}

async function listRegistered(store: Store): Promise<Registered[]> {
  return (await store.read('SELECT id, name, source, path FROM vaults ORDER BY created_at, id')).map(toRegistered)
}

function toRegistered(row: Record<string, unknown>): Registered {
  const source = row['source'] === 'sync' ? 'sync' : 'folder'
  return {
    id: String(row['id']),
    name: String(row['name']),
    source,
    path: source === 'sync' ? '' : String(row['path']),
  }
}
