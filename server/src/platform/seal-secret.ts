/**
 * A short secret for the database, encrypted with AES-256-GCM (NIST SP 800-38D) under a random nonce, as URL-safe
 * base 64 of: format (1), nonce (12 bytes), ciphertext, tag (16 bytes). What the secret is about is authenticated with
 * it, so that a sealed one opens nowhere but in its own place.
 *
 * One key seals at most 2^32 texts under random nonces (SP 800-38D, 8.3); secrets are written by hand.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const format = 1
const nonceBytes = 12
const tagBytes = 16

/** `key` has 32 bytes. */
export function sealSecret(key: Uint8Array, about: readonly string[], text: string): string {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(associate(about))
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([Buffer.of(format), nonce, body, cipher.getAuthTag()]).toString('base64url')
}

/** Null for anything that was not sealed with the same key about the same. Never throws. */
export function openSecret(key: Uint8Array, about: readonly string[], sealed: string): string | null {
  const bytes = Buffer.from(sealed, 'base64url')
  if (bytes[0] !== format || bytes.length < 1 + nonceBytes + tagBytes) return null
  const bodyEnd = bytes.length - tagBytes
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 1 + nonceBytes))
    decipher.setAAD(associate(about))
    decipher.setAuthTag(bytes.subarray(bodyEnd))
    return Buffer.concat([decipher.update(bytes.subarray(1 + nonceBytes, bodyEnd)), decipher.final()]).toString('utf8')
  } catch {
    return null
  }
}

/** Each part with its length before it, so that no two lists look the same. */
function associate(about: readonly string[]): Buffer {
  return Buffer.concat(
    about.flatMap((part) => {
      const bytes = Buffer.from(part)
      const length = Buffer.alloc(4)
      length.writeUInt32LE(bytes.length)
      return [length, bytes]
    }),
  )
}
