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
const repackShare = 0.15
const repackFloor = 20_000

export interface WeightedTerm {
  id: number
  weight: number
}

export interface LexicalScores {
  /** By passage number; 0 where no term matches. Valid until the next call, as all of these. */
  passages: Float32Array
  /** By note number. */
  notes: Float32Array
  /** Numbers of the passages with a score above 0. */
  matched: Uint32Array
}

/** Postings in a row: passage numbers and counts in quarters, every `step`-th cell. */
interface Postings {
  passages: ArrayLike<number>
  counts: ArrayLike<number>
  start: number
  end: number
  step: number
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
  #alive = new Uint8Array(64)
  #packed: (Uint8Array | null)[] = []

  #passageFrequency = new Int32Array(1_024)
  #noteFrequency = new Int32Array(1_024)
  /** The note that a term was last counted for, plus one; negative when it was taken away. */
  #lastNote = new Int32Array(1_024)
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
  #passageNorms = new Float32Array(1_024)
  #matched = new Uint32Array(1_024)
  #noteScores = new Float32Array(64)
  #noteNorms = new Float32Array(64)
  #isStale = true

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

  get noteCount(): number {
    return this.#packed.length
  }

  /** Passages of removed notes, which keep their numbers until everything is laid out anew. */
  get deadPassages(): number {
    return this.passageCount - this.#livePassages
  }

  /** What `add` was given for a live note. */
  packedOf(note: number): Uint8Array | null {
    return this.#packed[note] ?? null
  }

  isAlive(note: number): boolean {
    return this.#alive[note] === 1
  }

  /**
   * Adds a note's packed terms; returns its number. `deferred` leaves it unfound until `pack` is called: for loading
   * many at once, which is several times faster.
   */
  add(packed: Uint8Array, { deferred = false }: { deferred?: boolean } = {}): number {
    const note = this.#packed.length
    this.#growNotes(note)
    this.first.push(this.passageCount)
    this.#alive[note] = 1
    this.#packed.push(packed)
    const before = this.passageCount
    let noteLength = 0
    readPacked(packed, {
      passage: (start, end, heading, length) => {
        const passage = this.#addPassage(note, start, end, heading, length)
        noteLength += this.lengths[passage] as number
      },
      term: (id, count) => {
        this.#growTerms(id)
        this.#count(id, note, 1)
        if (deferred) return
        const list = this.#delta.get(id)
        if (list) list.push(this.passageCount - 1, count)
        else this.#delta.set(id, [this.passageCount - 1, count])
        this.#deltaSize++
      },
    })
    this.sizes.push(this.passageCount - before)
    this.#noteLengths.push(noteLength)
    this.#weigh(note, 1)
    if (!deferred) this.#packWhenDue()
    return note
  }

  remove(note: number): void {
    const packed = this.#packed[note]
    if (!packed) return
    this.#alive[note] = 0
    this.#packed[note] = null
    readPacked(packed, {
      passage() {},
      term: (id) => {
        this.#count(id, note, -1)
        this.#deadSize++
      },
    })
    this.#weigh(note, -1)
    this.#packWhenDue()
  }

  /** 1 for each live note, by number; a copy. */
  live(): Uint8Array {
    return this.#alive.slice(0, this.#packed.length)
  }

  /** Counts a term of a passage of a note, once for the passage and at its first time for the note. */
  #count(id: number, note: number, by: 1 | -1): void {
    this.#passageFrequency[id] = (this.#passageFrequency[id] as number) + by
    if (this.#lastNote[id] === by * (note + 1)) return
    this.#lastNote[id] = by * (note + 1)
    this.#noteFrequency[id] = (this.#noteFrequency[id] as number) + by
  }

  #weigh(note: number, by: 1 | -1): void {
    this.#liveNotes += by
    this.#livePassages += by * (this.sizes[note] as number)
    this.#liveLength += by * (this.#noteLengths[note] as number)
    this.#isStale = true
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

