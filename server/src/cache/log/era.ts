/**
 * Which log a deployment followed last. A deployment that goes from the log of one host to that of Redis, or back,
 * comes to a log that does not know what was invalidated meanwhile; what was made under it before must not be believed.
 */
import type { Schema, Store } from '../../storage/index.ts'
import type { ScopeId } from '../scopes.ts'
import { journalEntry } from './journal.ts'
import { endLocalLog, readLocalEpoch } from './sqlite-sequencer.ts'

/** Stands in the deployment's own database, which all its servers share. */
export const cacheEraSchema: Schema = {
  scope: 'cache-era',
  migrations: [
    {
      id: 1,
      name: 'which log the cache followed last',
      statements: ['CREATE TABLE cache_era (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), log TEXT NOT NULL)'],
    },
  ],
}

export interface Era {
  /** Notes the log that is followed from now on. `isDone`: whether everything that this needed is committed. */
  settle(isDone: () => boolean): Promise<void>
}

export interface EraOptions {
  readonly kind: 'sqlite' | 'redis'
  readonly state: Store
  /** The database of this host, with the local log and the journal. */
  readonly local: Store
  /** The id of the scope of everything. */
  readonly everything: ScopeId
}

/**
 * To be called before the log is opened. Going over to Redis, an invalidation of everything is put into the journal; it
 * holds in this process at once and everywhere once it is committed, and until then every server that starts does the
 * same. Coming back to the host's own log, that log begins a new life.
 */
export async function beginEra({ kind, state, local, everything }: EraOptions): Promise<Era> {
  const [row] = await state.read('SELECT log FROM cache_era')
  const before = row ? String(row['log']) : null
  const note = (log: string) =>
    state.write([
      {
        text: 'INSERT INTO cache_era (only_row, log) VALUES (1, ?) ON CONFLICT (only_row) DO UPDATE SET log = excluded.log',
        params: [log],
      },
    ])
  if (kind === 'sqlite') {
    const epoch = await readLocalEpoch(local)
    if (epoch !== null && before !== `sqlite ${epoch}`) await local.write(endLocalLog)
    return {
      async settle() {
        const now = await readLocalEpoch(local)
        if (now !== null && before !== `sqlite ${now}`) await note(`sqlite ${now}`)
      },
    }
  }
  if (before !== 'redis') await local.write([journalEntry('hard', [everything]), ...endLocalLog])
  return {
    async settle(isDone) {
      // Otherwise the next start invalidates everything once more, which costs misses only.
      if (before !== 'redis' && isDone()) await note('redis')
    },
  }
}
