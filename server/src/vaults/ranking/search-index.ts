/**
 * The search of one vault: words (BM25) and meaning (LSA) mixed, over passages that the asker may use.
 *
 * Both scores of a passage are first mixed with those of its note, since a note that is about the question throughout
 * makes each of its passages likelier; then each is scaled to 0…1 over the vault and the two are summed with weights.
 * Scaled scores, not ranks: rank fusion throws away how far the first is ahead and lost to BM25 alone on most
 * collections (bench `search`, which also shows the effect of each weight).
 */
import type { Label, SearchMode } from '@cairn/contract'
import { admitsNote, hasTag, type JudgedNote, type NoteFilter } from '../../base/index.ts'
import { LexicalIndex, type WeightedTerm } from './lexical-index.ts'
import { embed, type LsaModel } from './lsa.ts'
import type { SearchQuery } from './query.ts'
import { TermDictionary } from './term-dictionary.ts'
import { VectorIndex } from './vector-index.ts'

export interface NoteMeta {
  noteId: string
  path: string
  version: string
  title: string
  tags: readonly string[]
  /** By which models are chosen. */
  label: Label
  /** By which rules judge it. */
  judged: JudgedNote
  /** May its text enter a prompt? */
  ai: boolean
  /** Milliseconds since 1970: the date it gives itself, else when the file changed. */
  date: number
  headings: readonly string[]
}

export interface RankedPassage {
  note: NoteMeta
  heading: number
  start: number
  end: number
  score: number
  /**
   * How good the note's match is, whatever the others are: its BM25 score for each word asked, against what a word that
   * only one note has could bring. Comparable over questions and vaults.
   */
  strength: number
  passage: number
}

export interface SearchSettings {
  /** Share of the note's score in a passage's. */
  noteShare: number
  /** Share of the meaning score in the mix. */
  semanticWeight: number
}

export const defaultSettings: SearchSettings = { noteShare: 0.5, semanticWeight: 0.3 }

export interface SearchOptions {
  filter: NoteFilter
  limit: number
  mode: SearchMode
  /** Leave out notes that say `ai: false`. */
  forPrompt: boolean
  settings?: SearchSettings
}

/** Passages of removed notes that are carried along before everything is laid out anew. */
const mostDead = 20_000

/** So many passages that words bring up are looked at for their meaning; those behind them cannot come out on top. */
const shortlist = 500

export class SearchIndex {
  readonly dictionary = new TermDictionary()
  #lexical = new LexicalIndex()
  #notes: NoteMeta[] = []
  readonly #numberOf = new Map<string, number>()
  /** Notes that say `ai: false`. */
  #notForPrompts = new Set<number>()
  #model: LsaModel | null = null
  #modelId = 0
  #vectors: VectorIndex | null = null

  get notes(): number {
    return this.#lexical.liveNotes
  }

  get passages(): number {
    return this.#lexical.livePassages
  }

  /** True when `pack` would lay everything out anew. */
  get isWasteful(): boolean {
    return this.#lexical.deadPassages > this.#lexical.livePassages + mostDead
  }

  get modelId(): number {
    return this.#modelId
  }

  /** Adds a note or replaces it. `deferred`: found after the next `pack` only, for loading many at once. */
  upsert(meta: NoteMeta, packed: Uint8Array, options: { deferred?: boolean } = {}): void {
    this.remove(meta.noteId)
    const number = this.#lexical.add(packed, options)
    if (!meta.ai) this.#notForPrompts.add(number)
    this.#notes[number] = meta
    this.#numberOf.set(meta.noteId, number)
  }

  remove(noteId: string): void {
    const number = this.#numberOf.get(noteId)
    if (number === undefined) return
    this.#lexical.remove(number)
    this.#numberOf.delete(noteId)
    this.#notForPrompts.delete(number)
  }

  /** Makes everything that was added found, and lays everything out anew when removed notes take most of the room. */
  pack(): void {
    if (this.isWasteful) this.#layOut()
    this.#lexical.pack()
  }

