/** Signed notes, checkpoints and verifier keys of C2SP (signed-note, tlog-checkpoint), read by this browser itself. */
import { fromBase64, isSame } from './base64.ts'
import { hashBytes, type Hash } from './tree.ts'

const ed25519 = 1
const keyIdBytes = 4
const publicKeyBytes = 32
const signatureBytes = 64
const dash = '\u2014'
/** A checkpoint of a log has some hundred bytes; witnesses add a line each. */
export const mostNoteLength = 16_000

export interface NoteSignature {
  readonly name: string
  readonly keyId: Uint8Array
  readonly signature: Uint8Array<ArrayBuffer>
}

export interface Checkpoint {
  /** Name of the log. */
  readonly origin: string
  readonly size: number
  readonly root: Hash
  /** What is signed; ends with a line break. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

export interface VerifierKey {
  readonly name: string
  readonly keyId: Uint8Array
  readonly publicKey: Uint8Array<ArrayBuffer>
}

/** Null for what is no checkpoint. Says nothing about whether its signatures are true. */
export function readCheckpoint(note: string): Checkpoint | null {
  const split = note.lastIndexOf('\n\n')
  if (note.length > mostNoteLength || split < 0 || !note.endsWith('\n')) return null
  const text = note.slice(0, split + 1)
  const [origin = '', size = '', encoded = ''] = text.split('\n')
  const root = fromBase64(encoded)
  const signatures = note
    .slice(split + 2, -1)
    .split('\n')
    .map(readSignature)
  if (origin === '' || !/^(?:0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size))) return null
  if (root?.length !== hashBytes || signatures.includes(null)) return null
  return { origin, size: Number(size), root, text, signatures: signatures as NoteSignature[] }
}

function readSignature(line: string): NoteSignature | null {
  const [mark, name, encoded, ...more] = line.split(' ')
  const bytes = fromBase64(encoded ?? '')
  if (mark !== dash || name === undefined || name === '' || more.length > 0) return null
  if (bytes === null || bytes.length <= keyIdBytes) return null
  return { name, keyId: bytes.slice(0, keyIdBytes), signature: bytes.slice(keyIdBytes) }
}

/** Null for what is no verifier key of Ed25519, or whose id is that of another key. */
export async function readVerifierKey(line: string): Promise<VerifierKey | null> {
  const [, name = '', id = '', encoded = ''] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)\n?$/.exec(line) ?? []
  const tagged = fromBase64(encoded)
  if (tagged === null || tagged[0] !== ed25519 || tagged.length !== 1 + publicKeyBytes) return null
  const named = new TextEncoder().encode(`${name}\n`)
  const digest = await crypto.subtle.digest('SHA-256', Uint8Array.of(...named, ...tagged))
  const keyId = new Uint8Array(digest).slice(0, keyIdBytes)
  return toHex(keyId) === id ? { name, keyId, publicKey: tagged.slice(1) } : null
}

export const toHex = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')

/** `unable`: this browser does not know Ed25519. */
export type SignatureVerdict = 'good' | 'bad' | 'missing' | 'unable'

/** Whether the log itself, by this key, has signed the checkpoint. Signatures of others are passed over. */
export async function verifySignature(
  { text, signatures }: Pick<Checkpoint, 'text' | 'signatures'>,
  { name, keyId, publicKey }: VerifierKey,
): Promise<SignatureVerdict> {
  const own = signatures.find((each) => each.name === name && isSame(each.keyId, keyId))
  if (own === undefined) return 'missing'
  if (own.signature.length !== signatureBytes) return 'bad'
  let key: CryptoKey
  try {
    key = await crypto.subtle.importKey('raw', publicKey, { name: 'Ed25519' }, false, ['verify'])
  } catch {
    return 'unable'
  }
  const isGood = await crypto.subtle.verify({ name: 'Ed25519' }, key, own.signature, new TextEncoder().encode(text))
  return isGood ? 'good' : 'bad'
}
