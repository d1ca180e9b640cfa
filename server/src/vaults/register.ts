/** Which folders are vaults, kept in the state store. */
import { createId, fail, type Clock } from '../base/index.ts'
import type { Store } from '../storage/index.ts'

export interface Registered {
  id: string
  name: string
  /** Real path of the folder. */
  path: string
}

export function createRegister(store: Store, clock: Clock) {
  return {
    async list(): Promise<Registered[]> {
      const rows = await store.read('SELECT id, name, path FROM vaults ORDER BY created_at, id')
      return rows.map((row) => ({ id: String(row['id']), name: String(row['name']), path: String(row['path']) }))
    },
    /** Throws `vault.exists`. */
    async add(path: string, name: string): Promise<Registered> {
      const vault = { id: createId('vault'), name, path }
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
    async remove(id: string): Promise<void> {
      await store.write([{ text: 'DELETE FROM vaults WHERE id = ?', params: [id] }])
    },
  }
}