  #layOut(): void {
    const { lexical: old, vectors: oldVectors } = { lexical: this.#lexical, vectors: this.#vectors }
    const oldNotes = this.#notes
    this.#lexical = new LexicalIndex()
    this.#notes = []
    this.#notForPrompts = new Set()
    this.#vectors = oldVectors ? new VectorIndex(oldVectors.dimensions) : null
    for (const [noteId, number] of this.#numberOf) {
      const meta = oldNotes[number] as NoteMeta
      const at = this.#lexical.add(old.packedOf(number) ?? new Uint8Array([0]), { deferred: true })
      this.#notes[at] = meta
      this.#numberOf.set(noteId, at)
      if (!meta.ai) this.#notForPrompts.add(at)
      const places = {
        first: old.first[number] as number,
        to: this.#lexical.first[at] as number,
        size: old.sizes[number] as number,
      }
      if (oldVectors) this.#vectors?.copy(oldVectors, places)
    }
  }

  /** Takes another model; vectors of the former are dropped. */
  setModel(id: number, model: LsaModel | null): void {
    this.#modelId = id
    this.#model = model
    this.#vectors = model ? new VectorIndex(model.dimensions) : null
  }

  setVectors(noteId: string, packed: Uint8Array): void {
    const number = this.#numberOf.get(noteId)
    if (number === undefined || !this.#vectors) return
    const first = this.#lexical.first[number] as number
    const size = Math.min(
      this.#lexical.sizes[number] as number,
      Math.floor(packed.length / (this.#vectors.dimensions + 4)),
    )
    for (let index = 0; index < size; index++) this.#vectors.set(first + index, packed, index)
  }

  find(noteId: string): NoteMeta | undefined {
    const number = this.#numberOf.get(noteId)
    return number === undefined ? undefined : this.#notes[number]
  }

  /** How rare a term is, 0 for one that no passage has. */
  idf(term: string): number {
    const id = this.dictionary.find(term)
    return id === undefined || this.#lexical.passageFrequency(id) === 0 ? 0 : this.#lexical.idf(id)
  }

  /** The best passages, best first. Ties go by path and place, so that the order never wavers. */
  search(
    query: SearchQuery,
    { filter, limit, mode, forPrompt, settings = defaultSettings }: SearchOptions,
  ): RankedPassage[] {
    const admitted = this.#admit(query, filter, forPrompt)
    if (isFilterOnly(query)) return this.#listAdmitted(admitted, limit)
    const terms = this.#resolve(query)
    const most = Math.max(shortlist, 2 * limit)
    const words =
      mode === 'semantic' ? new Map<number, number>() : this.#scoreWords(terms, { admitted, settings, most })
    const meaning =
      mode === 'keyword' || settings.semanticWeight === 0
        ? new Map<number, number>()
        : this.#scoreMeaning(terms, { admitted, matched: words.keys(), settings })
    const weight = settings.semanticWeight * lengthFactor(this.#lexical.meanLength)
    const share = mode === 'semantic' ? 1 : meaning.size === 0 ? 0 : weight
    const mixed = new Map<number, number>()
    for (const [passage, score] of words) mixed.set(passage, (1 - share) * score)
    for (const [passage, score] of meaning) mixed.set(passage, (mixed.get(passage) ?? 0) + share * score)
    const asked = [...query.terms.values()].filter((each) => each >= 1).length
    return this.#rank(mixed, { limit, asked: mode === 'semantic' ? 0 : asked })
  }

  /** Notes most like a note, by the mean of its passages' vectors. */
  similar(noteId: string, filter: NoteFilter, limit: number): { note: NoteMeta; score: number }[] {
    const number = this.#numberOf.get(noteId)
    const vectors = this.#vectors
    if (number === undefined || !vectors || !this.#model) return []
    const mean = this.#meanVector(number, vectors)
    if (!mean) return []
    const lexical = this.#lexical
    const admitted = this.#admit(null, filter, false)
    admitted[number] = 0
    const best = new Map<number, number>()
    const near = vectors.nearest(mean, lexical.passageCount, { admitted, noteOf: lexical.noteOf })
    for (const passage of near) {
      const note = lexical.noteOf[passage] as number
      best.set(note, Math.max(best.get(note) ?? 0, vectors.similarity(passage, mean)))
    }
    return [...best]
      .map(([note, score]) => ({ note: this.#notes[note] as NoteMeta, score }))
      .sort((a, b) => b.score - a.score || compare(a.note.path, b.note.path))
      .slice(0, limit)
  }

  /** Tells of a note id whether the filter lets it through. */
  admission(filter: NoteFilter): (noteId: string) => boolean {
    const admitted = this.#admit(null, filter, false)
    return (noteId) => {
      const number = this.#numberOf.get(noteId)
      return number !== undefined && admitted[number] === 1
    }
  }

  #meanVector(number: number, vectors: VectorIndex): Float32Array | null {
    const mean = vectors.mean(this.#lexical.first[number] as number, this.#lexical.sizes[number] as number)
    let square = 0
    for (const value of mean) square += value * value
    return square === 0 ? null : mean.map((value) => value / Math.sqrt(square))
  }

  /** Marks the live notes that the filter and the query's own filters let through with 1. */
  #admit(query: SearchQuery | null, filter: NoteFilter, forPrompt: boolean): Uint8Array {
    const excluded = query ? this.#notesWith(query.without.terms) : new Set<number>()
    const admitted = this.#lexical.live()
    if (forPrompt) for (const number of this.#notForPrompts) admitted[number] = 0
    const isPlain = filter.kind === 'all' && excluded.size === 0 && (query === null || !hasFilters(query))
    if (isPlain) return admitted
    for (const number of this.#numberOf.values()) {
      const note = this.#notes[number] as NoteMeta
      const isHidden = filter.kind !== 'all' && !admitsNote(filter, note.judged)
      if (isHidden || (query && (!matchesFilters(query, note) || excluded.has(number)))) admitted[number] = 0
    }
    return admitted
  }

  #notesWith(terms: readonly string[]): Set<number> {
    const ids = terms.map((term) => this.dictionary.find(term)).filter((id) => id !== undefined)
    const found = new Set<number>()
    if (ids.length === 0) return found
    const { matched } = this.#lexical.score(
      ids.map((id) => ({ id, weight: 1 })),
      this.#lexical.live(),
    )
    for (const passage of matched) found.add(this.#lexical.noteOf[passage] as number)
    return found
  }

  /** Term ids with weights. A word that no note has is replaced by the terms that contain it or nearly spell it. */
  #resolve(query: SearchQuery): WeightedTerm[] {
    const resolved = new Map<number, number>()
    const add = (id: number, weight: number) => resolved.set(id, (resolved.get(id) ?? 0) + weight)
    for (const [term, weight] of query.terms) {
      const id = this.dictionary.find(term)
      if (id !== undefined && this.#lexical.passageFrequency(id) > 0) add(id, weight)
      else
        for (const near of this.dictionary.nearest(term, (candidate) => this.#lexical.passageFrequency(candidate) > 0))
          add(near.id, weight * near.likeness)
    }
    return [...resolved].map(([id, weight]) => ({ id, weight }))
  }

  /** Word scores of the best passages, scaled so that the best is 1. */
  #scoreWords(
    terms: readonly WeightedTerm[],
    { admitted, settings: { noteShare }, most }: { admitted: Uint8Array; settings: SearchSettings; most: number },
  ): Map<number, number> {
    const { noteOf } = this.#lexical
    const { passages, notes, matched } = this.#lexical.score(terms, admitted)
    let bestPassage = 0
    let bestNote = 0
    for (let at = 0; at < matched.length; at++) {
      const passage = matched[at] as number
      bestPassage = Math.max(bestPassage, passages[passage] as number)
      bestNote = Math.max(bestNote, notes[noteOf[passage] as number] as number)
    }
    const passageShare = (1 - noteShare) / bestPassage
    const scaledNoteShare = noteShare / bestNote
    const scoreOf = (passage: number) =>
      scaledNoteShare * (notes[noteOf[passage] as number] as number) + passageShare * (passages[passage] as number)
    const least = cutOff(matched, scoreOf, most)
    const scores = new Map<number, number>()
    for (let at = 0; at < matched.length; at++) {
      const passage = matched[at] as number
      const score = scoreOf(passage)
      if (score >= least) scores.set(passage, score)
    }
    return scores
  }

  /** Meaning scores of the passages that words or sign bits bring up, scaled so that the best is 1 and unrelated is 0. */
  #scoreMeaning(
    terms: readonly WeightedTerm[],
    { admitted, matched, settings }: { admitted: Uint8Array; matched: Iterable<number>; settings: SearchSettings },
  ): Map<number, number> {
    const scores = new Map<number, number>()
    const vectors = this.#vectors
    if (!vectors || !this.#model) return scores
    const asked = embed(
      this.#model,
      terms.map(({ id }) => id),
      terms.map(({ weight }) => Math.max(1, weight)),
    )
    if (!asked) return scores
    const { noteOf } = this.#lexical
    const near = vectors.nearest(asked, this.#lexical.passageCount, { admitted, noteOf: this.#lexical.noteOf })
    const byNote = new Map<number, number>()
    let best = 0
    for (const passage of [...near, ...matched]) {
      if (scores.has(passage)) continue
      const score = Math.max(0, vectors.similarity(passage, asked))
      scores.set(passage, score)
      best = Math.max(best, score)
      const note = noteOf[passage] as number
      byNote.set(note, Math.max(byNote.get(note) ?? 0, score))
    }
    if (best === 0) return new Map()
    for (const [passage, score] of scores) {
      const ofNote = byNote.get(noteOf[passage] as number) as number
      scores.set(passage, (settings.noteShare * ofNote + (1 - settings.noteShare) * score) / best)
    }
    return scores
  }

  #rank(scores: ReadonlyMap<number, number>, { limit, asked }: { limit: number; asked: number }): RankedPassage[] {
    const most = asked * Math.log(1 + this.#lexical.liveNotes)
    const ranked = [...scores].sort((a, b) => b[1] - a[1] || this.#comparePassages(a[0], b[0]))
    return ranked
      .slice(0, limit)
      .map(([passage, score]) =>
        this.#describe(passage, score, most > 0 ? this.#lexical.lastNoteScore(passage) / most : 0),
      )
  }

  #listAdmitted(admitted: Uint8Array, limit: number): RankedPassage[] {
    const numbers = [...this.#numberOf.values()].filter(
      (number) => admitted[number] === 1 && (this.#lexical.sizes[number] as number) > 0,
    )
    numbers.sort((a, b) => compare((this.#notes[a] as NoteMeta).path, (this.#notes[b] as NoteMeta).path))
    return numbers.slice(0, limit).map((number) => this.#describe(this.#lexical.first[number] as number, 1, 0))
  }

  #describe(passage: number, score: number, strength: number): RankedPassage {
    const lexical = this.#lexical
    const note = this.#notes[lexical.noteOf[passage] as number] as NoteMeta
    return {
      note,
      score,
      strength,
      passage,
      heading: lexical.headings[passage] as number,
      start: lexical.starts[passage] as number,
      end: lexical.ends[passage] as number,
    }
  }

  #comparePassages(a: number, b: number): number {
    const noteA = this.#notes[this.#lexical.noteOf[a] as number] as NoteMeta
    const noteB = this.#notes[this.#lexical.noteOf[b] as number] as NoteMeta
    return compare(noteA.path, noteB.path) || (this.#lexical.starts[a] as number) - (this.#lexical.starts[b] as number)
  }
}

/**
 * Passages of one line give too few neighbours to learn meaning from: on single sentences LSA takes away what BM25
 * gives (squad-dev-sentences), from about 35 terms on it helps.
 */
function lengthFactor(meanTerms: number): number {
  return Math.min(1, (meanTerms / 35) ** 2)
}

/** True when the query names filters and no words. */
function isFilterOnly(query: SearchQuery): boolean {
  return query.terms.size === 0 && hasFilters(query)
}

function hasFilters({ tags, paths, before, after, without }: SearchQuery): boolean {
  const excludes = without.tags.length > 0 || without.paths.length > 0
  return tags.length > 0 || paths.length > 0 || before !== null || after !== null || excludes
}

const buckets = 1_024

/** A score that about `most` of the passages reach; found by counting them in buckets, not by sorting. */
function cutOff(matched: Uint32Array, scoreOf: (passage: number) => number, most: number): number {
  if (matched.length <= most) return 0
  const histogram = new Uint32Array(buckets + 1)
  for (let at = 0; at < matched.length; at++) {
    const bucket = Math.min(buckets, Math.floor(scoreOf(matched[at] as number) * buckets))
    histogram[bucket] = (histogram[bucket] as number) + 1
  }
  let bucket = buckets
  for (let count = 0; bucket > 0; bucket--) {
    count += histogram[bucket] as number
    if (count >= most) break
  }
  return bucket / buckets
}

function matchesFilters(query: SearchQuery, note: NoteMeta): boolean {
  const path = note.path.toLowerCase()
  return (
    query.tags.every((tag) => hasTag(note.tags, tag)) &&
    query.paths.every((part) => path.includes(part)) &&
    !query.without.tags.some((tag) => hasTag(note.tags, tag)) &&
    !query.without.paths.some((part) => path.includes(part)) &&
    (query.before === null || note.date < query.before) &&
    (query.after === null || note.date >= query.after + 86_400_000)
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
