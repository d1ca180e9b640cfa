/** The real cache with its log in a SQLite file of its own and, where asked for, nothing but memory. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger, systemClock } from '../../src/base/index.ts'
import { openCache } from '../../src/cache/engine.ts'
import { createJournal } from '../../src/cache/log/journal.ts'
import { cacheSchema, openSqliteSequencer } from '../../src/cache/log/sqlite-sequencer.ts'
import type { Cache } from '../../src/cache/types.ts'
import { openStore } from '../../src/storage/index.ts'

export interface OpenCache extends AsyncDisposable {
  readonly cache: Cache
}

export async function openTestCache(memoryBytes = 64 * 1_024 * 1_024): Promise<OpenCache> {
  const directory = await mkdtemp(join(tmpdir(), 'cairn-cache-'))
  const location = { kind: 'sqlite', file: join(directory, 'cache.db'), durability: 'normal' } as const
  const store = await openStore({ location, schemas: [cacheSchema] }, silentLogger)
  const sequencer = await openSqliteSequencer({ store, clock: systemClock })
  const cache = await openCache({
    memoryBytes,
    namesKey: new Uint8Array(32).fill(7),
    sequencer,
    journal: createJournal(store),
    disk: null,
    shared: null,
    clock: systemClock,
    logger: silentLogger,
  })
  return {
    cache,
    async [Symbol.asyncDispose]() {
      await cache.close()
      await store.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
