/**
 * Cuts a note into passages: within one heading, neighbouring blocks together up to about 100 words. Code, math and
 * table rows are never cut inside; a paragraph longer than a passage is cut between sentences. A line that announces a
 * list (“You need:”) stays with its list.
 */
import { countWords } from '../text/tokenize.ts'
import { eachSentence } from '../text/sentences.ts'
import type { Block, ParsedNote } from './parse-note.ts'

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

interface Piece {
  start: number
  end: number
  heading: number
  words: number
}

export function chunkNote(text: string, note: Pick<ParsedNote, 'blocks'>): Chunk[] {
  const chunks: Chunk[] = []
  let open: Chunk | null = null
  let keep = false
  for (const piece of note.blocks.flatMap((block) => cut(text, block))) {
    const isRoomy = open !== null && open.words < targetWords && open.words + piece.words <= mostWords
    if (open && open.heading === piece.heading && (isRoomy || keep)) {
      open.end = piece.end
      open.words += piece.words
    } else {
      if (chunks.length >= maxChunks) return chunks
      open = { ...piece }
      chunks.push(open)
    }
    keep = /[:：]\s*$/.test(text.slice(Math.max(piece.start, piece.end - 8), piece.end)) && open.words < mostWords
  }
  return chunks
}

/** A block as it is, or a long paragraph as groups of sentences. */
function cut(text: string, { kind, start, end, heading }: Block): Piece[] {
  const whole = { start, end, heading, words: countWords(text.slice(start, end)) }
  if (whole.words <= mostWords || kind === 'code' || kind === 'math' || kind === 'row') return [whole]
  const pieces: Piece[] = []
  let open: Piece | null = null
  for (const sentence of eachSentence(text, start, end)) {
    for (const part of bound(text, sentence)) {
      const words = countWords(text.slice(part.start, part.end))
      if (open && open.words + words <= targetWords) {
        open.end = part.end
        open.words += words
      } else {
        open = { ...part, heading, words }
        pieces.push(open)
      }
    }
  }
  return pieces.length > 0 ? pieces : [whole]
}

const longestPart = 4_000

/** A “sentence” without end (data pasted as one line) is cut at white space, or anywhere at last. */
function bound(text: string, { start, end }: { start: number; end: number }): { start: number; end: number }[] {
  const parts: { start: number; end: number }[] = []
  let at = start
  while (end - at > longestPart) {
    const space = text.lastIndexOf(' ', at + longestPart)
    let stop = space > at ? space : at + longestPart
    if (/[\uDC00-\uDFFF]/.test(text[stop] ?? '')) stop++
    parts.push({ start: at, end: stop })
    at = text[stop] === ' ' ? stop + 1 : stop
  }
  if (end > at) parts.push({ start: at, end })
  return parts
}
