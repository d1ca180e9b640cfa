/** Random identifiers and hashes. */
import { createHash, randomBytes, randomFillSync } from 'node:crypto'

/** `prefix_` and 128 random bits as 26 letters and digits (Crockford’s base 32, small letters). */
export function createId(prefix: string): string {
  return `${prefix}_${encodeBase32(takeRandom(idBytes))}`
}

const idBytes = 16
/** Asking the system for each id costs more than the id; what was taken is never given again. */
const pool = new Uint8Array(256 * idBytes)
let taken = pool.length

function takeRandom(bytes: number): Uint8Array {
  if (taken + bytes > pool.length) {
    randomFillSync(pool)
    taken = 0
  }
  const own = pool.subarray(taken, taken + bytes)
  taken += bytes
  return own
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
