/**
 * How well a command fits what was typed. Every token has to be found, in any order: as a word, the beginning of one,
 * with a typing mistake, shortened, or running over several words. The score is how well the tokens fit, raised a little
 * for how much of the title they cover, for their order, and for beginning where the title does.
 */
import { findWalk } from './walk.ts'
import { placesInOrder, placesInWord, type WordHits, type WordKind } from './word-hits.ts'
import { countBits, type Prepared, type Word } from './words.ts'

export interface Token {
  readonly text: string
  readonly letters: number
  /** Mistakes that it may have. */
  readonly mistakes: number
  /** Nothing but signs, which are no part of words: found as they are. */
  readonly isSigns: boolean
  readonly hits: WordHits
}

export type HitKind = WordKind | 'walk' | 'scattered' | 'signs'

export interface TokenHit {
  readonly kind: HitKind
  readonly score: number
  /** Index of the word, the first of a walk; −1 where no word was hit. */
  readonly word: number
  /** Of a walk: how many characters of which words. */
  readonly steps?: readonly { readonly word: number; readonly length: number }[]
  /** Of what was found outside words: where in the field. */
  readonly at?: number
}

export interface Match {
  /** 0 to 1, before what is added for habit. */
  readonly score: number
  /** One for each token. */
  readonly hits: readonly TokenHit[]
}

const weights = { tokens: 0.76, covered: 0.18, order: 0.03, start: 0.03 } as const
const reused = 0.3
const adjacent = 0.02
const scatteredScore = 0.24
const longestScatter = 40
const signsScore = 0.5

/** True when letters are missing that no number of allowed mistakes makes good; says it quickly. */
export function cannotMatch(prepared: Prepared, tokens: readonly Token[]): boolean {
  return tokens.some(({ letters, mistakes, isSigns }) => !isSigns && countBits(letters & ~prepared.letters) > mistakes)
}

export function matchCommand(prepared: Prepared, tokens: readonly Token[]): Match | null {
  if (tokens.length === 0 || cannotMatch(prepared, tokens)) return null
  const hits: TokenHit[] = []
  const isUsed = new Uint8Array(prepared.words.length)
  for (const token of tokens) {
    const hit = hitToken(prepared, token, isUsed, hits.at(-1)?.word ?? -2)
    if (hit === null) return null
    hits.push(hit)
    for (const { word } of hit.steps ?? [hit]) if (word >= 0) isUsed[word] = 1
  }
  return { score: scoreOf(prepared, tokens, hits), hits }
}

function hitToken({ words, fields, letters, initials }: Prepared, token: Token, isUsed: Uint8Array, last: number) {
  if (token.isSigns) return hitSigns(token.text, fields[0]?.text ?? '')
  let best = -1
  let bestValue = 0
  let bestScore = 0
  for (let at = 0; at < words.length; at++) {
    const { id, weight } = words[at] as Word
    const score = token.hits.scores[id] ?? 0
    if (score === 0) continue
    const value = score * weight + (at === last + 1 ? adjacent : 0) - (isUsed[at] === 1 ? reused : 0)
    if (best >= 0 && value <= bestValue) continue
    best = at
    bestValue = value
    bestScore = score * weight
  }
  const kind = token.hits.kinds[words[best]?.id ?? -1]
  const found: TokenHit | null = kind === undefined ? null : { kind, score: bestScore, word: best }
  const isWhole = (token.letters & ~letters) === 0
  if (!isWhole || kind === 'exact' || (kind === 'prefix' && bestValue === bestScore)) return found
  const walked = walkFields(words, token, initials)
  if (walked !== null && (found === null || walked.score > bestValue)) return walked
  return found ?? hitScattered(token.text, fields[0]?.text ?? '', words)
}

