/**
 * The inverted index of one vault, in memory, scored by BM25 twice in one pass: each passage as a document of its own,
 * and each note as a whole (k1 0.9, b 0.4, as Anserini's defaults; S. Robertson and H. Zaragoza, “The Probabilistic
 * Relevance Framework”, 2009). Passages of a note stand next to each other, so a note's counts are summed while its
 * passages are passed.
 *
 * Postings live in two places. The *base* is packed: all postings of a term side by side, terms one after another, made
 * by counting sort. What came since is the *delta*, a list for each term. A removed note's postings stay until the next
 * packing and are skipped. Packing happens when the delta or the dead outgrow a share of the base, so that adding N
 * notes one by one costs O(N log N) in all.
 */
import { readPacked } from './note-terms.ts'

const k1 = 0.9
const b = 0.4
const quarter = 4

/** The share of the base that delta and dead may reach before everything is packed again. */
const repackShare = 0.3
const repackFloor = 20_000

export interface WeightedTerm {
  id: number
  weight: number
}

export interface LexicalScores {
  /** By passage number; 0 where no term matches. Valid until the next call. */
  passages: Float32Array
  /** By note number. */
  notes: Float32Array
  /** Numbers of the passages with a score above 0, ascending within base and delta. */
  matched: number[]
}

export class LexicalIndex {
  /** Note number of each passage, and each passage's place in its note's text. */
  noteOf = new Int32Array(1_024)
  starts = new Int32Array(1_024)
  ends = new Int32Array(1_024)
  headings = new Int32Array(1_024)
  lengths = new Uint16Array(1_024)
  passageCount = 0

  /** First passage and number of passages of each note. */
  first: number[] = []
  sizes: number[] = []
  #noteLengths: number[] = []
  #alive: boolean[] = []
  #packed: (Uint8Array | null)[] = []

  #passageFrequency = new Int32Array(1_024)
  #noteFrequency = new Int32Array(1_024)
  #livePassages = 0
  #liveNotes = 0
  #liveLength = 0

  #offsets = new Uint32Array(1)
  #basePassages = new Uint32Array(0)
  #baseCounts = new Uint8Array(0)
  #delta = new Map<number, number[]>()
  #deltaSize = 0
  #deadSize = 0

  #passageScores = new Float32Array(1_024)
  #noteScores = new Float32Array(64)

  get liveNotes(): number {
    return this.#liveNotes
  }

  get livePassages(): number {
    return this.#livePassages
  }

  /** Terms in a passage, on average. */
  get meanLength(): number {
    return this.#liveLength / Math.max(1, this.#livePassages)
  }

  isAlive(note: number): boolean {
    return this.#alive[note] === true
  }

  /** Adds a note's packed terms; returns its number. */
  add(packed: Uint8Array): number {
    const note = this.#alive.length
    this.first.push(this.passageCount)
    this.#alive.push(true)
    this.#packed.push(packed)
    const seen = new Set<number>()
    let noteLength = 0
    let size = 0
    readPacked(packed, {
      passage: (start, end, heading, length) => {
        const passage = this.#addPassage(note, start, end, heading, length)
        noteLength += this.lengths[passage] as number
        size++
      },
      term: (id, count) => {
        this.#growTerms(id)
        this.#passageFrequency[id] = (this.#passageFrequency[id] as number) + 1
        if (!seen.has(id)) {
          seen.add(id)
          this.#noteFrequency[id] = (this.#noteFrequency[id] as number) + 1
        }
        const list = this.#delta.get(id)
        if (list) list.push(this.passageCount - 1, count)
        else this.#delta.set(id, [this.passageCount - 1, count])
        this.#deltaSize++
      },
    })
    this.sizes.push(size)
    this.#noteLengths.push(noteLength)
    this.#liveNotes++
    this.#livePassages += size
    this.#liveLength += noteLength
    this.#repackWhenDue()
    return note
  }

