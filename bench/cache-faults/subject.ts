/**
 * What a cache must offer to take part in the fault matrix: some nodes on one Redis, that read through and invalidate.
 * Every value is the version of the source it was made from, so what is stale can be seen in the value itself.
 */

export const rowIds = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'] as const

export type RowId = (typeof rowIds)[number]

export interface Loaded {
  readonly version: number
  /** Position of the log that the source had applied, for those who can make something of it. */
  readonly sourceSeq?: number
}

export type Load = () => Promise<Loaded>

export interface ReadOptions {
  readonly tags?: readonly string[]
  /** Old values may be served while they are refreshed and when the source fails, if the library knows how. */
  readonly servesStale?: boolean
}

/**
 * What the library says of an invalidation. `done`: its promise resolved. `pending`: it says itself that it is not
 * everywhere yet, and will see to it. `failed`: it threw, or returned false.
 */
export type Said = 'done' | 'pending' | 'failed'

export interface Invalidation {
  readonly key?: string
  readonly tag?: string
  readonly all?: true
  /** Does not wait for other nodes, where the library can. */
  readonly isQuick?: boolean
}

export interface FaultNode {
  /** The version that was served. Throws what the source throws when nothing is served. */
  read(key: string, load: Load, options?: ReadOptions): Promise<number>
  invalidate(what: Invalidation): Promise<Said>
  /** The key is old, as if its time had run out. */
  expire(key: string): Promise<Said>
  /** Log position that this node has applied; 0 where there is none. */
  position(): number
  close(): Promise<void>
}

export interface NodeOptions {
  readonly name: string
  /** Through a proxy of this node's own. */
  readonly redisUrl: string
  readonly ttlMs: number
  /** How much this node's clock is ahead. */
  readonly skewMs: number
}

export interface Subject {
  readonly name: string
  /** Rows that make no sense here, each with the reason. */
  readonly lacks: Partial<Record<RowId, string>>
  /** What a reader of the matrix should know of a cell. */
  readonly notes?: Partial<Record<RowId, string>>
  readonly hasTags: boolean
  readonly hasBus: boolean
  /** How long after a resolved invalidation other nodes are given to hear of it. Cairn: 0. */
  readonly settleMs: number
  openNode(options: NodeOptions): Promise<FaultNode>
}
