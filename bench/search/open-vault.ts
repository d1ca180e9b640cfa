/** Indexes a folder with the shipped indexer into a store of its own and follows it, as the server does. */
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../server/src/base/index.ts'
import { openDirectStore } from '../../server/src/storage/index.ts'
import { createIndexer } from '../../server/src/vaults/index/indexer.ts'
import { folderSource } from '../../server/src/vaults/folder/note-source.ts'
import { createIndexStore } from '../../server/src/vaults/index/index-store.ts'
import { indexSchema } from '../../server/src/vaults/index/migrations.ts'
import { createFollower, type Follower } from '../../server/src/vaults/index/vault-follower.ts'

export interface OpenVault {
  follower: Follower
  folder: string
  close(): Promise<void>
}

export async function openVault(path: string): Promise<OpenVault> {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-bench-'))
  const store = await openDirectStore({
    location: { kind: 'sqlite', file: join(folder, 'index.db'), durability: 'normal' },
    schemas: [indexSchema],
  })
  const indexStore = createIndexStore(store, 'bench')
  const indexer = createIndexer({
    vault: 'bench',
    source: folderSource(await realpath(path)),
    store: indexStore,
    clock: systemClock,
    guard: async () => ({}),
    onCommit() {},
    onProgress() {},
  })
  await indexer.open()
  await indexer.pass()
  const follower = createFollower(indexStore)
  await follower.follow()
  return {
    follower,
    folder,
    async close() {
      await store.close()
      await rm(folder, { recursive: true })
    },
  }
}
