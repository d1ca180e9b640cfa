/** A trained model as bytes: dimensions, rows and terms as 32-bit numbers, then the arrays one after another. */
import type { LsaModel } from '../ranking/lsa.ts'

export function packModel({ dimensions, rowOf, idf, vectors }: LsaModel): Uint8Array {
  const bytes = new Uint8Array(12 + 4 * (rowOf.length + idf.length + vectors.length))
  new Uint32Array(bytes.buffer, 0, 3).set([dimensions, rowOf.length, idf.length])
  new Int32Array(bytes.buffer, 12, rowOf.length).set(rowOf)
  new Float32Array(bytes.buffer, 12 + 4 * rowOf.length, idf.length).set(idf)
  new Float32Array(bytes.buffer, 12 + 4 * (rowOf.length + idf.length), vectors.length).set(vectors)
  return bytes
}

export function unpackModel(bytes: Uint8Array): LsaModel {
  // A copy, since the bytes of a database row need not begin at a multiple of four.
  const { buffer } = bytes.slice()
  const [dimensions, terms, rows] = new Uint32Array(buffer, 0, 3) as unknown as [number, number, number]
  const rowOf = new Int32Array(buffer, 12, terms)
  const idf = new Float32Array(buffer, 12 + 4 * terms, rows)
  return { dimensions, rowOf, idf, vectors: new Float32Array(buffer, 12 + 4 * (terms + rows), rows * dimensions) }
}
