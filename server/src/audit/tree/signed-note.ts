/**
 * Signed notes as C2SP specifies them: a text, an empty line, and a line for each signature. Keys are Ed25519. A verifier
 * key is a line of text that may be given to anybody: name, key id and public key.
 */
import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'

const ed25519 = 1
const keyIdBytes = 4
const publicKeyBytes = 32
const signatureBytes = 64
/** A note of a log has a few lines; what is longer is not read. */
const mostNoteBytes = 64_000
const mostSignatures = 100
const dash = '\u2014'

/** What stands before the bytes of an Ed25519 key in its DER form (RFC 8410). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex')

export interface NoteVerifier {
  readonly name: string
  readonly keyId: number
  /** The verifier key as text. */
  readonly text: string
  readonly verify: (text: string, signature: Uint8Array) => boolean
}

export interface NoteSigner {
  readonly verifier: NoteVerifier
  readonly sign: (text: string) => Uint8Array
}

export interface NoteSignature {
  readonly name: string
  readonly keyId: number
  readonly signature: Uint8Array
}

export interface Note {
  /** Ends with a line break. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** From the 32 bytes of a private key. Throws `TypeError` for a name that no key may have. */
export function createNoteSigner(name: string, seed: Uint8Array): NoteSigner {
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  const verifier = createVerifier(name, spki.subarray(spkiPrefix.length))
  return { verifier, sign: (text) => sign(null, Buffer.from(text), key) }
}

function createVerifier(name: string, publicKey: Uint8Array): NoteVerifier {
  if (!isKeyName(name)) throw new TypeError('a key’s name has neither spaces nor a plus sign')
  const tagged = Buffer.concat([Buffer.of(ed25519), publicKey])
  const id = createHash('sha256').update(`${name}\n`).update(tagged).digest().subarray(0, keyIdBytes)
  const key: KeyObject = createPublicKey({ key: Buffer.concat([spkiPrefix, publicKey]), format: 'der', type: 'spki' })
  return {
    name,
    keyId: id.readUInt32BE(0),
    text: `${name}+${id.toString('hex')}+${tagged.toString('base64')}`,
    verify: (text, signature) =>
      signature.length === signatureBytes && verify(null, Buffer.from(text), key, Buffer.from(signature)),
  }
}

function isKeyName(name: string): boolean {
  return name !== '' && name.isWellFormed() && !/[\s+\p{Cc}]/u.test(name)
}

/** Null for what is no verifier key of Ed25519, or whose id does not fit. */
export function parseVerifier(text: string): NoteVerifier | null {
  const [, name = '', id = '', encoded = ''] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text) ?? []
  const tagged = parseBase64(encoded)
  if (!isKeyName(name) || tagged === null || tagged[0] !== ed25519 || tagged.length !== 1 + publicKeyBytes) return null
  const verifier = createVerifier(name, tagged.subarray(1))
  return verifier.keyId === Number.parseInt(id, 16) ? verifier : null
}

export function isVerifierKey(text: string): boolean {
  return parseVerifier(text.trim()) !== null
}

/** `text` ends with a line break. Signatures that it has already stay in front. */
export function signNote(note: Note, signers: readonly NoteSigner[]): Note {
  const added = signers.map(({ verifier: { name, keyId }, sign: signText }) => ({
    name,
    keyId,
    signature: signText(note.text),
  }))
  return { ...note, signatures: [...note.signatures, ...added] }
}

export function formatNote({ text, signatures }: Note): string {
  const lines = signatures.map(({ name, keyId, signature }) => {
    const id = Buffer.alloc(keyIdBytes)
    id.writeUInt32BE(keyId)
    return `${dash} ${name} ${Buffer.concat([id, signature]).toString('base64')}\n`
  })
  return `${text}\n${lines.join('')}`
}

/** Null for what is no note. Says nothing about whether its signatures are true. */
export function parseNote(text: string): Note | null {
  if (text.length > mostNoteBytes || !text.isWellFormed() || !text.endsWith('\n')) return null
  // oxlint-disable-next-line no-control-regex -- the specification excludes them by name
  if (/[\u0000-\u0009\u000b-\u001f]/.test(text)) return null
  const split = text.lastIndexOf('\n\n')
  if (split < 0) return null
  const lines = text.slice(split + 2, -1).split('\n')
  if (lines.length > mostSignatures) return null
  const signatures = lines.map(parseSignature)
  if (signatures.includes(null)) return null
  return { text: text.slice(0, split + 1), signatures: signatures as NoteSignature[] }
}

function parseSignature(line: string): NoteSignature | null {
  const [mark, name, encoded, ...more] = line.split(' ')
  const bytes = parseBase64(encoded ?? '')
  if (mark !== dash || more.length > 0 || name === undefined || !isKeyName(name)) return null
  if (bytes === null || bytes.length <= keyIdBytes) return null
  return { name, keyId: bytes.readUInt32BE(0), signature: bytes.subarray(keyIdBytes) }
}

/** Strict: what Node’s own decoder would skip over makes it null. */
export function parseBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64')
  return text !== '' && bytes.toString('base64') === text ? bytes : null
}

/**
 * The verifiers that have signed the note. Null when a signature by one of them is wrong, which no honest note has; those
 * of unknown keys are passed over.
 */
export function verifyNote({ text, signatures }: Note, verifiers: readonly NoteVerifier[]): NoteVerifier[] | null {
  const good = new Set<NoteVerifier>()
  for (const { name, keyId, signature } of signatures) {
    const verifier = verifiers.find((each) => each.name === name && each.keyId === keyId)
    if (verifier === undefined || good.has(verifier)) continue
    if (!verifier.verify(text, signature)) return null
    good.add(verifier)
  }
  return [...good]
}
