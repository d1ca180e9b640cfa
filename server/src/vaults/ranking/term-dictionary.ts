/**
 * Terms and their numbers, and the nearest terms to a word that no note has: those that contain it (German compounds,
 * parts of identifiers) and those that share most of its letter triples (a typing error).
 */

const mostNearest = 5
const mostCandidates = 20_000

export class TermDictionary {
  readonly #ids = new Map<string, number>()
  readonly #terms: string[] = []
  /** Letter triples to the ids that hold them; made for the terms up to `#indexed`. */
  readonly #triples = new Map<string, number[]>()
  #indexed = 0

  get size(): number {
    return this.#terms.length
  }

  find(term: string): number | undefined {
    return this.#ids.get(term)
  }

  termOf(id: number): string | undefined {
    return this.#terms[id]
  }

  /** The number of a term; a new one when it has none. */
  idOf(term: string): number {
    const known = this.#ids.get(term)
    if (known !== undefined) return known
    const id = this.#terms.length
    this.#terms.push(term)
    this.#ids.set(term, id)
    return id
  }

  /** Terms from number `from` on, in order: what a store has not seen yet. */
  since(from: number): string[] {
    return this.#terms.slice(from)
  }

  nearest(word: string, admit: (id: number) => boolean): { id: number; likeness: number }[] {
    if (word.length < 3) return this.#startingWith(word, admit)
    this.#indexNew()
    const asked = triplesOf(word)
    const shared = new Map<number, number>()
    for (const triple of asked) {
      for (const id of this.#triples.get(triple) ?? []) {
        if (shared.size < mostCandidates || shared.has(id)) shared.set(id, (shared.get(id) ?? 0) + 1)
      }
    }
    const found: { id: number; likeness: number }[] = []
    for (const [id, count] of shared) {
      const term = this.#terms[id] as string
      const likeness = term.includes(word)
        ? 0.5 + (0.5 * word.length) / term.length
        : (2 * count) / (asked.length + term.length)
      if (likeness >= 0.55 && admit(id)) found.push({ id, likeness })
    }
    return found.sort((a, b) => b.likeness - a.likeness || a.id - b.id).slice(0, mostNearest)
  }

  #startingWith(word: string, admit: (id: number) => boolean): { id: number; likeness: number }[] {
    const found: { id: number; likeness: number }[] = []
    // A single character of Chinese or Japanese is asked for as the beginning or end of a pair.
    if (!/[^\u0000-\u02ff]/.test(word)) return found
    for (let id = 0; id < this.#terms.length && found.length < mostNearest; id++) {
      if ((this.#terms[id] as string).includes(word) && admit(id)) found.push({ id, likeness: 0.6 })
    }
    return found
  }

  #indexNew(): void {
    for (; this.#indexed < this.#terms.length; this.#indexed++) {
      for (const triple of triplesOf(this.#terms[this.#indexed] as string)) {
        const list = this.#triples.get(triple)
        if (list) list.push(this.#indexed)
        else this.#triples.set(triple, [this.#indexed])
      }
    }
  }
}

function triplesOf(term: string): string[] {
  const padded = `^${term}$`
  const triples: string[] = []
  for (let at = 0; at + 3 <= padded.length; at++) triples.push(padded.slice(at, at + 3))
  return triples
}
