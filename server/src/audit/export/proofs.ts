/** What anybody outside needs to hold the log to its word: checkpoint, key, proofs, tiles, in the forms of C2SP. */
import { fail } from '../../base/index.ts'
import type { AuditLog } from '../log/log.ts'
import { createTreeReader } from '../log/tree-reader.ts'
import { readPage } from '../verify/source.ts'
import { hashBytes } from '../tree/merkle.ts'
import { parseTilePath, readBundle, tileWidth, widthAt, writeBundle } from '../tree/tiles.ts'
import { writeProof } from '../tree/tlog-proof.ts'

export interface TileFile {
  readonly bytes: Uint8Array
  /** It will never change. */
  readonly isFull: boolean
  readonly isEntries: boolean
}

export interface Proofs {
  /** The newest checkpoint, made now when entries came after the last one. */
  checkpoint(): Promise<string>
  /** With which checkpoints are signed. */
  key(): Promise<string>
  /** With the entry itself in it. Throws `audit.entry-missing`. */
  proof(seq: number): Promise<string>
  /** Of `tile/…`; null for what is no path of a tile, is not there yet, or was pruned. */
  tile(path: string): Promise<TileFile | null>
}

export function createProofs(log: AuditLog): Proofs {
  return {
    checkpoint: async () => (await log.checkpoints.sign()).note,
    key: async () => `${log.checkpoints.signer.verifier.text}\n`,
    async proof(seq) {
      const { size, note } = await log.checkpoints.sign()
      const [entry] = seq < size ? await readPage(log.connection, { from: seq, to: seq + 1 }) : []
      if (entry === undefined) fail('audit.entry-missing')
      const hashes = await createTreeReader(log.connection, size).inclusion(seq, size)
      return writeProof({ index: seq, hashes, checkpoint: note, extra: new TextEncoder().encode(entry.header) })
    },
    async tile(path) {
      const asked = parseTilePath(path)
      if (asked === null) return null
      const { level, index, width } = asked
      const isEntries = level === 'entries'
      // No more than is signed: what somebody has seen of a tile must never turn out to be of no tree.
      const { size } = await log.checkpoints.sign()
      if (width > widthAt({ level: isEntries ? 0 : level, index }, size)) return null
      const tree = createTreeReader(log.connection, size)
      const bytes = isEntries ? await tree.bundle(index, size) : await tree.tile(level, index, size)
      if (bytes === null) return null
      return { bytes: cut(bytes, { isEntries, width }), isFull: width === tileWidth, isEntries }
    },
  }
}

/** A part of a tile stays there for whoever has seen the tree when it ended there. */
function cut(bytes: Uint8Array, { isEntries, width }: { isEntries: boolean; width: number }): Uint8Array {
  return isEntries ? writeBundle((readBundle(bytes) ?? []).slice(0, width)) : bytes.slice(0, width * hashBytes)
}
