/**
 * Vectors of passages, compared by brute force in two steps: sign bits of all, then exact values of the nearest few
 * hundred. The bits are those of the first 64 dimensions: LSA's dimensions come in the order of what they explain, and
 * on the five collections of the bench 64 bits rank as 128 do in half the time. Exact values are kept as one byte a
 * dimension with a scale a vector.
 */

const rescored = 300
/** 32 sign bits each. */
const signWords = 2

export class VectorIndex {
  readonly dimensions: number
  readonly #words: number
  #bits: Int32Array
  #values: Int8Array
  #scales: Float32Array
  #distances: Uint8Array
  #capacity = 1_024

  constructor(dimensions: number) {
    this.dimensions = dimensions
    this.#words = Math.min(signWords, Math.ceil(dimensions / 32))
    this.#bits = new Int32Array(this.#capacity * this.#words)
    this.#values = new Int8Array(this.#capacity * dimensions)
    this.#scales = new Float32Array(this.#capacity)
    this.#distances = new Uint8Array(this.#capacity)
  }

  /** Sets the vector of a passage from its packed bytes (see `packVectors`). */
  set(passage: number, packed: Uint8Array, index: number): void {
    this.#grow(passage)
    const stride = this.dimensions + 4
    const view = new DataView(packed.buffer, packed.byteOffset + index * stride, stride)
    this.#scales[passage] = view.getFloat32(0, true)
    for (let word = 0; word < this.#words; word++) this.#bits[passage * this.#words + word] = 0
    for (let d = 0; d < this.dimensions; d++) {
      const value = view.getInt8(4 + d)
      this.#values[passage * this.dimensions + d] = value
      if (value > 0 && d >> 5 < this.#words)
        this.#bits[passage * this.#words + (d >> 5)] =
          (this.#bits[passage * this.#words + (d >> 5)] as number) | (1 << (d & 31))
    }
  }

  /** Takes over the vectors of `size` passages of another index of the same model. */
  copy(from: VectorIndex, { first, to, size }: { first: number; to: number; size: number }): void {
    for (let index = 0; index < size && first + index < from.#capacity; index++) {
      this.#grow(to + index)
      this.#scales[to + index] = from.#scales[first + index] as number
      const values = (first + index) * this.dimensions
      this.#values.set(from.#values.subarray(values, values + this.dimensions), (to + index) * this.dimensions)
      const bits = (first + index) * this.#words
      this.#bits.set(from.#bits.subarray(bits, bits + this.#words), (to + index) * this.#words)
    }
  }

  /** The cosine with a question's vector; 0 for a passage without vector. */
  similarity(passage: number, query: Float32Array): number {
    const scale = this.#scales[passage] ?? 0
    if (scale === 0) return 0
    const from = passage * this.dimensions
    let sum = 0
    for (let d = 0; d < this.dimensions; d++) sum += (this.#values[from + d] as number) * (query[d] as number)
    return sum * scale
  }

  /** The sum of `size` passages' vectors from `first` on. */
  mean(first: number, size: number): Float32Array {
    const sum = new Float32Array(this.dimensions)
    for (let passage = first; passage < first + size; passage++) {
      const scale = this.#scales[passage] ?? 0
      for (let d = 0; scale !== 0 && d < this.dimensions; d++)
        sum[d] = (sum[d] as number) + scale * (this.#values[passage * this.dimensions + d] as number)
    }
    return sum
  }

  /** The passages nearest by sign bits among the first `count` whose note is admitted: about `rescored` of them. */
  nearest(
    query: Float32Array,
    count: number,
    { admitted, noteOf }: { admitted: Uint8Array; noteOf: Int32Array },
  ): number[] {
    const words = this.#words
    const bits = this.#bits
    const scales = this.#scales
    const asked = new Int32Array(words)
    for (let d = 0; d < words * 32 && d < this.dimensions; d++)
      if ((query[d] as number) > 0) asked[d >> 5] = (asked[d >> 5] as number) | (1 << (d & 31))
    const known = Math.min(count, this.#capacity)
    const never = this.dimensions + 1
    const distances = this.#distances
    const histogram = new Uint32Array(never + 1)
    for (let passage = 0; passage < known; passage++) {
      let distance = never
      if (admitted[noteOf[passage] as number] === 1 && scales[passage] !== 0) {
        distance = 0
        const from = passage * words
        for (let word = 0; word < words; word++)
          distance += popcount((bits[from + word] as number) ^ (asked[word] as number))
        histogram[distance] = (histogram[distance] as number) + 1
      }
      distances[passage] = distance
    }
    let limit = 0
    for (let sum = 0; limit < never - 1; limit++) {
      sum += histogram[limit] as number
      if (sum >= rescored) break
    }
    const found: number[] = []
    for (let passage = 0; passage < known && found.length < 2 * rescored; passage++) {
      if ((distances[passage] as number) <= limit) found.push(passage)
    }
    return found
  }

  #grow(passage: number): void {
    if (passage < this.#capacity) return
    while (passage >= this.#capacity) this.#capacity *= 2
    const bits = new Int32Array(this.#capacity * this.#words)
    bits.set(this.#bits)
    this.#bits = bits
    const values = new Int8Array(this.#capacity * this.dimensions)
    values.set(this.#values)
    this.#values = values
    const scales = new Float32Array(this.#capacity)
    scales.set(this.#scales)
    this.#scales = scales
    this.#distances = new Uint8Array(this.#capacity)
  }
}

/** Packs vectors of length 1 side by side: a 32-bit scale, then one signed byte a dimension. Null becomes scale 0. */
export function packVectors(vectors: readonly (Float32Array | null)[], dimensions: number): Uint8Array {
  const stride = dimensions + 4
  const packed = new Uint8Array(vectors.length * stride)
  const view = new DataView(packed.buffer)
  vectors.forEach((vector, index) => {
    if (!vector) return
    let largest = 0
    for (const value of vector) largest = Math.max(largest, Math.abs(value))
    if (largest === 0) return
    view.setFloat32(index * stride, largest / 127, true)
    for (let d = 0; d < dimensions; d++)
      view.setInt8(index * stride + 4 + d, Math.round(((vector[d] as number) / largest) * 127))
  })
  return packed
}

function popcount(bits: number): number {
  let x = bits - ((bits >>> 1) & 0x55555555)
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333)
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
