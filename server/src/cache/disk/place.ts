/** Where an entry stands: the hash that finds its bucket in the index, and the place of its record. */

/** 64 bits of a name. Names are keyed hashes already, so nobody outside can choose names that collide. */
export interface NameHash {
  readonly bucket: number
  /** Never 0, which marks a free entry of the index. */
  readonly tag: number
}

export interface Place {
  /** Number of the segment since the tier was made; it stands in slot `generation % slots`. */
  readonly generation: number
  /** From the segment’s start, in bytes; a multiple of 16. */
  readonly offset: number
  /** Of the sealed bytes. */
  readonly length: number
}

/** Two 32-bit lanes of multiply and rotate over the UTF-16 units, mixed at the end as in MurmurHash3. */
export function hashName(name: string): NameHash {
  let a = 0x9747b28c
  let b = 0x1b873593
  for (let index = 0; index < name.length; index++) {
    const unit = name.charCodeAt(index)
    a = Math.imul(a ^ unit, 0x85ebca6b)
    a ^= a >>> 15
    b = Math.imul(b ^ unit, 0xc2b2ae35)
    b ^= b >>> 13
  }
  a = finish(a ^ b)
  b = finish(b ^ name.length ^ Math.imul(a, 0x27d4eb2f))
  return { bucket: a, tag: b === 0 ? 1 : b }
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

export function isSamePlace(left: Place | null, right: Place | null): boolean {
  return left?.generation === right?.generation && left?.offset === right?.offset && left?.length === right?.length
}
