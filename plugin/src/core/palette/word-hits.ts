/** How well one typed token fits one word. A list has far fewer distinct words than words, so each is judged once. */
import { alignTypo, findTypo, mistakesIn } from './typo.ts'
import { countBits, isCjk, lettersOf, type Vocabulary } from './words.ts'

export type WordKind = 'exact' | 'prefix' | 'infix' | 'typo' | 'skeleton'

export interface WordHit {
  readonly kind: WordKind
  /** 0 to 1. */
  readonly score: number
}

/** Of a token, for every word of the vocabulary by its id; 0 where it does not fit. */
export interface WordHits {
  readonly scores: Float64Array
  readonly kinds: readonly (WordKind | undefined)[]
}

export const wordScores = {
  exact: 1,
  /** Plus up to `covered` by how much of the word is typed. */
  prefix: 0.88,
  covered: 0.1,
  typo: [0, 0.76, 0.66],
  typoOfBeginning: [0, 0.66, 0.54],
  infix: 0.58,
  cjkInfix: 0.9,
  /** Letters in their order from the first, others left out: `fwd`, `txt`. */
  skeleton: 0.46,
  /** More when only vowels are left out, as people shorten words. */
  consonants: 0.12,
  cjkSkeleton: 0.62,
} as const

export function hitWords(token: string, { words, letters }: Vocabulary): WordHits {
  const scores = new Float64Array(words.length)
  const kinds: (WordKind | undefined)[] = []
  const tokenLetters = lettersOf(token)
  const most = mistakesIn(token.length)
  for (let id = 0; id < words.length; id++) {
    if (countBits(tokenLetters & ~(letters[id] ?? 0)) > most) continue
    const hit = hitWord(token, words[id] ?? '', most)
    if (hit === null) continue
    scores[id] = hit.score
    kinds[id] = hit.kind
  }
  return { scores, kinds }
}

export function hitWord(token: string, word: string, most: number): WordHit | null {
  if (word.startsWith(token)) {
    if (word.length === token.length) return { kind: 'exact', score: wordScores.exact }
    return { kind: 'prefix', score: wordScores.prefix + (wordScores.covered * token.length) / word.length }
  }
  const cjk = isCjk(token)
  const share = token.length / word.length
  if (word.includes(token))
    return { kind: 'infix', score: (cjk ? wordScores.cjkInfix : wordScores.infix) + 0.06 * Math.min(1, share) }
  if (cjk) {
    return takesInOrder(token, word) ? { kind: 'skeleton', score: wordScores.cjkSkeleton + 0.1 * share } : null
  }
  const typo = most > 0 ? findTypo(token, word, most) : null
  if (typo !== null) {
    const scores = typo.length === word.length ? wordScores.typo : wordScores.typoOfBeginning
    // In a short word another letter makes another word.
    const short = token.length < 5 ? 0.08 : 0
    return { kind: 'typo', score: (scores[typo.mistakes] ?? 0) + 0.04 * Math.min(1, share) - short }
  }
  const quality = skeletonQuality(token, word)
  return quality === null ? null : { kind: 'skeleton', score: quality }
}

function takesInOrder(token: string, word: string): boolean {
  let at = -1
  for (const character of token) {
    at = word.indexOf(character, at + 1)
    if (at < 0) return false
  }
  return true
}

function skeletonQuality(token: string, word: string): number | null {
  if (token.length < 2 || token[0] !== word[0]) return null
  let skipped = 0
  let vowels = 0
  let at = 1
  for (let typed = 1; typed < token.length; typed++, at++) {
    for (; at < word.length && word[at] !== token[typed]; at++) {
      skipped++
      if ('aeiouy'.includes(word[at] ?? '') || word[at] === word[at - 1]) vowels++
    }
    if (at >= word.length) return null
  }
  const left = skipped === 0 ? 0 : vowels / skipped
  return wordScores.skeleton + wordScores.consonants * left + 0.1 * (token.length / word.length)
}

/** Which characters of the word the token stands for, in rising order. */
export function placesInWord(token: string, word: string, kind: WordKind): number[] {
  if (kind === 'typo') {
    const typo = findTypo(token, word, mistakesIn(token.length))
    return typo === null ? [] : alignTypo(token, word, typo)
  }
  if (kind === 'skeleton') return placesInOrder(token, word, 0)
  const from = kind === 'infix' ? word.indexOf(token) : 0
  return Array.from({ length: token.length }, (_, at) => from + at)
}

export function placesInOrder(token: string, text: string, from: number): number[] {
  let at = from - 1
  return Array.from(token, (character) => {
    at = text.indexOf(character, at + 1)
    const place = at
    at += character.length - 1
    return Array.from({ length: character.length }, (_, unit) => place + unit)
  }).flat()
}
