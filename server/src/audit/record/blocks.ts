/**
 * Blocks: what names a person, beside the entry and never in it. The entry holds a *commitment* to each block, a hash over
 * the content and 256 random bits: it binds the log to the content while that is there, and tells nothing once it is gone.
 *
 * A block is encrypted under a key that needs two others: one of the person, and one of the category in that month.
 * Without the first nothing of the person can be read any more, without the second nothing of that time, wherever copies
 * of the block have gone. AES-256-GCM (NIST SP 800-38D); keys by HKDF-SHA-256 (RFC 5869).
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { canonicalJson, type JsonValue } from '../tree/canonical-json.ts'
import { isSame } from '../tree/merkle.ts'
import { hashOf } from '../tree/hash-of.ts'

export const keyBytes = 32
const saltBytes = 32
const nonceBytes = 12
const tagBytes = 16
const domain = 'cairn-audit-block/v1'

/** Where a block belongs: it opens nowhere else. */
export interface BlockPlace {
  /** Of the log. */
  readonly origin: string
  /** The random number of the entry, as it stands in the header. */
  readonly nonce: string
  readonly name: string
}

/** HKDF-Extract of both keys; one for all blocks of a person in a period. */
export function extractKey(subjectKey: Uint8Array, periodKey: Uint8Array): Uint8Array {
  return createHmac('sha256', periodKey).update(subjectKey).digest()
}

/** HKDF-Expand to the key of one block. */
export function expandKey(extracted: Uint8Array, { nonce, name }: Omit<BlockPlace, 'origin'>): Uint8Array {
  return createHmac('sha256', extracted).update(`${domain}\0${nonce}\0${name}`).update(Uint8Array.of(1)).digest()
}

export function commit(name: string, salt: Uint8Array, content: string): Uint8Array {
  return hashOf(`${domain}\0${name}\0`, salt, content)
}

export interface SealedBlock {
  /** Nonce, ciphertext of salt and content, tag. */
  readonly sealed: Uint8Array
  readonly commitment: Uint8Array
}

/** `key` is that of this one block. Throws `TypeError` for content without canonical JSON. */
export function sealBlock(key: Uint8Array, place: BlockPlace, content: JsonValue): SealedBlock {
  const text = canonicalJson(content)
  const random = randomBytes(saltBytes + nonceBytes)
  const [salt, nonce] = [random.subarray(0, saltBytes), random.subarray(saltBytes)]
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(associate(place))
  const sealed = Buffer.concat([nonce, cipher.update(salt), cipher.update(text), cipher.final(), cipher.getAuthTag()])
  return { sealed, commitment: commit(place.name, salt, text) }
}

export interface OpenedBlock {
  readonly salt: Uint8Array
  /** Canonical JSON. */
  readonly content: string
}

/** Null for what was not sealed with this key at this place. */
export function openBlock(key: Uint8Array, place: BlockPlace, sealed: Uint8Array): OpenedBlock | null {
  if (sealed.length < nonceBytes + saltBytes + tagBytes) return null
  const end = sealed.length - tagBytes
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes))
    decipher.setAAD(associate(place))
    decipher.setAuthTag(sealed.subarray(end))
    const opened = decipher.update(sealed.subarray(nonceBytes, end))
    // GCM holds nothing back: this only says whether the tag is right.
    decipher.final()
    return { salt: opened.subarray(0, saltBytes), content: opened.toString('utf8', saltBytes) }
  } catch {
    return null
  }
}

/** AES-GCM alone does not bind a ciphertext to one plaintext; the commitment does. */
export function opensCommitment(name: string, { salt, content }: OpenedBlock, commitment: Uint8Array): boolean {
  return isSame(commit(name, salt, content), commitment)
}

/** None of the parts can contain the separator. */
function associate({ origin, nonce, name }: BlockPlace): Uint8Array {
  return Buffer.from(`${domain}\0${origin}\0${nonce}\0${name}`)
}
