/**
 * Proofs of entries as a tar file: the key and the checkpoint that all of them lead to, and for each entry a file as C2SP
 * tlog-proof has it, with the entry in it. Nothing of it names anybody.
 */
import type { SignedCheckpoint } from '../log/checkpoints.ts'
import { createTreeReader } from '../log/tree-reader.ts'
import { endTar, writeTarFile } from '../archive/tar.ts'
import { writeProof } from '../tree/tlog-proof.ts'
import { select, type Piece, type Selection } from './take-out.ts'

export interface TakeProofsOptions extends Selection {
  readonly signed: SignedCheckpoint
  /** In one line. */
  readonly key: string
}

/** Rejects as `takeOut` does. */
export async function* takeProofs(options: TakeProofsOptions): AsyncIterable<Piece> {
  const { session, signed, key } = options
  const { size, note } = signed
  const head = [...fileOf('checkpoint', note), ...fileOf('key', `${key}\n`)]
  yield { bytes: Buffer.concat(head), results: 0 }
  for await (const wanted of select(options)) {
    // Of one page: a reader remembers every tile that it has read.
    const tree = createTreeReader(session, size)
    const parts: Uint8Array[] = []
    for (const { stored } of wanted) {
      const hashes = await tree.inclusion(stored.seq, size)
      const extra = new TextEncoder().encode(stored.header)
      const proof = writeProof({ index: stored.seq, hashes, checkpoint: note, extra })
      parts.push(...fileOf(`proofs/${stored.seq}.tlog-proof`, proof))
    }
    yield { bytes: Buffer.concat(parts), results: wanted.length }
  }
  yield { bytes: endTar(), results: 0 }
}

const fileOf = (name: string, text: string) => writeTarFile({ name, content: new TextEncoder().encode(text) })
