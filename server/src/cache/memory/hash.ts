/** A 32-bit hash of a key, seeded so that nobody outside can choose keys that collide. Never used as an identity. */
export function hashKey(key: string, seed: number): number {
  // MurmurHash3 (Appleby, public domain), one step for each UTF-16 unit.
  let hash = seed
  for (let at = 0; at < key.length; at++) {
    let unit = Math.imul(key.charCodeAt(at), 0xcc9e2d51)
    unit = (unit << 15) | (unit >>> 17)
    hash ^= Math.imul(unit, 0x1b873593)
    hash = (hash << 13) | (hash >>> 19)
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0
  }
  return mixHash(hash ^ key.length)
}

/** Spreads a number over all 32 bits, so that any share of the range is a fair sample. */
export function mixHash(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
