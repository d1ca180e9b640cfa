/**
 * The Merkle tree of RFC 6962 (section 2.1) over SHA-256, and its proofs as RFC 9162 verifies them (2.1.3.2, 2.1.4.2). A
 * tree of any size splits into *perfect subtrees*, named by level and index: the one at level `l` and index `i` has the
 * leaves from `i * 2**l` to `(i + 1) * 2**l`. Sizes and indexes are whole numbers up to 2**53 - 1.
 */
import { hashOf } from './hash-of.ts'

/** 32 bytes. */
export type Hash = Uint8Array

export const hashBytes = 32

const leafPrefix = Uint8Array.of(0)
const nodePrefix = Uint8Array.of(1)

export function leafHash(data: Uint8Array | string): Hash {
  return hashOf(leafPrefix, data)
}

export function nodeHash(left: Hash, right: Hash): Hash {
  return hashOf(nodePrefix, left, right)
}

/** Of the tree without leaves. */
export function emptyRoot(): Hash {
  return hashOf()
}

// --- Growing ----------------------------------------------------------------------------------------------------------

/**
 * What of a tree is needed to let it grow, and for its root: the roots of its perfect subtrees from the left, one for each
 * bit that is set in the size.
 */
export interface Frontier {
  readonly size: number
  readonly hashes: readonly Hash[]
}

export const emptyFrontier: Frontier = { size: 0, hashes: [] }

/** `onSubtree` hears of each perfect subtree that the leaf completes, from level 0 on. */
export function appendLeaf(
  { size, hashes }: Frontier,
  leaf: Hash,
  onSubtree?: (level: number, index: number, hash: Hash) => void,
): Frontier {
  const left = [...hashes]
  let hash = leaf
  let level = 0
  let rest = size
  onSubtree?.(0, size, leaf)
  for (; rest % 2 === 1; rest = (rest - 1) / 2) {
    hash = nodeHash(left.pop() as Hash, hash)
    level++
    onSubtree?.(level, (rest - 1) / 2, hash)
  }
  return { size: size + 1, hashes: [...left, hash] }
}

export function rootOf({ hashes }: Pick<Frontier, 'hashes'>): Hash {
  const last = hashes.at(-1)
  if (last === undefined) return emptyRoot()
  return hashes.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last)
}

/** How many hashes the frontier of a tree of this size has. */
export function frontierLength(size: number): number {
  let count = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2
  return count
}

// --- Proving ----------------------------------------------------------------------------------------------------------

export interface Subtree {
  readonly level: number
  readonly index: number
}

/** Gives the hash of a perfect subtree. */
export type ReadSubtree = (subtree: Subtree) => Hash | Promise<Hash>

/** The perfect subtrees that the leaves from `begin` to `end` split into, from the left. `begin` is where a split begins. */
export function splitRange(begin: number, end: number): Subtree[] {
  const subtrees: Subtree[] = []
  for (let at = begin; at < end;) {
    let [level, width] = [0, 1]
    while (at % (width * 2) === 0 && at + width * 2 <= end) {
      width *= 2
      level++
    }
    subtrees.push({ level, index: at / width })
    at += width
  }
  return subtrees
}

function readAll(subtrees: readonly Subtree[], read: ReadSubtree): Promise<Hash[]> {
  return Promise.all(subtrees.map(async (each) => read(each)))
}

async function readRange(begin: number, end: number, read: ReadSubtree): Promise<Hash> {
  return rootOf({ hashes: await readAll(splitRange(begin, end), read) })
}

/** The frontier of the tree of this size, from its perfect subtrees. */
export async function readFrontier(size: number, read: ReadSubtree): Promise<Frontier> {
  return { size, hashes: await readAll(splitRange(0, size), read) }
}

/** From the leaf’s sibling up. Throws `RangeError` when the tree has no such leaf. */
export function proveInclusion(index: number, size: number, read: ReadSubtree): Promise<Hash[]> {
  if (!isIndex(index) || !isIndex(size) || index >= size) throw new RangeError('there is no such leaf in the tree')
  const ranges: [number, number][] = []
  for (let [begin, end] = [0, size]; end - begin > 1;) {
    const middle = begin + largestPowerBelow(end - begin)
    if (index < middle) {
      ranges.unshift([middle, end])
      end = middle
    } else {
      ranges.unshift([begin, middle])
      begin = middle
    }
  }
  return Promise.all(ranges.map(([begin, end]) => readRange(begin, end, read)))
}

