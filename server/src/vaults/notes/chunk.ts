/**
 * Cuts a note into passages: within one heading, neighbouring blocks together up to about 100 words. Code, math and
 * table rows are never cut inside; a paragraph longer than a passage is cut between sentences. A line that announces a
 * list (“You need:”) stays with its list. Nothing is joined across hidden text.
 */
import { countWords } from '../text/tokenize.ts'
import { eachSentence } from '../text/sentences.ts'
import type { ParsedNote } from './parse-note.ts'
import type { Block } from './scan-blocks.ts'
import { atomPattern } from './scan-inline.ts'

export interface Chunk {
  start: number
  end: number
  /** Index into the note’s headings; -1 above the first. */
  heading: number
  words: number
}

/** Measured on development questions: 60 to 140 rank alike; smaller ones lose context, larger ones precision. */
const targetWords = 100
const mostWords = 130

/** A note of any size gives at most this many passages; what lies beyond is reported by the indexer. */
export const maxChunks = 20_000

/** Text without sentences (data pasted as one line) is cut here; so is code longer than anybody reads in a passage. */
const longestPart = 4_000
const longestWhole = 8_000

interface Piece extends Chunk {
  apart: boolean
}

interface Span {
  start: number
  end: number
}

export function chunkNote(text: string, note: Pick<ParsedNote, 'blocks'>): Chunk[] {
  const chunks: Chunk[] = []
  let open: Chunk | null = null
  let keep = false
  for (const { apart, ...piece } of eachPiece(text, note.blocks)) {
    const isRoomy =
      open !== null &&
      open.words < targetWords &&
      open.words + piece.words <= mostWords &&
      piece.end - open.start <= longestWhole
    if (open && !apart && open.heading === piece.heading && (isRoomy || keep)) {
      open.end = piece.end
      open.words += piece.words
    } else {
      if (chunks.length >= maxChunks) return chunks
      open = piece
      chunks.push(open)
    }
    keep = /[:：]\s*$/.test(text.slice(Math.max(piece.start, piece.end - 8), piece.end)) && open.words < mostWords
  }
  return chunks
}

function* eachPiece(text: string, blocks: readonly Block[]): Generator<Piece> {
  for (const block of blocks) yield* cut(text, block)
}

/** A block as it is, or a long paragraph as groups of sentences. */
function cut(text: string, { kind, start, end, heading, apart }: Block): Piece[] {
  const words = countWords(text.slice(start, end))
  const isWhole = kind === 'code' || kind === 'math' || kind === 'row'
  if (end - start <= (isWhole ? longestWhole : longestPart) && (isWhole || words <= mostWords))
    return [{ start, end, heading, words, apart }]
  const pieces: Piece[] = []
  let open: Piece | null = null
  for (const part of isWhole ? eachRun(text, start, end) : eachPart(text, start, end)) {
    const more = countWords(text.slice(part.start, part.end))
    if (open && !isWhole && open.words + more <= targetWords && part.end - open.start <= longestPart) {
      open.end = part.end
      open.words += more
    } else {
      open = { ...part, heading, words: more, apart: apart && pieces.length === 0 }
      pieces.push(open)
    }
  }
  return pieces
}

/** Sentences, with those joined again whose end lies inside inline code, math or a link. */
function* eachPart(text: string, start: number, end: number): Generator<Span> {
  const atoms = text.slice(start, end).matchAll(atomPattern)
  let atom = atoms.next()
  let held: Span | null = null
  for (const sentence of eachSentence(text, start, end)) {
    const joined: Span = { start: held?.start ?? sentence.start, end: sentence.end }
    while (!atom.done && start + atom.value.index + atom.value[0].length <= joined.end) atom = atoms.next()
    const isInside = !atom.done && start + atom.value.index < joined.end
    held = isInside && joined.end - joined.start < longestPart ? joined : null
    if (!held) yield* bound(text, joined)
  }
  if (held) yield* bound(text, held)
}

/** Long code as runs of whole lines. */
function* eachRun(text: string, start: number, end: number): Generator<Span> {
  let from = start
  while (end - from > longestWhole) {
    const newline = text.slice(from, from + longestWhole).lastIndexOf('\n')
    if (newline <= 0) {
      const stop = wholeCharacter(text, from + longestWhole)
      yield { start: from, end: stop }
      from = stop
    } else {
      yield { start: from, end: from + newline }
      from += newline + 1
    }
  }
  if (end > from) yield { start: from, end }
}

/** A “sentence” without end is cut at white space, or anywhere at last. */
function* bound(text: string, { start, end }: Span): Generator<Span> {
  let at = start
  while (end - at > longestPart) {
    const space = text.slice(at, at + longestPart).lastIndexOf(' ')
    const stop = space > 0 ? at + space : wholeCharacter(text, at + longestPart)
    yield { start: at, end: stop }
    at = text[stop] === ' ' ? stop + 1 : stop
  }
  if (end > at) yield { start: at, end }
}

/** Moves a cut off the middle of a surrogate pair. */
function wholeCharacter(text: string, at: number): number {
  return /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(at - 1, at + 1)) ? at + 1 : at
}
