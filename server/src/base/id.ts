/** Random identifiers and hashes. */
import { createHash, randomBytes } from 'node:crypto'

/** `prefix_` and 128 random bits as 26 letters and digits (Crockford’s base 32, small letters). */
export function createId(prefix: string): string {
  return `${prefix}_${encodeBase32(randomBytes(16))}`
}

/** A secret of `bytes` random bytes in URL-safe base 64. */
export function createToken(bytes: number): string {
  return randomBytes(bytes).toString('base64url')
}

/** SHA-256 as 64 hexadecimal digits. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

function encodeBase32(bytes: Uint8Array): string {
  const digits = '0123456789abcdefghjkmnpqrstvwxyz'
  let text = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    bits += 8
    while (bits >= 5) {
      text += digits[(value >>> (bits - 5)) & 31]
      bits -= 5
    }
    value &= (1 << bits) - 1
  }
  return bits > 0 ? text + digits[(value << (5 - bits)) & 31] : text
}