  /** Scores every passage and note of the notes that `admitted` marks with 1; the caller marks none that was removed. */
  score(terms: readonly WeightedTerm[], admitted: Uint8Array): LexicalScores {
    this.#passageScores.fill(0, 0, this.passageCount)
    this.#noteScores.fill(0, 0, this.#packed.length)
    this.#refreshNorms()
    let matched = 0
    for (const term of terms) matched = this.#scoreTerm(term, admitted, matched)
    return { passages: this.#passageScores, notes: this.#noteScores, matched: this.#matched.subarray(0, matched) }
  }

  /** Adds one term's share to all scores; returns how many passages are matched so far. */
  #scoreTerm({ id, weight }: WeightedTerm, admitted: Uint8Array, matched: number): number {
    const passageWeight = weight * rarity(this.#livePassages, this.passageFrequency(id)) * (k1 + 1)
    const noteWeight = weight * rarity(this.#liveNotes, this.noteFrequency(id)) * (k1 + 1)
    const start = this.#offsets[id] ?? 0
    const end = this.#offsets[id + 1] ?? start
    const base = { passages: this.#basePassages, counts: this.#baseCounts, start, end, step: 1 }
    const count = this.#scorePostings(base, { passageWeight, noteWeight }, admitted, matched)
    const list = this.#delta.get(id)
    if (!list) return count
    const delta = { passages: list, counts: list.slice(1), start: 0, end: list.length, step: 2 }
    return this.#scorePostings(delta, { passageWeight, noteWeight }, admitted, count)
  }

  #scorePostings(
    { passages, counts, start, end, step }: Postings,
    { passageWeight, noteWeight }: { passageWeight: number; noteWeight: number },
    admitted: Uint8Array,
    matchedBefore: number,
  ): number {
    const scores = this.#passageScores
    const notes = this.#noteScores
    const norms = this.#passageNorms
    const noteNorms = this.#noteNorms
    const noteOf = this.noteOf
    const matchedList = this.#matched
    let matched = matchedBefore
    let note = -1
    let inNote = 0
    for (let at = start; at < end; at += step) {
      const passage = passages[at] as number
      const next = noteOf[passage] as number
      if (next !== note) {
        if (note !== -1 && inNote > 0)
          notes[note] = (notes[note] as number) + (noteWeight * inNote) / (inNote + (noteNorms[note] as number))
        note = next
        inNote = 0
      }
      if (admitted[next] !== 1) continue
      const count = (counts[at] as number) / quarter
      inNote += count
      const before = scores[passage] as number
      if (before === 0) matchedList[matched++] = passage
      scores[passage] = before + (passageWeight * count) / (count + (norms[passage] as number))
    }
    if (note !== -1 && inNote > 0)
      notes[note] = (notes[note] as number) + (noteWeight * inNote) / (inNote + (noteNorms[note] as number))
    return matched
  }

  /** Lengths against the mean, computed again after a change. */
  #refreshNorms(): void {
    if (!this.#isStale) return
    this.#isStale = false
    const meanPassage = this.#liveLength / Math.max(1, this.#livePassages)
    const meanNote = this.#liveLength / Math.max(1, this.#liveNotes)
    for (let passage = 0; passage < this.passageCount; passage++)
      this.#passageNorms[passage] = k1 * (1 - b + (b * (this.lengths[passage] as number)) / meanPassage)
    for (let note = 0; note < this.#packed.length; note++)
      this.#noteNorms[note] = k1 * (1 - b + (b * (this.#noteLengths[note] as number)) / meanNote)
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
    if (passage >= this.#passageScores.length) {
      this.#passageScores = grow(this.#passageScores)
      this.#passageNorms = grow(this.#passageNorms)
      this.#matched = grow(this.#matched)
    }
    this.noteOf[passage] = note
    this.starts[passage] = start
    this.ends[passage] = end
    this.headings[passage] = heading
    this.lengths[passage] = Math.min(65_535, length)
    return passage
  }

  #growNotes(note: number): void {
    if (note < this.#alive.length) return
    this.#alive = grow(this.#alive)
    this.#noteScores = grow(this.#noteScores)
    this.#noteNorms = grow(this.#noteNorms)
  }

  #growTerms(id: number): void {
    while (id >= this.#passageFrequency.length) {
      this.#passageFrequency = grow(this.#passageFrequency)
      this.#noteFrequency = grow(this.#noteFrequency)
      this.#lastNote = grow(this.#lastNote)
    }
  }

  #packWhenDue(): void {
    if (this.#deltaSize + this.#deadSize > repackFloor + repackShare * this.#basePassages.length) this.pack()
  }

  /** Counting sort of all live postings by term; dead passages keep their numbers but lose their postings. */
  pack(): void {
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

type Numbers = Int32Array | Uint8Array | Uint32Array | Uint16Array | Float32Array

function grow<T extends Numbers>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(array.length * 2)
  larger.set(array)
  return larger
}
