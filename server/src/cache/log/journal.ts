/**
 * Invalidations that could not be committed, on disk before anyone is told that they are pending, so that they survive
 * this process. Whoever commits one takes it out; a second commit of the same costs misses and nothing else.
 */
import type { Statement, Store } from '../../storage/index.ts'
import type { ScopeId } from '../scopes.ts'
import type { InvalidationKind } from '../types.ts'
import { joinScopes, splitScopes } from './scope-list.ts'

export interface Intent {
  readonly id: number
  readonly kind: InvalidationKind
  readonly scopes: readonly ScopeId[]
}

export interface Journal {
  /** Durable when it resolves. Throws `storage.failed`. */
  append(kind: InvalidationKind, scopes: readonly ScopeId[]): Promise<number>
  list(): Promise<Intent[]>
  remove(id: number): Promise<void>
}

/** The write that `append` does, to be part of a larger one. */
export function journalEntry(kind: InvalidationKind, scopes: readonly ScopeId[]): Statement {
  return {
    text: 'INSERT INTO cache_journal (kind, scopes) VALUES (?, ?) RETURNING id',
    params: [kind, joinScopes(scopes)],
  }
}

export function createJournal(store: Store): Journal {
  return {
    async append(kind, scopes) {
      const result = await store.write([journalEntry(kind, scopes)])
      return Number(result?.rows[0]?.[0]?.['id'])
    },
    async list() {
      const rows = await store.read('SELECT id, kind, scopes FROM cache_journal ORDER BY id')
      return rows.map((row) => ({
        id: Number(row['id']),
        kind: row['kind'] as InvalidationKind,
        scopes: splitScopes(String(row['scopes'])),
      }))
    },
    async remove(id) {
      await store.write([{ text: 'DELETE FROM cache_journal WHERE id = ?', params: [id] }])
    },
  }
}