/** That the tree of `size` begins with the tree of `earlier`. Throws `RangeError` unless `0 < earlier <= size`. */
export function proveConsistency(earlier: number, size: number, read: ReadSubtree): Promise<Hash[]> {
  if (!isIndex(earlier) || !isIndex(size) || earlier < 1 || earlier > size)
    throw new RangeError('the earlier tree is not a beginning of the tree')
  const ranges: [number, number][] = []
  let [begin, end] = [0, size]
  while (earlier !== end) {
    const middle = begin + largestPowerBelow(end - begin)
    if (earlier <= middle) {
      ranges.unshift([middle, end])
      end = middle
    } else {
      ranges.unshift([begin, middle])
      begin = middle
    }
  }
  // Whoever verifies has the root of the earlier tree itself.
  if (begin !== 0) ranges.unshift([begin, end])
  return Promise.all(ranges.map(([from, to]) => readRange(from, to, read)))
}

function largestPowerBelow(size: number): number {
  let power = 1
  while (power * 2 < size) power *= 2
  return power
}

// --- Verifying --------------------------------------------------------------------------------------------------------

export interface Inclusion {
  readonly index: number
  readonly size: number
  readonly leaf: Hash
  readonly root: Hash
  readonly proof: readonly Hash[]
}

/** RFC 9162, section 2.1.3.2. */
export function verifyInclusion({ index, size, leaf, root, proof }: Inclusion): boolean {
  return isHash(leaf) && verifySubtree({ begin: index, end: index + 1, size, subtree: leaf, root, proof })
}

/** That a subtree has a leaf, by the leaf’s index in the whole tree. */
export function verifySubtreeInclusion(
  { begin, end }: { readonly begin: number; readonly end: number },
  { index, leaf, root, proof }: Omit<Inclusion, 'size'>,
): boolean {
  if (![begin, end].every(isIndex) || begin >= end || begin % powerFrom(end - begin) !== 0) return false
  return verifyInclusion({ index: index - begin, size: end - begin, leaf, root, proof })
}

export interface Consistency {
  readonly earlier: number
  readonly size: number
  readonly earlierRoot: Hash
  readonly root: Hash
  readonly proof: readonly Hash[]
}

/** RFC 9162, section 2.1.4.2. False for an earlier tree without leaves: there is nothing to prove of it. */
export function verifyConsistency({ earlier, size, earlierRoot, root, proof }: Consistency): boolean {
  return earlier > 0 && verifySubtree({ begin: 0, end: earlier, size, subtree: earlierRoot, root, proof })
}

export interface SubtreeProof {
  /** Its leaves are from `begin` to before `end`; `begin` is a multiple of the least power of two they fit in. */
  readonly begin: number
  readonly end: number
  readonly size: number
  readonly subtree: Hash
  readonly root: Hash
  readonly proof: readonly Hash[]
}

/**
 * That a tree has a subtree: of which a leaf and an earlier tree are the two usual kinds. The algorithm of Merkle Tree
 * Certificates (draft-ietf-plants-merkle-tree-certs, “Verifying a subtree consistency proof”), which holds those of RFC 9162.
 */
export function verifySubtree({ begin, end, size, subtree, root, proof }: SubtreeProof): boolean {
  if (![begin, end, size].every(isIndex) || begin > end || end > size || !proof.every(isHash)) return false
  // Nothing at all is everywhere, and needs no proof.
  if (begin === end) return proof.length === 0 && isSame(subtree, emptyRoot())
  if (begin % powerFrom(end - begin) !== 0) return false
  let [first, last, treeLast] = [begin, end - 1, size - 1]
  const up = () => ([first, last, treeLast] = [half(first), half(last), half(treeLast)])
  const isAtEnd = last === treeLast
  while (first !== last && (isAtEnd || last % 2 === 1)) up()
  const [start, ...rest] = first === last ? [subtree, ...proof] : proof
  if (start === undefined) return false
  let [inner, outer] = [start, start]
  for (const hash of rest) {
    if (treeLast === 0) return false
    if (last % 2 === 1 || last === treeLast) {
      if (first < last) inner = nodeHash(hash, inner)
      outer = nodeHash(hash, outer)
      while (last % 2 === 0 && last !== 0) up()
    } else outer = nodeHash(outer, hash)
    up()
  }
  return treeLast === 0 && isSame(inner, subtree) && isSame(outer, root)
}

/** The least power of two that is not below. */
function powerFrom(count: number): number {
  let power = 1
  while (power < count) power *= 2
  return power
}

const half = (value: number): number => Math.floor(value / 2)

function isIndex(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function isHash(hash: Uint8Array): boolean {
  return hash.length === hashBytes
}

/** Hashes of a tree are no secrets: comparing them may take as long as it takes. */
export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at])
}
