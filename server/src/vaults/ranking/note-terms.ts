/**
 * The forward index of one note: for each passage its terms with weighted counts, packed into bytes for the store.
 * Words of title, headings and tags count with every passage below them, so that “Travel / Deadlines: within 5 days”
 * is found for “travel deadline”.
 */
import { plainText } from '../text/plain-text.ts'
import { eachTerm } from '../text/tokenize.ts'
import type { Chunk } from '../notes/chunk.ts'
import type { ParsedNote } from '../notes/parse-note.ts'

/** Stored counts are in quarters, so that field weights need not be whole; 255 is the most one byte holds. */
const quarter = 4
const fieldWeights = { body: 1, heading: 1, title: 1, tag: 0.5 } as const

/** Changes whenever stored bytes would come out differently; a stored index of another format is made anew. */
export const indexFormat = 3

export interface PassageTerms {
  start: number
  end: number
  heading: number
  /** Terms in the body, for the length norm. */
  length: number
  /** Term to count in quarters. */
  counts: Map<string, number>
}

export function extractTerms(
  text: string,
  note: Pick<ParsedNote, 'title' | 'aliases' | 'tags' | 'headings'>,
  chunks: readonly Chunk[],
): PassageTerms[] {
  const title = countTerms([note.title, ...note.aliases].join(' '), fieldWeights.title)
  const tags = countTerms(note.tags.join(' '), fieldWeights.tag)
  const paths = headingPaths(note.headings)
  const headings = new Map<number, Map<string, number>>()
  return chunks.map(({ start, end, heading }) => {
    const counts = new Map<string, number>()
    let length = 0
    eachTerm(plainText(text.slice(start, end)), (term) => {
      counts.set(term, (counts.get(term) ?? 0) + quarter * fieldWeights.body)
      length++
    })
    let above = headings.get(heading)
    if (!above) {
      above = heading === -1 ? new Map<string, number>() : countTerms(paths[heading] ?? '', fieldWeights.heading)
      headings.set(heading, above)
    }
    for (const field of [title, above, tags])
      for (const [term, count] of field) counts.set(term, Math.min(255, (counts.get(term) ?? 0) + count))
    return { start, end, heading, length, counts }
  })
}

function countTerms(text: string, weight: number): Map<string, number> {
  const counts = new Map<string, number>()
  eachTerm(plainText(text), (term) =>
    counts.set(term, Math.min(255, Math.round((counts.get(term) ?? 0) + quarter * weight))),
  )
  return counts
}

/** For each heading the words of it and of those above it, `Travel › Deadlines`. */
export function headingPaths(headings: readonly { level: number; text: string }[]): string[] {
  const stack: { level: number; text: string }[] = []
  return headings.map(({ level, text }) => {
    while (stack.length > 0 && (stack.at(-1) as { level: number }).level >= level) stack.pop()
    stack.push({ level, text })
    return stack.map((each) => each.text).join(' › ')
  })
}

/** Packs passages as variable-length numbers: start, length of text, heading, length, terms as sorted id differences with counts. */
export function packTerms(passages: readonly PassageTerms[], idOf: (term: string) => number): Uint8Array {
  const bytes = new ByteWriter()
  bytes.number(passages.length)
  let previous = 0
  for (const { start, end, heading, length, counts } of passages) {
    bytes.number(start - previous)
    bytes.number(end - start)
    bytes.number(heading + 1)
    bytes.number(length)
    bytes.number(counts.size)
    const entries = [...counts].map(([term, count]) => [idOf(term), count] as const).sort((a, b) => a[0] - b[0])
    let last = 0
    for (const [id, count] of entries) {
      bytes.number(id - last)
      bytes.byte(Math.min(255, count))
      last = id
    }
    previous = start
  }
  return bytes.finish()
}

export interface PackedVisitor {
  passage(start: number, end: number, heading: number, length: number): void
  /** `count` in quarters. */
  term(id: number, count: number): void
}

/** Walks what `packTerms` wrote. */
export function readPacked(bytes: Uint8Array, visit: PackedVisitor): void {
  let at = 0
  const next = (): number => {
    let value = 0
    let shift = 1
    for (;;) {
      const byte = bytes[at++] as number
      value += (byte & 127) * shift
      if (byte < 128) return value
      shift *= 128
    }
  }
  const passages = next()
  let start = 0
  for (let passage = 0; passage < passages; passage++) {
    start += next()
    const size = next()
    const heading = next() - 1
    const length = next()
    visit.passage(start, start + size, heading, length)
    const terms = next()
    let id = 0
    for (let term = 0; term < terms; term++) {
      id += next()
      visit.term(id, bytes[at++] as number)
    }
  }
}

class ByteWriter {
  #bytes = new Uint8Array(1_024)
  #at = 0

  byte(value: number): void {
    if (this.#at === this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2)
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    this.#bytes[this.#at++] = value
  }

  number(value: number): void {
    let rest = value
    while (rest > 127) {
      this.byte((rest % 128) | 128)
      rest = Math.floor(rest / 128)
    }
    this.byte(rest)
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at)
  }
}
