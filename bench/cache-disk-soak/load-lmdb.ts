/** LMDB as a peer: it lives in bench/package.json, so types and `npm ci` of the product know nothing of it. */
import { loadPeer } from '../cache/load-peer.ts'

/** What is used of it. */
export interface LmdbStore<V, K> {
  get(key: K): V | undefined
  getBinary(key: K): Buffer | undefined
  getBinaryFast(key: K): Buffer | undefined
  put(key: K, value: V): Promise<boolean>
  putSync(key: K, value: V): void
  removeSync(key: K): void
  getRange(options: { snapshot: boolean; limit: number }): Iterable<{ key: K; value: V }>
  clearAsync(): Promise<void>
  readonly flushed: Promise<unknown>
  close(): Promise<void>
}

export interface LmdbRoot extends LmdbStore<Buffer, string> {
  openDB<V, K>(options: { name: string; encoding: string; keyEncoding?: string }): LmdbStore<V, K>
  transactionSync(work: () => unknown): void
  useReadTransaction(): { done(): void }
}

export interface LmdbModule {
  readonly ABORT: unknown
  open(options: object): LmdbRoot
}

export const loadLmdb = (): Promise<LmdbModule> => loadPeer<LmdbModule>('lmdb')
