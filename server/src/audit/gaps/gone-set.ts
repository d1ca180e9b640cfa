/**
 * Which blocks an entry has authorised to go, without a list of them: such a list would tie all that one person ever did
 * together. The entry has how many, and the root of a tree over salted leaves; each stub has its own salt and the way up.
 */
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { tryParseJson } from '../../base/index.ts'
import {
  appendLeaf,
  emptyFrontier,
  leafHash,
  proveInclusion,
  rootOf,
  verifyInclusion,
  type Hash,
} from '../tree/merkle.ts'
import { hashOf } from '../tree/hash-of.ts'

export interface GoneBlock {
  readonly seq: number
  readonly name: string
}

const saltBytes = 16

const proofSchema = z.strictObject({
  index: z.int().min(0),
  salt: z.string(),
  path: z.array(z.string()).max(64),
})

export interface GoneSet {
  readonly count: number
  readonly root: Hash
  /** What the stub of each block keeps, in order, as JSON. */
  readonly proofs: readonly string[]
}

/** In an order that says nothing: by the hash of the leaves. */
export async function createGoneSet(blocks: readonly GoneBlock[]): Promise<GoneSet> {
  const salted = blocks.map((block, at) => {
    const salt = randomBytes(saltBytes)
    return { at, salt, leaf: leafOf(block, salt) }
  })
  salted.sort((one, other) => Buffer.compare(one.leaf, other.leaf))
  const subtrees = new Map<string, Hash>()
  let frontier = emptyFrontier
  for (const { leaf } of salted)
    frontier = appendLeaf(frontier, leaf, (level, index, hash) => subtrees.set(`${level}/${index}`, hash))
  const proofs: string[] = []
  for (const [index, { at, salt }] of salted.entries()) {
    const path = await proveInclusion(
      index,
      salted.length,
      (asked) => subtrees.get(`${asked.level}/${asked.index}`) as Hash,
    )
    proofs[at] = JSON.stringify({
      index,
      salt: salt.toString('base64url'),
      path: path.map((hash) => Buffer.from(hash).toString('base64url')),
    })
  }
  return { count: salted.length, root: rootOf(frontier), proofs }
}

/** Whether a stub is one of those that an entry with this count and root let go. */
export function isInGoneSet(
  block: GoneBlock,
  proof: string,
  { count, root }: Pick<GoneSet, 'count' | 'root'>,
): boolean {
  const { data } = proofSchema.safeParse(tryParseJson(proof))
  if (data === undefined) return false
  const leaf = leafOf(block, Buffer.from(data.salt, 'base64url'))
  const path = data.path.map((each) => Buffer.from(each, 'base64url'))
  return verifyInclusion({ index: data.index, size: count, leaf, root, proof: path })
}

function leafOf({ seq, name }: GoneBlock, salt: Uint8Array): Hash {
  return leafHash(hashOf(salt, `${seq}\0${name}`))
}
