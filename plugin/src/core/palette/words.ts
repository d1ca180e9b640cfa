/**
 * A command as the matcher sees it: its title, other names and description as words. A word begins after a separator, at
 * a capital inside a name (`AutoFilter`, `XMLSource`) and where CJK text meets other letters; CJK text itself is one
 * word, which is searched by character.
 */
import { fold, type Folded } from './fold.ts'

export interface Command {
  readonly id: string
  /** As in Obsidian: `Plugin: What it does`, or without the first part. */
  readonly title: string
  readonly aliases?: readonly string[]
  readonly description?: string
}

export interface Word {
  /** In the vocabulary. */
  readonly id: number
  readonly text: string
  /** Where it begins in the folded field. */
  readonly start: number
  readonly field: number
  /** How much a hit on it counts, 0 to 1. */
  readonly weight: number
  /** How much it counts that it is not hit, 0 to 1. */
  readonly missed: number
  /** Stands before the title’s colon. */
  readonly isCategory: boolean
}

export interface Prepared {
  readonly command: Command
  /** Place in the list that was given. */
  readonly index: number
  /** Title first, then aliases, then the description. */
  readonly fields: readonly Folded[]
  readonly words: readonly Word[]
  /** How many of the first words are the title’s. */
  readonly titleWords: number
  /** Sum of `missed` over the title’s words. */
  readonly size: number
  readonly letters: number
  readonly initials: number
}

/** All distinct words of a list of commands, so that each is compared once with what was typed. */
export interface Vocabulary {
  readonly ids: Map<string, number>
  readonly words: string[]
  readonly letters: number[]
}

export const newVocabulary = (): Vocabulary => ({ ids: new Map(), words: [], letters: [] })

/** Little words of titles in the languages Obsidian is used in most; leaving them out costs little. */
const smallWords = new Set(
  'a an the of to in on at by for from with and or as is de la le les du des un une et en au aux der die das und zu im von el los y del'.split(
    ' ',
  ),
)

const mostAliases = 16
const mostWords = 48
const weights = { title: 1, category: 0.93, alias: 0.88, description: 0.6 } as const

export function prepare(command: Command, index: number, vocabulary: Vocabulary): Prepared {
  const title = fold(command.title)
  const fields = [title, ...(command.aliases ?? []).slice(0, mostAliases).map(fold), fold(command.description ?? '')]
  const words: Word[] = []
  const colon = title.text.indexOf(': ')
  let titleWords = 0
  for (const [field, folded] of fields.entries()) {
    for (const { start, end } of splitWords(folded)) {
      if (words.length === mostWords) break
      const text = folded.text.slice(start, end)
      const isCategory = field === 0 && start < colon
      const weight = weightOf(field, fields.length, isCategory)
      const missed = smallWords.has(text) ? 0.25 : isCategory ? 0.35 : 1
      words.push({ id: idOf(vocabulary, text), text, start, field, weight, missed, isCategory })
    }
    if (field === 0) titleWords = words.length
  }
  return {
    command,
    index,
    fields,
    words,
    titleWords,
    size: words.slice(0, titleWords).reduce((sum, { missed }) => sum + missed, 0),
    letters: lettersOf(fields.map(({ text }) => text).join(' ')),
    initials: lettersOf(words.map(({ text }) => text[0] ?? '').join('')),
  }
}

function weightOf(field: number, fields: number, isCategory: boolean): number {
  if (field === 0) return isCategory ? weights.category : weights.title
  return field === fields - 1 ? weights.description : weights.alias
}

export const isSmall = (text: string): boolean => smallWords.has(text)

function idOf({ ids, words, letters }: Vocabulary, text: string): number {
  const found = ids.get(text)
  if (found !== undefined) return found
  ids.set(text, words.length)
  words.push(text)
  letters.push(lettersOf(text))
  return words.length - 1
}

// --- Words of a text --------------------------------------------------------------------------------------------------

const wordCharacter = /[\p{L}\p{N}\p{M}]/u
const cjk = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー々]/u

export const isCjk = (text: string): boolean => cjk.test(text)

const kinds = new Map<string, 'none' | 'letter' | 'cjk'>()

function kindOf(character: string): 'none' | 'letter' | 'cjk' {
  const found = kinds.get(character)
  if (found !== undefined) return found
  const kind = !wordCharacter.test(character) ? 'none' : cjk.test(character) ? 'cjk' : 'letter'
  if (kinds.size < 4_000) kinds.set(character, kind)
  return kind
}

/** Beginnings and ends of the words in the folded text. */
export function splitWords({ text, capitals }: Folded): { start: number; end: number }[] {
  const words: { start: number; end: number }[] = []
  let start = -1
  let before: 'none' | 'letter' | 'cjk' = 'none'
  for (let at = 0; at <= text.length;) {
    const character = at < text.length ? String.fromCodePoint(text.codePointAt(at) ?? 0) : ''
    const kind = character === '' ? 'none' : kindOf(character)
    const begins = kind !== before || (kind === 'letter' && isHump(capitals, at))
    if (begins && start >= 0) words.push({ start, end: at })
    if (begins) start = kind === 'none' ? -1 : at
    before = kind
    at += character.length || 1
  }
  return words
}

/** A capital after a small letter, or the last of several capitals before a small letter. */
function isHump(capitals: readonly boolean[], at: number): boolean {
  if (at === 0 || capitals[at] !== true) return false
  return capitals[at - 1] !== true || capitals[at + 1] === false
}

/** A bit for each letter and digit that occurs; others share the last bits. A quick way to say what cannot match. */
export function lettersOf(text: string): number {
  let bits = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit >= 97 && unit <= 122) bits |= 1 << (unit - 97)
    else if (unit >= 48 && unit <= 57) bits |= 1 << 26
    else if (unit > 127) bits |= 1 << (27 + (unit % 5))
  }
  return bits
}

export function countBits(bits: number): number {
  let count = 0
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++
  return count
}
