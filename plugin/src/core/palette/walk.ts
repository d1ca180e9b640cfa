/**
 * A token that runs over several words: beginnings of words in their order, without spaces. `ffc` and `frefir` both walk
 * through *Freeze First Column*. Of all walks the one with the fewest words and the fewest left out is taken, by dynamic
 * programming over (characters used, last word).
 */
import { isSmall, type Word } from './words.ts'

export interface Walk {
  readonly score: number
  /** Index among the words that were given, and how many of its characters. */
  readonly steps: readonly { readonly word: number; readonly length: number }[]
}

const longestToken = 32
const mostWords = 24
const columns = mostWords + 1
/** Cheapest way to have used so many characters with this word last; where it came from. */
const costs = new Float64Array((longestToken + 1) * columns)
const froms = new Int16Array((longestToken + 1) * columns)

const stepCost = 1
const skipCost = 1.4
const smallSkipCost = 0.3
const lateCost = 0.2

/** `words` are those of one field. Null when the token cannot be walked in at least two steps. */
export function findWalk(token: string, words: readonly Word[]): Walk | null {
  const count = Math.min(words.length, mostWords)
  if (token.length < 2 || token.length > longestToken || count < 2) return null
  costs.fill(Number.POSITIVE_INFINITY, 0, (token.length + 1) * columns)
  for (let at = 0; at < token.length; at++) {
    for (let word = 0; word < count; word++) tryWord(token, words, at, word)
  }
  let last = -1
  const row = token.length * columns
  for (let word = 0; word < count; word++)
    if ((costs[row + word] ?? 0) < (last < 0 ? Number.POSITIVE_INFINITY : (costs[row + last] ?? 0))) last = word
  if (last < 0) return null
  const steps = traceBack(token.length, last)
  return steps.length < 2 ? null : { steps, score: judge(token, words, steps) }
}

/** Uses beginnings of this word for what comes after the first `at` characters. */
function tryWord(token: string, words: readonly Word[], at: number, word: number): void {
  const text = words[word]?.text ?? ''
  if (text[0] !== token[at]) return
  let cost = at === 0 ? Math.min(1, word * lateCost) : Number.POSITIVE_INFINITY
  let from = -1
  let skipped = 0
  for (let before = word - 1; at > 0 && before >= 0; before--) {
    const there = (costs[at * columns + before] ?? 0) + skipped
    if (there < cost) {
      cost = there
      from = before
    }
    skipped += isSmall(words[before]?.text ?? '') ? smallSkipCost : skipCost
  }
  if (cost === Number.POSITIVE_INFINITY) return
  for (let length = 1; length <= text.length && text[length - 1] === token[at + length - 1]; length++) {
    const cell = (at + length) * columns + word
    if (cost + stepCost >= (costs[cell] ?? 0)) continue
    costs[cell] = cost + stepCost
    froms[cell] = from * (longestToken + 1) + length
  }
}

function traceBack(used: number, last: number): Walk['steps'] {
  const steps: { word: number; length: number }[] = []
  for (let at = used, word = last; at > 0 && word >= 0;) {
    const packed = froms[at * columns + word] ?? 0
    const before = Math.floor(packed / (longestToken + 1))
    const length = packed - before * (longestToken + 1)
    steps.push({ word, length })
    at -= length
    word = before
  }
  return steps.toReversed()
}

function judge(token: string, words: readonly Word[], steps: Walk['steps']): number {
  let skipped = 0
  let covered = 0
  for (const [at, { word, length }] of steps.entries()) {
    covered += length / (words[word]?.text.length ?? 1)
    const before = steps[at - 1]?.word ?? word - 1
    for (let between = before + 1; between < word; between++) skipped += isSmall(words[between]?.text ?? '') ? 0.3 : 1
  }
  const isInitials = token.length === steps.length
  // Initials of a whole title are no accident; two letters may well be.
  const whole = steps.length >= 3 && steps.length === words.length - firstLabel(words) ? 0.06 : 0
  const base = isInitials ? Math.min(0.84, 0.66 + 0.06 * steps.length) + whole : 0.78
  return Math.max(0.2, base + (isInitials ? 0 : (0.14 * covered) / steps.length) - 0.1 * skipped)
}

/** What stands before a title's colon need not be typed. */
function firstLabel(words: readonly Word[]): number {
  const at = words.findIndex(({ isCategory }) => !isCategory)
  return Math.max(0, at)
}