function walkFields(words: readonly Word[], { text }: Token, initials: number): TokenHit | null {
  const first = text.charCodeAt(0)
  if (first >= 97 && first <= 122 && (initials & (1 << (first - 97))) === 0) return null
  let best: TokenHit | null = null
  for (let from = 0; from < words.length;) {
    const { field, weight } = words[from] as Word
    let to = from
    while (words[to]?.field === field) to++
    const walk = findWalk(text, words.slice(from, to))
    if (walk !== null && walk.score * weight > (best?.score ?? 0)) {
      const offset = from
      const steps = walk.steps.map(({ word, length }) => ({ word: word + offset, length }))
      const average = steps.reduce((sum, { word }) => sum + (words[word]?.weight ?? 0), 0) / steps.length
      best = { kind: 'walk', score: walk.score * average, word: steps[0]?.word ?? -1, steps }
    }
    from = to
  }
  return best
}

/** Letters in their order from the beginning of a word of the title, wherever; the last resort, and not over a long way. */
function hitScattered(text: string, title: string, words: readonly Word[]): TokenHit | null {
  for (const [index, { start, field }] of words.entries()) {
    if (field !== 0) break
    if (title[start] !== text[0]) continue
    const places = placesInOrder(text, title, start)
    const end = places.at(-1) ?? -1
    if (text.length < 2 || places.includes(-1) || end - start > longestScatter) continue
    return {
      kind: 'scattered',
      score: scatteredScore * (text.length / (end - start + 1)) + 0.1,
      word: index,
      at: start,
    }
  }
  return null
}

function hitSigns(text: string, title: string): TokenHit | null {
  const at = title.indexOf(text)
  return at < 0 ? null : { kind: 'signs', score: signsScore, word: -1, at }
}

// --- Score ------------------------------------------------------------------------------------------------------------

function scoreOf({ words, titleWords, size }: Prepared, tokens: readonly Token[], hits: readonly TokenHit[]): number {
  let fit = 0
  let length = 0
  let inOrder = 0
  let before = -1
  const covered = new Float64Array(titleWords)
  for (const [at, hit] of hits.entries()) {
    const { text } = tokens[at] as Token
    fit += hit.score * text.length
    length += text.length
    if (hit.word > before) inOrder++
    before = hit.word
    const steps = hit.steps ?? [{ word: hit.word, length: Math.min(text.length, words[hit.word]?.text.length ?? 0) }]
    for (const step of steps)
      if (step.word >= 0 && step.word < titleWords) {
        const share =
          (0.5 + (0.5 * step.length) / (words[step.word]?.text.length ?? 1)) * (hit.kind === 'scattered' ? 0.5 : 1)
        covered[step.word] = Math.max(covered[step.word] ?? 0, share)
      }
  }
  let reached = 0
  for (let at = 0; at < titleWords; at++) reached += (covered[at] ?? 0) * (words[at]?.missed ?? 0)
  const label = words.findIndex(({ isCategory }) => !isCategory)
  const first = Math.min(...hits.map(({ word }) => word))
  return (
    (weights.tokens * fit) / length +
    (size === 0 ? 0 : (weights.covered * reached) / size) +
    (weights.order * inOrder) / hits.length +
    (first === 0 || first === label ? weights.start : 0)
  )
}

// --- Places -----------------------------------------------------------------------------------------------------------

/** Which characters of which folded field a token stands for, in the order of the token. */
export function placesOf(
  { words, fields }: Prepared,
  token: Token,
  hit: TokenHit,
): { field: number; places: number[] } {
  if (hit.kind === 'signs')
    return { field: 0, places: Array.from({ length: token.text.length }, (_, unit) => (hit.at ?? 0) + unit) }
  if (hit.kind === 'scattered')
    return { field: 0, places: placesInOrder(token.text, fields[0]?.text ?? '', hit.at ?? 0) }
  const word = words[hit.word]
  if (word === undefined) return { field: 0, places: [] }
  if (hit.kind !== 'walk') {
    const places = placesInWord(token.text, word.text, hit.kind)
    return { field: word.field, places: places.map((place) => word.start + place) }
  }
  const places = (hit.steps ?? []).flatMap((step) =>
    Array.from({ length: step.length }, (_, unit) => (words[step.word]?.start ?? 0) + unit),
  )
  return { field: word.field, places }
}
