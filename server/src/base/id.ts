/** Random identifiers and hashes. */
import { hash, randomFillSync } from 'node:crypto'

/** `prefix_` and 128 random bits as 26 letters and digits (Crockford’s base 32, small letters). */
export function createId(prefix: string): string {
  const from = takeRandom(idBytes)
  let text = `${prefix}_`
  let bits = 0
  let value = 0
  for (let at = from; at < from + idBytes; at++) {
    value = (value << 8) | (pool[at] ?? 0)
    bits += 8
    while (bits >= 5) {
      text += digits[(value >>> (bits - 5)) & 31]
      bits -= 5
    }
    value &= (1 << bits) - 1
  }
  return text + digits[(value << (5 - bits)) & 31]
}

const digits = '0123456789abcdefghjkmnpqrstvwxyz'
const idBytes = 16
/** Asking the system for each id costs more than the id; what was taken is never given again. */
const pool = Buffer.alloc(256 * idBytes)
let taken = pool.length

/** Where in the pool the bytes stand that were taken. */
function takeRandom(bytes: number): number {
  if (taken + bytes > pool.length) {
    randomFillSync(pool)
    taken = 0
  }
  taken += bytes
  return taken - bytes
}

/** A secret of `bytes` random bytes, at most 4,096, in URL-safe base 64. */
export function createToken(bytes: number): string {
  const from = takeRandom(bytes)
  const token = pool.toString('base64url', from, from + bytes)
  pool.fill(0, from, from + bytes)
  return token
}

/** SHA-256 as 64 hexadecimal digits. */
export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex')
}
