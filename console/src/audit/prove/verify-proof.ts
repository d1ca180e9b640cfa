/**
 * Verifies in the browser that an entry stands in the log: that what is shown is what was hashed, that its hash leads to
 * the root of a checkpoint, and that the log’s key has signed that checkpoint. The proof is C2SP tlog-proof.
 */
import type { AuditEntryView } from '@cairn/contract'
import { tryParseJson } from '@cairn/ui/client'
import { fromBase64 } from './base64.ts'
import { readCheckpoint, readVerifierKey, toHex, verifySignature, type Checkpoint } from './signed-note.ts'
import { hashBytes, hashLeaf, walkUp, type Hash, type Turn } from './tree.ts'

const firstLine = 'c2sp.org/tlog-proof@v1'
/** The longest way there can be has 53 turns. */
const mostTurns = 64
const mostProofLength = 64_000

/**
 * `unreadable`: it is no proof. `elsewhere`: it is of another place in the log. `differs`: what is shown is not what was
 * hashed. `path`: the hashes do not lead to the root. `other-key`: the key is not the one that this browser remembers. `origin`: the checkpoint is of another log than the key. `key`: the
 * key cannot be read. `signature`: the log has not signed the checkpoint.
 */
export type ProofFault = 'unreadable' | 'elsewhere' | 'differs' | 'path' | 'other-key' | 'origin' | 'key' | 'signature'

export interface ProvedWay {
  readonly leaf: Hash
  readonly turns: readonly Turn[]
  readonly checkpoint: Pick<Checkpoint, 'origin' | 'size' | 'root'>
  /** Of the key that has signed: eight hexadecimal digits. */
  readonly keyId: string
}

export type ProofVerdict =
  | { readonly kind: 'proved'; readonly way: ProvedWay }
  | { readonly kind: 'failed'; readonly fault: ProofFault }
  | /** The way is right; whether it is signed this browser cannot tell. */ {
      readonly kind: 'unsigned'
      readonly way: ProvedWay
    }
  | /** The browser hashes nothing on a page without HTTPS that is not of this machine. */ { readonly kind: 'unable' }

interface TlogProof {
  readonly index: number
  readonly hashes: readonly Hash[]
  readonly checkpoint: Checkpoint
  /** The entry as it was hashed. */
  readonly entry: Uint8Array
}

type ShownEntry = Pick<AuditEntryView, 'seq' | 'at' | 'category' | 'type' | 'outcome' | 'fields'>

export interface GivenKeys {
  /** A verifier key of C2SP in one line, as the server gives it. */
  readonly key: string
  /** As it was at an earlier visit; null when this browser has none. */
  readonly remembered: string | null
}

export async function verifyProof(
  shown: ShownEntry,
  proofText: string,
  { key, remembered }: GivenKeys,
): Promise<ProofVerdict> {
  const failed = (fault: ProofFault): ProofVerdict => ({ kind: 'failed', fault })
  // Typed as always there, and left out by browsers where a page is not secure.
  if ((crypto as Partial<Crypto>).subtle === undefined) return { kind: 'unable' }
  const proof = readProof(proofText)
  if (proof === null) return failed('unreadable')
  const { index, hashes, checkpoint, entry } = proof
  if (index !== shown.seq) return failed('elsewhere')
  if (!isWhatIsShown(entry, shown)) return failed('differs')
  const leaf = await hashLeaf(entry)
  const turns = await walkUp({ index, size: checkpoint.size, leaf, hashes, root: checkpoint.root })
  if (turns === null) return failed('path')
  if (remembered !== null && remembered !== key) return failed('other-key')
  const verifier = await readVerifierKey(key)
  if (verifier === null) return failed('key')
  if (verifier.name !== checkpoint.origin) return failed('origin')
  const way = { leaf, turns, checkpoint, keyId: toHex(verifier.keyId) }
  const signature = await verifySignature(checkpoint, verifier)
  if (signature === 'unable') return { kind: 'unsigned', way }
  return signature === 'good' ? { kind: 'proved', way } : failed('signature')
}

function readProof(text: string): TlogProof | null {
  const split = text.indexOf('\n\n')
  if (text.length > mostProofLength || split < 0) return null
  const [first, extra = '', place = '', ...lines] = text.slice(0, split).split('\n')
  const index = /^index (0|[1-9]\d{0,15})$/.exec(place)?.[1]
  const entry = extra.startsWith('extra ') ? fromBase64(extra.slice('extra '.length)) : null
  const hashes = lines.map(fromBase64)
  const checkpoint = readCheckpoint(text.slice(split + 2))
  if (first !== firstLine || index === undefined || entry === null || checkpoint === null) return null
  if (hashes.length > mostTurns || hashes.some((hash) => hash?.length !== hashBytes)) return null
  return { index: Number(index), hashes: hashes as Hash[], checkpoint, entry }
}

interface Header {
  readonly seq?: unknown
  readonly t?: unknown
  readonly cat?: unknown
  readonly type?: unknown
  readonly out?: unknown
  readonly pub?: unknown
}

/** Of what is shown all that stands in the entry itself: the rest is in its blocks, to which it commits by salted hashes. */
function isWhatIsShown(entry: Uint8Array, shown: ShownEntry): boolean {
  const header = tryParseJson(new TextDecoder().decode(entry)) as Header | null
  if (header === null || typeof header !== 'object') return false
  const { seq, t, cat, type, out, pub } = header
  const minute = Math.floor(shown.at / 60_000) * 60_000
  if (seq !== shown.seq || cat !== shown.category || type !== shown.type || out !== shown.outcome) return false
  if (typeof t !== 'string' || Date.parse(t) !== minute || typeof pub !== 'object' || pub === null) return false
  return Object.entries(pub).every(
    ([name, value]) => JSON.stringify(value) === JSON.stringify(shown.fields[name] ?? null),
  )
}
