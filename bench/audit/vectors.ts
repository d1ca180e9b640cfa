/** Test vectors of others: `--data DIR` with `merkle-rfc6962/testdata` and `c2sp` in it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Glob } from 'bun'
import {
  verifyConsistency,
  verifyInclusion,
  verifySubtree,
  verifySubtreeInclusion,
} from '../../server/src/audit/tree/merkle.ts'
import { parseNote, parseVerifier, verifyNote } from '../../server/src/audit/tree/signed-note.ts'
import { parseProof } from '../../server/src/audit/tree/tlog-proof.ts'

export interface VectorReport {
  readonly passed: number
  readonly wrong: readonly string[]
}

interface Vector {
  readonly leafIdx: number
  readonly treeSize: number
  readonly size: number
  readonly size1: number
  readonly size2: number
  readonly start: number
  readonly end: number
  readonly leafHash: string | null
  readonly root: string | null
  readonly root1: string | null
  readonly root2: string | null
  readonly proof: readonly string[] | null
  readonly wantErr: boolean
}

const bytes = (base64: string | null) => new Uint8Array(Buffer.from(base64 ?? '', 'base64'))

const kinds: Readonly<Record<string, (vector: Vector, proof: Uint8Array[]) => boolean>> = {
  inclusion: ({ leafIdx, treeSize, leafHash, root }, proof) =>
    verifyInclusion({ index: leafIdx, size: treeSize, leaf: bytes(leafHash), root: bytes(root), proof }),
  consistency: ({ size1, size2, root1, root2 }, proof) =>
    verifyConsistency({ earlier: size1, size: size2, earlierRoot: bytes(root1), root: bytes(root2), proof }),
  subtreeconsistency: ({ start, end, size, root1, root2 }, proof) =>
    verifySubtree({ begin: start, end, size, subtree: bytes(root1), root: bytes(root2), proof }),
  subtreeinclusion: ({ start, end, leafIdx, leafHash, root }, proof) =>
    verifySubtreeInclusion({ begin: start, end }, { index: leafIdx, leaf: bytes(leafHash), root: bytes(root), proof }),
}

export function runVectors(data: string): VectorReport {
  const wrong: string[] = []
  let passed = 0
  const judge = (name: string, isRight: boolean) => (isRight ? passed++ : wrong.push(name))
  const folder = join(data, 'merkle-rfc6962', 'testdata')
  for (const file of [...new Glob('**/*.json').scanSync(folder)].toSorted()) {
    const kind = file.split('/').find((part) => Object.hasOwn(kinds, part)) ?? ''
    const vector = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Vector
    const isAccepted = kinds[kind]?.(vector, (vector.proof ?? []).map(bytes))
    judge(file, isAccepted === !vector.wantErr)
  }
  const read = (name: string) => JSON.parse(readFileSync(join(data, 'c2sp', name), 'utf8')) as Record<string, unknown>
  const { note, vkey } = read('signed-note-example.json') as { note: string; vkey: string }
  const [parsed, key] = [parseNote(note), parseVerifier(vkey)]
  judge('signed-note-example.json', parsed !== null && key !== null && verifyNote(parsed, [key])?.length === 1)
  const proofs = read('tlog-proof-negative.json') as { accept: string[]; reject: string[] }
  for (const text of proofs.accept) judge('tlog-proof, to accept', parseProof(text) !== null)
  for (const text of proofs.reject) judge('tlog-proof, to reject', parseProof(text) === null)
  return { passed, wrong }
}
