/**
 * The palette: a list of commands, prepared once, asked at every key. While more is typed, only commands are looked at
 * that have the letters of what was typed before; that this leaves out none that a fresh look would find is a law that
 * the tests hold.
 */
import { fold, type Folded } from './fold.ts'
import { cannotMatch, matchCommand, placesOf, type HitKind, type Match, type Token } from './match.ts'
import { mistakesIn } from './typo.ts'
import { hitWords, type WordHits } from './word-hits.ts'
import { lettersOf, newVocabulary, prepare, splitWords, type Command, type Prepared, type Vocabulary } from './words.ts'

/** A stretch of a text in UTF-16 units, end exclusive. */
export interface Range {
  readonly start: number
  readonly end: number
}

export interface Found {
  readonly command: Command
  /** 0 to about 1.2: how well it fits, plus habit. */
  readonly score: number
  /** To be marked in the title; in order, not overlapping. */
  readonly title: readonly Range[]
  /** Which other name was hit, and where. */
  readonly alias: { readonly text: string; readonly ranges: readonly Range[] } | null
  /** How each token was found, for those who want to know. */
  readonly kinds: readonly HitKind[]
}

export interface SearchOptions {
  /** Most that are given; 50. */
  readonly limit?: number
  /** How much a command is a habit, 0 to 1. */
  readonly habit?: (id: string) => number
  readonly isPinned?: (id: string) => boolean
}

export interface Palette {
  readonly size: number
  /** Best first; equally good ones by shorter title, then in the order of the list. Nothing for a query without content. */
  search(query: string, options?: SearchOptions): Found[]
}

/** What is typed beyond these is not looked at. */
export const queryLimits = { characters: 128, tokens: 8 } as const

const defaultLimit = 50
const habitWeight = 0.12
const pinWeight = 0.05
const mostKept = 32

export function createPalette(commands: readonly Command[]): Palette {
  const vocabulary = newVocabulary()
  const all = commands.map((command, index) => prepare(command, index, vocabulary))
  const known = new Map<string, WordHits>()
  let narrowed: { query: string; rest: readonly Prepared[] } | null = null

  /**
   * Who has the letters, with all the mistakes that any token may ever be forgiven: a token that grows is forgiven more,
   * so that fewer must not be left out here.
   */
  function narrow(query: string, tokens: readonly Token[]): readonly Prepared[] {
    const from = narrowed !== null && query.startsWith(narrowed.query) ? narrowed.rest : all
    const generous = tokens.map((token) => ({ ...token, mistakes: mostMistakes }))
    const rest = from.filter((prepared) => !cannotMatch(prepared, generous))
    narrowed = { query, rest }
    return rest
  }

  return {
    size: all.length,
    search(query, { limit = defaultLimit, habit, isPinned } = {}) {
      const folded = fold(query.slice(0, queryLimits.characters))
      const tokens = readTokens(folded, vocabulary, known)
      if (tokens.length === 0) return []
      const found: { prepared: Prepared; match: Match; score: number }[] = []
      for (const prepared of narrow(folded.text, tokens)) {
        const match = matchCommand(prepared, tokens)
        if (match === null) continue
        const { id } = prepared.command
        const extra = habitWeight * clamp(habit?.(id) ?? 0) + (isPinned?.(id) === true ? pinWeight : 0)
        found.push({ prepared, match, score: match.score + extra })
      }
      found.sort(
        (a, b) =>
          b.score - a.score ||
          a.prepared.command.title.length - b.prepared.command.title.length ||
          a.prepared.index - b.prepared.index,
      )
      return found.slice(0, limit).map(({ prepared, match, score }) => describe(prepared, tokens, match, score))
    },
  }
}

const mostMistakes = 2
const clamp = (value: number): number => (value > 0 ? Math.min(1, value) : 0)

/** Tokens stand between spaces; signs inside a token part it, signs alone are a token. */
function readTokens(folded: Folded, vocabulary: Vocabulary, known: Map<string, WordHits>): Token[] {
  const texts: { text: string; isSigns: boolean }[] = []
  for (const { index, 0: part } of folded.text.matchAll(/\S+/gu)) {
    const inside = { text: part, starts: [], ends: [], capitals: [] }
    const words = splitTyped(inside)
    if (words.length === 0) texts.push({ text: part, isSigns: true })
    for (const text of words) texts.push({ text, isSigns: false })
    if (index > queryLimits.characters) break
  }
  return texts.slice(0, queryLimits.tokens).map(({ text, isSigns }) => {
    const mistakes = isSigns ? 0 : mistakesIn(text.length)
    return { text, letters: lettersOf(text), mistakes, isSigns, hits: hitsOf(text, vocabulary, known) }
  })
}

/** Unlike those of a title, tokens are not parted where scripts meet: `3d颜色` walks over both words. */
function splitTyped(folded: Folded): string[] {
  const words = splitWords(folded)
  const joined: string[] = []
  let end = -1
  for (const { start, end: next } of words) {
    const text = folded.text.slice(start, next)
    if (start === end) joined[joined.length - 1] += text
    else joined.push(text)
    end = next
  }
  return joined
}

function hitsOf(text: string, vocabulary: Vocabulary, known: Map<string, WordHits>): WordHits {
  const found = known.get(text)
  if (found !== undefined) return found
  const hits = hitWords(text, vocabulary)
  if (known.size >= mostKept) known.delete(known.keys().next().value as string)
  known.set(text, hits)
  return hits
}

// --- What is shown ----------------------------------------------------------------------------------------------------

function describe(prepared: Prepared, tokens: readonly Token[], match: Match, score: number): Found {
  const { command, fields } = prepared
  const placed = match.hits.map((hit, at) => placesOf(prepared, tokens[at] as Token, hit))
  const inField = (field: number): Range[] =>
    toRanges(
      fields[field],
      placed.flatMap((each) => (each.field === field ? each.places : [])),
    )
  const alias = placed.find(({ field }) => field > 0 && field < fields.length - 1)?.field
  const text = alias === undefined ? undefined : command.aliases?.[alias - 1]
  return {
    command,
    score,
    title: inField(0),
    alias: alias === undefined || text === undefined ? null : { text, ranges: inField(alias) },
    kinds: match.hits.map(({ kind }) => kind),
  }
}

function toRanges(folded: Folded | undefined, places: readonly number[]): Range[] {
  const ranges: { start: number; end: number }[] = []
  for (const place of [...new Set(places)].toSorted((a, b) => a - b)) {
    const start = folded?.starts[place] ?? 0
    const end = folded?.ends[place] ?? 0
    const last = ranges.at(-1)
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end)
    else ranges.push({ start, end })
  }
  return ranges
}
