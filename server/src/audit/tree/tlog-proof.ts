/** Proofs that a file can hold (C2SP tlog-proof): the place of an entry, the way up to the root, and a signed checkpoint. */
import { parseCheckpoint, type Checkpoint } from './checkpoint.ts'
import { hashBytes, verifyInclusion, type Hash } from './merkle.ts'
import { parseBase64, type Note } from './signed-note.ts'

const header = 'c2sp.org/tlog-proof@v1'
/** The way up in a tree of 2**53 leaves, and some room. */
const mostHashes = 64

export interface TlogProof {
  readonly index: number
  readonly hashes: readonly Hash[]
  /** A signed note, as it was made. */
  readonly checkpoint: string
  /** Not vouched for by anything: the header and what opens its commitments. */
  readonly extra: Uint8Array | null
}

export function writeProof({ index, hashes, checkpoint, extra }: TlogProof): string {
  const lines = [
    header,
    ...(extra === null ? [] : [`extra ${Buffer.from(extra).toString('base64')}`]),
    `index ${index}`,
    ...hashes.map((hash) => Buffer.from(hash).toString('base64')),
  ]
  return `${lines.join('\n')}\n\n${checkpoint}`
}

/** Null for what is no proof. What stands after the empty line is not looked at. */
export function parseProof(text: string): TlogProof | null {
  const split = text.indexOf('\n\n')
  if (split < 0) return null
  const [first, ...lines] = text.slice(0, split).split('\n')
  const extra =
    lines[0]?.startsWith('extra ') === true ? parseBase64(lines.shift()?.slice('extra '.length) ?? '') : null
  const place = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '')
  const isExtraBad = text.startsWith(`${header}\nextra`) && extra === null
  if (first !== header || isExtraBad || !place || lines.length > mostHashes) return null
  const hashes = lines.map(parseBase64)
  if (hashes.some((hash) => hash?.length !== hashBytes) || !Number.isSafeInteger(Number(place[1]))) return null
  return { index: Number(place[1]), hashes: hashes as Hash[], checkpoint: text.slice(split + 2), extra }
}

/** The checkpoint that the proof leads to; null when it does not. Its signatures are for the caller to verify. */
export function followProof(proof: TlogProof, leaf: Hash): (Checkpoint & { readonly note: Note }) | null {
  const checkpoint = parseCheckpoint(proof.checkpoint)
  if (checkpoint === null) return null
  const { size, root } = checkpoint
  return verifyInclusion({ index: proof.index, size, leaf, root, proof: proof.hashes }) ? checkpoint : null
}
