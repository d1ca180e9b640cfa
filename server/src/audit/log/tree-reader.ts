/** The stored tree as proofs and verifiers want it: perfect subtrees, tiles, entry bundles. */
import type { SqlSession } from '../../platform/index.ts'
import {
  proveConsistency,
  proveInclusion,
  readFrontier,
  rootOf,
  type Frontier,
  type Hash,
  type ReadSubtree,
} from '../tree/merkle.ts'
import { foldTile, joinHashes, placeInTiles, tileWidth, widthAt, writeBundle } from '../tree/tiles.ts'
import { readHashes } from './append.ts'

export interface TreeReader {
  /** Null when the tree of this size has no such tile, or what it needs is pruned. */
  tile(level: number, index: number, size: number): Promise<Uint8Array | null>
  /** Entries of a level-0 tile as C2SP has them. */
  bundle(index: number, size: number): Promise<Uint8Array | null>
  frontier(size: number): Promise<Frontier>
  root(size: number): Promise<Hash>
  inclusion(index: number, size: number): Promise<Hash[]>
  consistency(earlier: number, size: number): Promise<Hash[]>
  readonly subtree: ReadSubtree
}

/** For one answer: tiles that were read are kept as long as the reader is. */
export function createTreeReader(session: SqlSession, size: number): TreeReader {
  const tiles = new Map<string, Promise<Uint8Array>>()

  function read(level: number, index: number): Promise<Uint8Array> {
    const name = `${level}/${index}`
    const known = tiles.get(name)
    if (known) return known
    const found = readTile(session, level, index, widthAt({ level, index }, size))
    tiles.set(name, found)
    return found
  }

  const subtree: ReadSubtree = async (asked) => {
    const { tile, from, count } = placeInTiles(asked)
    return foldTile(await read(tile.level, tile.index), from, count)
  }
  return {
    async tile(level, index, at) {
      const width = widthAt({ level, index }, Math.min(at, size))
      if (width === 0) return null
      const bytes = await read(level, index).catch(() => null)
      return bytes === null ? null : bytes.slice(0, width * 32)
    },
    async bundle(index, at) {
      const width = widthAt({ level: 0, index }, Math.min(at, size))
      const from = index * tileWidth
      const { rows } = await session.run('SELECT header FROM audit_entries WHERE seq >= ? AND seq < ? ORDER BY seq', [
        from,
        from + width,
      ])
      if (width === 0 || rows.length !== width) return null
      return writeBundle(rows.map((row) => new TextEncoder().encode(String(row['header']))))
    },
    subtree,
    frontier: (at) => readFrontier(at, subtree),
    root: async (at) => rootOf(await readFrontier(at, subtree)),
    inclusion: (index, at) => proveInclusion(index, at, subtree),
    consistency: (earlier, at) => proveConsistency(earlier, at, subtree),
  }
}

async function readTile(session: SqlSession, level: number, index: number, width: number): Promise<Uint8Array> {
  if (width === tileWidth) {
    const { rows } = await session.run('SELECT hashes FROM audit_tiles WHERE level = ? AND idx = ?', [level, index])
    const hashes = rows[0]?.['hashes']
    if (hashes instanceof Uint8Array && hashes.length === tileWidth * 32) return hashes
  }
  return joinHashes(await readHashes(session, level, index, width))
}
