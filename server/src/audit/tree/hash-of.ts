/**
 * SHA-256 (FIPS 180-4) of parts one after another. They are put together first: a hash of one piece costs a third of one
 * that is fed, and the log is made of small ones.
 */
import { createHash, hash } from 'node:crypto'

const scratch = Buffer.allocUnsafeSlow(4_096)
/** UTF-8 of a UTF-16 code unit. */
const mostBytesOfUnit = 3

export function hashOf(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  let most = 0
  for (const part of parts) most += typeof part === 'string' ? part.length * mostBytesOfUnit : part.length
  if (most > scratch.length) return feed(parts)
  let end = 0
  for (const part of parts) {
    if (typeof part === 'string') end += scratch.write(part, end)
    else {
      scratch.set(part, end)
      end += part.length
    }
  }
  return hash('sha256', scratch.subarray(0, end), 'buffer')
}

function feed(parts: readonly (Uint8Array | string)[]): Uint8Array {
  const fed = createHash('sha256')
  for (const part of parts) fed.update(part)
  return fed.digest()
}
