/**
 * Entries that are read to be told to somebody are proven first: that they are all that the signed tree has at their
 * places, and the very ones. A tile at a time, 256 entries: what lies outside it is taken from the stored tree, and
 * whatever stands there, only the right hashes make the root that was signed.
 */
import type { SqlSession } from '../../platform/index.ts'
import { createTreeReader } from '../log/tree-reader.ts'
import { leafHash, proveInclusion, verifyInclusion, type Hash, type ReadSubtree } from '../tree/merkle.ts'
import { foldTile, joinHashes, tileWidth, widthAt } from '../tree/tiles.ts'

/** By a checkpoint with the log’s signature. */
export interface SignedTree {
  readonly size: number
  readonly root: Hash
}

export interface TileProver {
  /** `headers`: of all entries that stand at the places of this tile, in order. */
  isSigned(index: number, headers: readonly string[]): Promise<boolean>
}

export function createTileProver(session: SqlSession, { size, root }: SignedTree): TileProver {
  const tree = createTreeReader(session, size)
  return {
    async isSigned(index, headers) {
      const from = index * tileWidth
      const [first] = headers
      if (first === undefined || headers.length !== widthAt({ level: 0, index }, size)) return false
      const leaves = joinHashes(headers.map(leafHash))
      const read: ReadSubtree = (asked) => {
        const count = 2 ** asked.level
        const at = asked.index * count - from
        const isInside = at >= 0 && at + count <= headers.length
        return isInside ? foldTile(leaves, at, count) : tree.subtree(asked)
      }
      const proof = await proveInclusion(from, size, read).catch(() => null)
      return proof !== null && verifyInclusion({ index: from, size, leaf: leafHash(first), root, proof })
    },
  }
}

/** The tiles that have a place from `from` to before `to`. */
export function tilesBetween(from: number, to: number): number[] {
  const first = Math.floor(from / tileWidth)
  return from >= to ? [] : Array.from({ length: Math.ceil(to / tileWidth) - first }, (_, at) => first + at)
}