  remove(note: number): void {
    const packed = this.#packed[note]
    if (!this.#alive[note] || !packed) return
    this.#alive[note] = false
    this.#packed[note] = null
    const seen = new Set<number>()
    readPacked(packed, {
      passage() {},
      term: (id) => {
        this.#passageFrequency[id] = (this.#passageFrequency[id] as number) - 1
        if (!seen.has(id)) {
          seen.add(id)
          this.#noteFrequency[id] = (this.#noteFrequency[id] as number) - 1
        }
        this.#deadSize++
      },
    })
    this.#liveNotes--
    this.#livePassages -= this.sizes[note] as number
    this.#liveLength -= this.#noteLengths[note] as number
    this.#repackWhenDue()
  }

  passageFrequency(id: number): number {
    return this.#passageFrequency[id] ?? 0
  }

  noteFrequency(id: number): number {
    return this.#noteFrequency[id] ?? 0
  }

  /** How rare a term is among passages: ln(1 + (N − n + 0.5) / (n + 0.5)). */
  idf(id: number): number {
    return rarity(this.#livePassages, this.passageFrequency(id))
  }

  /** The score of a passage's note in the last call of `score`. */
  lastNoteScore(passage: number): number {
    return this.#noteScores[this.noteOf[passage] as number] ?? 0
  }

  /** Scores every live passage and note that `admit` lets through. */
  score(terms: readonly WeightedTerm[], admit: (note: number) => boolean): LexicalScores {
    this.#passageScores.fill(0, 0, this.passageCount)
    this.#noteScores.fill(0, 0, this.#alive.length)
    const admitted = new Int8Array(this.#alive.length)
    const allows = (note: number): boolean => {
      if (admitted[note] === 0) admitted[note] = this.#alive[note] && admit(note) ? 1 : -1
      return admitted[note] === 1
    }
    const matched: number[] = []
    for (const term of terms) this.#scoreTerm(term, allows, matched)
    return { passages: this.#passageScores, notes: this.#noteScores, matched }
  }

  #scoreTerm({ id, weight }: WeightedTerm, allows: (note: number) => boolean, matched: number[]): void {
    const passageWeight = weight * rarity(this.#livePassages, this.passageFrequency(id)) * (k1 + 1)
    const noteWeight = weight * rarity(this.#liveNotes, this.noteFrequency(id)) * (k1 + 1)
    const meanPassage = this.#liveLength / Math.max(1, this.#livePassages)
    const meanNote = this.#liveLength / Math.max(1, this.#liveNotes)
    const scores = this.#passageScores
    let note = -1
    let inNote = 0
    const endNote = () => {
      if (note === -1) return
      const norm = k1 * (1 - b + (b * (this.#noteLengths[note] as number)) / meanNote)
      this.#noteScores[note] = (this.#noteScores[note] as number) + (noteWeight * inNote) / (inNote + norm)
      note = -1
    }
    const take = (passage: number, quarters: number) => {
      const at = this.noteOf[passage] as number
      if (at !== note) {
        endNote()
        if (!allows(at)) return
        note = at
        inNote = 0
      }
      const count = quarters / quarter
      inNote += count
      const norm = k1 * (1 - b + (b * (this.lengths[passage] as number)) / meanPassage)
      if (scores[passage] === 0) matched.push(passage)
      scores[passage] = (scores[passage] as number) + (passageWeight * count) / (count + norm)
    }
    const end = this.#offsets[id + 1] ?? 0
    for (let at = this.#offsets[id] ?? end; at < end; at++)
      take(this.#basePassages[at] as number, this.#baseCounts[at] as number)
    const list = this.#delta.get(id)
    for (let at = 0; list && at < list.length; at += 2) take(list[at] as number, list[at + 1] as number)
    endNote()
  }

  #addPassage(note: number, start: number, end: number, heading: number, length: number): number {
    const passage = this.passageCount++
    if (passage >= this.noteOf.length) {
      this.noteOf = grow(this.noteOf)
      this.starts = grow(this.starts)
      this.ends = grow(this.ends)
      this.headings = grow(this.headings)
      this.lengths = grow(this.lengths)
    }
    if (passage >= this.#passageScores.length) this.#passageScores = grow(this.#passageScores)
    if (note >= this.#noteScores.length) this.#noteScores = grow(this.#noteScores)
    this.noteOf[passage] = note
    this.starts[passage] = start
    this.ends[passage] = end
    this.headings[passage] = heading
    this.lengths[passage] = Math.min(65_535, length)
    return passage
  }

  #growTerms(id: number): void {
    while (id >= this.#passageFrequency.length) {
      this.#passageFrequency = grow(this.#passageFrequency)
      this.#noteFrequency = grow(this.#noteFrequency)
    }
  }

  #repackWhenDue(): void {
    if (this.#deltaSize + this.#deadSize > repackFloor + repackShare * this.#basePassages.length) this.#repack()
  }

  /** Counting sort of all live postings by term; dead passages keep their numbers but lose their postings. */
  #repack(): void {
    const terms = this.#passageFrequency.length
    const offsets = new Uint32Array(terms + 1)
    for (let id = 0; id < terms; id++)
      offsets[id + 1] = (offsets[id] as number) + (this.#passageFrequency[id] as number)
    const size = offsets[terms] as number
    const passages = new Uint32Array(size)
    const counts = new Uint8Array(size)
    const next = offsets.slice()
    for (let note = 0; note < this.#packed.length; note++) {
      const packed = this.#packed[note]
      if (!packed) continue
      let passage = (this.first[note] as number) - 1
      readPacked(packed, {
        passage: () => void passage++,
        term: (id, count) => {
          const at = next[id] as number
          next[id] = at + 1
          passages[at] = passage
          counts[at] = count
        },
      })
    }
    this.#offsets = offsets
    this.#basePassages = passages
    this.#baseCounts = counts
    this.#delta = new Map()
    this.#deltaSize = 0
    this.#deadSize = 0
  }
}

function rarity(documents: number, frequency: number): number {
  return Math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5))
}

type Numbers = Int32Array | Uint16Array | Float32Array

function grow<T extends Numbers>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(array.length * 2)
  larger.set(array)
  return larger
}
