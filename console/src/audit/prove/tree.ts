/**
 * The way from an entry up to the root of the log, as RFC 9162 (2.1.3.2) verifies it, with SHA-256 by the browser itself.
 * It shares no code with the server, whose word is what is checked here.
 */
import { isSame } from './base64.ts'

export type Hash = Uint8Array<ArrayBuffer>

export const hashBytes = 32

/** A turn of the way: the hash beside it, on which side that stands, and what both make. */
export interface Turn {
  readonly side: 'left' | 'right'
  readonly beside: Hash
  readonly hash: Hash
}

export interface Inclusion {
  readonly index: number
  readonly size: number
  readonly leaf: Hash
  readonly hashes: readonly Hash[]
  readonly root: Hash
}

/** Leaf and node differ by their first byte, so that neither can stand for the other (RFC 6962, 2.1). */
export const hashLeaf = (entry: Uint8Array): Promise<Hash> => digest(Uint8Array.of(0), entry)
const hashNode = (left: Hash, right: Hash): Promise<Hash> => digest(Uint8Array.of(1), left, right)

async function digest(...parts: readonly Uint8Array[]): Promise<Hash> {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', joined))
}

/** Null when the way does not end at the root, or is longer or shorter than that of this place in a tree of this size. */
export async function walkUp({ index, size, leaf, hashes, root }: Inclusion): Promise<Turn[] | null> {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return null
  // By division: places go up to 2**53, where shifting cuts at 32 bits.
  const up = (value: number) => Math.floor(value / 2)
  let [place, last, hash] = [index, size - 1, leaf]
  const turns: Turn[] = []
  for (const beside of hashes) {
    if (last === 0 || beside.length !== hashBytes) return null
    const isRight = place % 2 === 1 || place === last
    hash = isRight ? await hashNode(beside, hash) : await hashNode(hash, beside)
    turns.push({ side: isRight ? 'left' : 'right', beside, hash })
    // At the right edge of a tree that is not full, levels without a neighbour are passed over.
    while (isRight && place % 2 === 0 && place !== 0) [place, last] = [up(place), up(last)]
    ;[place, last] = [up(place), up(last)]
  }
  return last === 0 && isSame(hash, root) ? turns : null
}
