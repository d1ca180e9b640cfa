/**
 * The tree cut into tiles as C2SP tlog-tiles lays them out: a tile has up to 256 hashes of one level, and each hash of a
 * tile above stands for a full tile below. Tiles, entry bundles and their paths are what a verifier reads that knows
 * nothing of this program.
 */
import { hashBytes, nodeHash, type Hash, type Subtree } from './merkle.ts'

export const tileWidth = 256
const tileHeight = 8
/** An entry’s length stands in two bytes. */
export const mostEntryBytes = 65_535

export interface Tile {
  /** 0: leaf hashes. */
  readonly level: number
  readonly index: number
  /** 1 to 256; less than 256 for a partial tile. */
  readonly width: number
}

/** `1234067` as `x001/x234/067`. */
function tileNumber(index: number): string {
  const digits = String(index)
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0')
  const parts = padded.match(/\d{3}/g) ?? []
  return parts.map((part, at) => (at < parts.length - 1 ? `x${part}` : part)).join('/')
}

function parseTileNumber(text: string): number | null {
  if (!/^(?:x\d{3}\/)*\d{3}$/.test(text)) return null
  const index = Number(text.replaceAll(/[x/]/g, ''))
  return Number.isSafeInteger(index) && tileNumber(index) === text ? index : null
}

/** Below the prefix of the log, without a slash at the beginning. */
export function tilePath({ level, index, width }: Tile): string {
  return `tile/${level}/${tileNumber(index)}${partialSuffix(width)}`
}

export function bundlePath({ index, width }: Pick<Tile, 'index' | 'width'>): string {
  return `tile/entries/${tileNumber(index)}${partialSuffix(width)}`
}

function partialSuffix(width: number): string {
  return width === tileWidth ? '' : `.p/${width}`
}

/** Null for what is no path of a tile or an entry bundle (`level: 'entries'`). */
export function parseTilePath(path: string): (Omit<Tile, 'level'> & { level: number | 'entries' }) | null {
  const found = /^tile\/(entries|0|[1-9]\d?)\/([x/\d]+?)(?:\.p\/([1-9]\d{0,2}))?$/.exec(path)
  const index = parseTileNumber(found?.[2] ?? '')
  if (!found || index === null) return null
  const level = found[1] === 'entries' ? ('entries' as const) : Number(found[1])
  const width = found[3] === undefined ? tileWidth : Number(found[3])
  if ((level !== 'entries' && level > 63) || (found[3] !== undefined && width >= tileWidth)) return null
  return { level, index, width }
}

/** How many hashes the tree of this size has at a level of tiles. */
export function hashesAt(level: number, size: number): number {
  return Math.floor(size / tileWidth ** level)
}

/** The width of a tile in the tree of this size; 0 when it has none there. */
export function widthAt({ level, index }: Pick<Tile, 'level' | 'index'>, size: number): number {
  return Math.max(0, Math.min(tileWidth, hashesAt(level, size) - index * tileWidth))
}

/** All tiles of the tree of this size that have a leaf at or after `from`, level by level. */
export function tilesOf(size: number, from = 0): Tile[] {
  const tiles: Tile[] = []
  for (let level = 0; hashesAt(level, size) > 0; level++) {
    const first = Math.floor(from / tileWidth ** (level + 1))
    for (let index = first; ; index++) {
      const width = widthAt({ level, index }, size)
      if (width === 0) break
      tiles.push({ level, index, width })
    }
  }
  return tiles
}

/** Where a perfect subtree is found: which tile, and which of its hashes make it up. */
export function placeInTiles({ level, index }: Subtree): { tile: Omit<Tile, 'width'>; from: number; count: number } {
  const tileLevel = Math.floor(level / tileHeight)
  const count = 2 ** (level % tileHeight)
  const first = index * count
  return { tile: { level: tileLevel, index: Math.floor(first / tileWidth) }, from: first % tileWidth, count }
}

/** The root of `count` (a power of two) hashes of a tile. Throws `RangeError` when the tile has not that many. */
export function foldTile(bytes: Uint8Array, from: number, count: number): Hash {
  if ((from + count) * hashBytes > bytes.length) throw new RangeError('the tile is narrower')
  let hashes = Array.from({ length: count }, (_, at) => hashInTile(bytes, from + at))
  while (hashes.length > 1)
    hashes = Array.from({ length: hashes.length / 2 }, (_, at) =>
      nodeHash(hashes[at * 2] as Hash, hashes[at * 2 + 1] as Hash),
    )
  return hashes[0] as Hash
}

function hashInTile(bytes: Uint8Array, at: number): Hash {
  return bytes.subarray(at * hashBytes, (at + 1) * hashBytes)
}

export function joinHashes(hashes: readonly Hash[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * hashBytes)
  hashes.forEach((hash, at) => bytes.set(hash, at * hashBytes))
  return bytes
}

/** Throws `RangeError` for bytes that are no whole number of hashes. */
export function splitHashes(bytes: Uint8Array): Hash[] {
  if (bytes.length % hashBytes !== 0) throw new RangeError('half a hash')
  return Array.from({ length: bytes.length / hashBytes }, (_, at) => hashInTile(bytes, at))
}

// --- Entries ----------------------------------------------------------------------------------------------------------

/** Throws `RangeError` for an entry of more than 65,535 bytes. */
export function writeBundle(entries: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(entries.reduce((sum, { length }) => sum + 2 + length, 0))
  let at = 0
  for (const entry of entries) {
    if (entry.length > mostEntryBytes) throw new RangeError('the entry is too long for a bundle')
    bytes.set([entry.length >> 8, entry.length & 0xff], at)
    bytes.set(entry, at + 2)
    at += 2 + entry.length
  }
  return bytes
}

/** Null for bytes that are cut short. */
export function readBundle(bytes: Uint8Array): Uint8Array[] | null {
  const entries: Uint8Array[] = []
  for (let at = 0; at < bytes.length;) {
    if (at + 2 > bytes.length) return null
    const length = ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
    if (at + 2 + length > bytes.length) return null
    entries.push(bytes.subarray(at + 2, at + 2 + length))
    at += 2 + length
  }
  return entries
}
