/**
 * Latent semantic analysis trained on the vault itself: meaning from which words keep company, no model to download.
 * (S. Deerwester et al., “Indexing by Latent Semantic Analysis”, 1990.) Passages are rows of a TF-IDF matrix; its
 * leading right singular vectors come from a randomised range finder with power iterations (N. Halko, P. Martinsson,
 * J. Tropp, “Finding structure with randomness”, SIAM Review 53(2), 2011, algorithm 4.4). A passage or a question is
 * then its TF-IDF row times those vectors, scaled to length 1.
 */

export interface LsaModel {
  dimensions: number
  /** Row of each term id in `vectors`; -1 for a term without. */
  rowOf: Int32Array
  /** Inverse document frequency of each row. */
  idf: Float32Array
  /** rows × dimensions. */
  vectors: Float32Array
}

/** A passage as term ids and counts. */
export interface TermRow {
  ids: readonly number[]
  counts: readonly number[]
}

const mostRows = 24_000
const mostTerms = 40_000
const iterations = 2
const oversampling = 10

/** Fewer passages than this do not show which words keep company; LSA then stays silent. */
export const leastPassages = 200

export function trainLsa(all: readonly TermRow[], dimensions: number): LsaModel | null {
  if (all.length < leastPassages) return null
  const rows = sample(all, mostRows)
  const { rowOf, idf, terms } = chooseTerms(rows)
  const width = Math.min(dimensions, Math.floor(rows.length / 4), Math.floor(terms / 4))
  if (width < 8) return null
  const columns = width + oversampling
  const matrix = buildMatrix(rows, rowOf, idf)
  let basis = randomMatrix(terms, columns)
  for (let round = 0; round < iterations; round++) {
    basis = multiplyTransposed(matrix, multiply(matrix, basis, columns), terms, columns)
    orthonormalise(basis, terms, columns)
  }
  const projected = multiply(matrix, basis, columns)
  const rotation = leadingEigenvectors(gram(projected, rows.length, columns), columns, width)
  return { dimensions: width, rowOf, idf, vectors: rotate(basis, rotation, terms, columns, width) }
}

/** The vector of a passage or question, length 1; null when none of its terms is known. */
export function embed(model: LsaModel, ids: readonly number[], counts: readonly number[]): Float32Array | null {
  const { dimensions, rowOf, idf, vectors } = model
  const result = new Float32Array(dimensions)
  let known = false
  for (let term = 0; term < ids.length; term++) {
    const row = rowOf[ids[term] as number] ?? -1
    if (row < 0) continue
    known = true
    const weight = (1 + Math.log(counts[term] as number)) * (idf[row] as number)
    const from = row * dimensions
    for (let d = 0; d < dimensions; d++) result[d] = (result[d] as number) + weight * (vectors[from + d] as number)
  }
  if (!known) return null
  let square = 0
  for (let d = 0; d < dimensions; d++) square += (result[d] as number) ** 2
  if (square === 0) return null
  const scale = 1 / Math.sqrt(square)
  for (let d = 0; d < dimensions; d++) result[d] = (result[d] as number) * scale
  return result
}

/** Every n-th passage, so that each part of the vault is heard and the choice is always the same. */
function sample(all: readonly TermRow[], most: number): readonly TermRow[] {
  if (all.length <= most) return all
  const step = all.length / most
  return Array.from({ length: most }, (_, at) => all[Math.floor(at * step)] as TermRow)
}

function chooseTerms(rows: readonly TermRow[]): { rowOf: Int32Array; idf: Float32Array; terms: number } {
  const frequency = new Map<number, number>()
  let highest = 0
  for (const { ids } of rows) {
    for (const id of ids) {
      frequency.set(id, (frequency.get(id) ?? 0) + 1)
      if (id > highest) highest = id
    }
  }
  const chosen = [...frequency]
    .filter(([, count]) => count >= 2 && count <= rows.length / 2)
    .sort((x, y) => y[1] - x[1] || x[0] - y[0])
    .slice(0, mostTerms)
  const rowOf = new Int32Array(highest + 1).fill(-1)
  const idf = new Float32Array(chosen.length)
  chosen.forEach(([id, count], row) => {
    rowOf[id] = row
    idf[row] = Math.log(rows.length / count) + 1
  })
  return { rowOf, idf, terms: chosen.length }
}

/** Compressed sparse rows, each scaled to length 1. */
interface SparseMatrix {
  offsets: Uint32Array
  columns: Uint32Array
  values: Float32Array
}

function buildMatrix(rows: readonly TermRow[], rowOf: Int32Array, idf: Float32Array): SparseMatrix {
  const size = rows.reduce((sum, { ids }) => sum + ids.length, 0)
  const offsets = new Uint32Array(rows.length + 1)
  const columns = new Uint32Array(size)
  const values = new Float32Array(size)
  let at = 0
  rows.forEach(({ ids, counts }, index) => {
    const start = at
    let square = 0
    ids.forEach((id, term) => {
      const column = rowOf[id] ?? -1
      if (column < 0) return
      const value = (1 + Math.log(counts[term] as number)) * (idf[column] as number)
      columns[at] = column
      values[at] = value
      square += value * value
      at++
    })
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0
    for (let cell = start; cell < at; cell++) values[cell] = (values[cell] as number) * scale
    offsets[index + 1] = at
  })
  return { offsets, columns, values }
}

