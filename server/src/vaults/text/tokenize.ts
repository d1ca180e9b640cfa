/**
 * Text to terms. A term is a run of letters and digits, small, without accents, stemmed as English; scripts without
 * spaces (Chinese, Japanese, Korean) become overlapping pairs of characters. The same function serves notes and
 * questions, so that they meet.
 */
import { stem } from './porter.ts'
import { stopWords } from './stop-words.ts'

const word = /[\p{L}\p{N}\p{M}]+(?:['’][\p{L}]+)?/gu
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー]+/gu
const hasUnspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u
const plainWord = /^[a-z0-9]+$/

/** Longest run of letters that is a term; a longer one (encoded data) is cut. */
const longestTerm = 40

const stems = new Map<string, string>()

/** Small letters, no accents, `ß` as `ss`, apostrophe and what follows it dropped. Not stemmed. */
export function foldWord(raw: string): string {
  const lower = raw.toLowerCase()
  if (plainWord.test(lower)) return lower
  return lower
    .replace(/['’].*$/u, '')
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replaceAll('ß', 'ss')
}

/** Calls back with each term of the text, stop words left out. */
export function eachTerm(text: string, take: (term: string) => void): void {
  for (const match of text.match(word) ?? []) {
    if (hasUnspaced.test(match)) takeUnspaced(match, take)
    else takeWord(match, take)
  }
}

export function listTerms(text: string): string[] {
  const terms: string[] = []
  eachTerm(text, (term) => terms.push(term))
  return terms
}

/** How long a text is in words; two characters of an unspaced script count as one. */
export function countWords(text: string): number {
  let count = 0
  for (const match of text.match(word) ?? []) count += hasUnspaced.test(match) ? Math.ceil(match.length / 2) : 1
  return count
}

/** The stem of a folded word, remembered: a vault repeats its words. */
export function stemOf(folded: string): string {
  let known = stems.get(folded)
  if (known === undefined) {
    known = stem(folded)
    if (stems.size > 200_000) stems.clear()
    stems.set(folded, known)
  }
  return known
}

function takeWord(raw: string, take: (term: string) => void): void {
  const folded = foldWord(raw)
  if (folded.length === 0 || stopWords.has(folded)) return
  take(stemOf(folded.length > longestTerm ? folded.slice(0, longestTerm) : folded))
}

function takeUnspaced(mixed: string, take: (term: string) => void): void {
  let end = 0
  for (const match of mixed.matchAll(unspaced)) {
    if (match.index > end) takeWord(mixed.slice(end, match.index), take)
    const run = Array.from(match[0].normalize('NFKC'))
    if (run.length === 1) take(run[0] as string)
    for (let at = 0; at + 1 < run.length; at++) take(`${run[at]}${run[at + 1]}`)
    end = match.index + match[0].length
  }
  if (end < mixed.length) takeWord(mixed.slice(end), take)
}