/** Sparse rows × dense (terms × width). */
function multiply({ offsets, columns, values }: SparseMatrix, dense: Float32Array, width: number): Float32Array {
  const rows = offsets.length - 1
  const result = new Float32Array(rows * width)
  for (let row = 0; row < rows; row++) {
    const to = row * width
    const end = offsets[row + 1] as number
    for (let cell = offsets[row] as number; cell < end; cell++) {
      const from = (columns[cell] as number) * width
      const value = values[cell] as number
      for (let c = 0; c < width; c++) result[to + c] = (result[to + c] as number) + value * (dense[from + c] as number)
    }
  }
  return result
}

/** Transposed sparse × dense (rows × width), giving terms × width. */
function multiplyTransposed(
  { offsets, columns, values }: SparseMatrix,
  dense: Float32Array,
  terms: number,
  width: number,
): Float32Array {
  const rows = offsets.length - 1
  const result = new Float32Array(terms * width)
  for (let row = 0; row < rows; row++) {
    const from = row * width
    const end = offsets[row + 1] as number
    for (let cell = offsets[row] as number; cell < end; cell++) {
      const to = (columns[cell] as number) * width
      const value = values[cell] as number
      for (let c = 0; c < width; c++) result[to + c] = (result[to + c] as number) + value * (dense[from + c] as number)
    }
  }
  return result
}

/** Numbers that are the same on every machine and run (mulberry32), summed to be nearly normal. */
function randomMatrix(rows: number, columns: number): Float32Array {
  let state = 0x9e3779b9
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  return Float32Array.from({ length: rows * columns }, () => next() + next() + next() - 1.5)
}

/** XᵀX of a rows × width matrix, as width × width. */
function gram(matrix: Float32Array, rows: number, width: number): Float64Array {
  const result = new Float64Array(width * width)
  for (let row = 0; row < rows; row++) {
    const from = row * width
    for (let i = 0; i < width; i++) {
      const value = matrix[from + i] as number
      if (value === 0) continue
      const to = i * width
      for (let j = i; j < width; j++) result[to + j] = (result[to + j] as number) + value * (matrix[from + j] as number)
    }
  }
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) result[i * width + j] = result[j * width + i] as number
  return result
}

/** Columns made orthonormal in place, by Cholesky of the Gram matrix: X ← X·R⁻¹ with XᵀX = RᵀR. */
function orthonormalise(matrix: Float32Array, rows: number, width: number): void {
  const r = gram(matrix, rows, width)
  for (let i = 0; i < width; i++) {
    for (let j = i; j < width; j++) {
      let sum = r[i * width + j] as number
      for (let k = 0; k < i; k++) sum -= (r[k * width + i] as number) * (r[k * width + j] as number)
      if (i === j) r[i * width + i] = Math.sqrt(Math.max(sum, 1e-12))
      else r[i * width + j] = sum / (r[i * width + i] as number)
    }
  }
  for (let row = 0; row < rows; row++) {
    const from = row * width
    for (let j = 0; j < width; j++) {
      let sum = matrix[from + j] as number
      for (let k = 0; k < j; k++) sum -= (matrix[from + k] as number) * (r[k * width + j] as number)
      matrix[from + j] = sum / (r[j * width + j] as number)
    }
  }
}

/** The `keep` eigenvectors of a symmetric matrix with the largest eigenvalues, as width × keep; cyclic Jacobi. */
function leadingEigenvectors(matrix: Float64Array, width: number, keep: number): Float64Array {
  const a = matrix.slice()
  const v = new Float64Array(width * width)
  for (let i = 0; i < width; i++) v[i * width + i] = 1
  for (let sweep = 0; sweep < 12; sweep++) {
    let off = 0
    for (let p = 0; p < width; p++) {
      for (let q = p + 1; q < width; q++) {
        off += (a[p * width + q] as number) ** 2
        rotateJacobi(a, v, width, p, q)
      }
    }
    if (off < 1e-18) break
  }
  const order = Array.from({ length: width }, (_, i) => i).sort(
    (i, j) => (a[j * width + j] as number) - (a[i * width + i] as number),
  )
  const result = new Float64Array(width * keep)
  for (let column = 0; column < keep; column++) {
    for (let row = 0; row < width; row++)
      result[row * keep + column] = v[row * width + (order[column] as number)] as number
  }
  return result
}

function rotateJacobi(a: Float64Array, v: Float64Array, width: number, p: number, q: number): void {
  const apq = a[p * width + q] as number
  if (Math.abs(apq) < 1e-14) return
  const theta = ((a[q * width + q] as number) - (a[p * width + p] as number)) / (2 * apq)
  const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
  const c = 1 / Math.sqrt(t * t + 1)
  const s = t * c
  for (let k = 0; k < width; k++) {
    const kp = a[k * width + p] as number
    const kq = a[k * width + q] as number
    a[k * width + p] = c * kp - s * kq
    a[k * width + q] = s * kp + c * kq
  }
  for (let k = 0; k < width; k++) {
    const pk = a[p * width + k] as number
    const qk = a[q * width + k] as number
    a[p * width + k] = c * pk - s * qk
    a[q * width + k] = s * pk + c * qk
    const vp = v[k * width + p] as number
    const vq = v[k * width + q] as number
    v[k * width + p] = c * vp - s * vq
    v[k * width + q] = s * vp + c * vq
  }
}

function rotate(
  basis: Float32Array,
  rotation: Float64Array,
  rows: number,
  columns: number,
  keep: number,
): Float32Array {
  const result = new Float32Array(rows * keep)
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < columns; k++) {
      const value = basis[row * columns + k] as number
      for (let d = 0; d < keep; d++)
        result[row * keep + d] = (result[row * keep + d] as number) + value * (rotation[k * keep + d] as number)
    }
  }
  return result
}
