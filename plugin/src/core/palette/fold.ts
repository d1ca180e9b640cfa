/**
 * Text as the matcher compares it: lower case, compatibility forms unified, diacritics dropped where they are spelling
 * aids (Latin, Greek, Cyrillic), kept where they make another letter (kana, Hangul). Each folded character knows which
 * part of the source it came from, so that what was matched can be shown in the text that a person wrote.
 */

export interface Folded {
  readonly text: string
  /** Of the folded character at the same index: where it begins and ends in the source, in UTF-16 units. */
  readonly starts: readonly number[]
  readonly ends: readonly number[]
  /** Whether it was written as a capital. */
  readonly capitals: readonly boolean[]
}

/** Letters that decomposition leaves whole. */
const spelled: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ħ: 'h',
  ı: 'i',
  ŋ: 'ng',
}

const marks = /\p{M}+/gu
const keepsMarks = /[\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u

/** Longest part of a title or description that is compared, in UTF-16 units; what stands behind it is not found. */
export const longestText = 400

export function fold(source: string): Folded {
  const starts: number[] = []
  const ends: number[] = []
  const capitals: boolean[] = []
  let text = ''
  for (let at = 0; at < source.length && at < longestText;) {
    const character = String.fromCodePoint(source.codePointAt(at) ?? 0)
    const end = at + character.length
    const folded = foldCharacter(character)
    // A combining mark belongs to what it stands on.
    if (folded === '' && ends.length > 0) ends[ends.length - 1] = end
    const isCapital = folded !== '' && character !== character.toLowerCase()
    for (let unit = 0; unit < folded.length; unit++) {
      starts.push(at)
      ends.push(end)
      capitals.push(isCapital)
    }
    text += folded
    at = end
  }
  return { text, starts, ends, capitals }
}

const known = new Map<string, string>()
const mostKnown = 4_000

function foldCharacter(character: string): string {
  if (character < '\x80') return character.toLowerCase()
  const found = known.get(character)
  if (found !== undefined) return found
  const lower = character.normalize('NFKC').toLowerCase()
  const folded = keepsMarks.test(character)
    ? lower
    : Array.from(lower.normalize('NFD').replace(marks, ''), (each) => spelled[each] ?? each).join('')
  if (known.size < mostKnown) known.set(character, folded)
  return folded
}

/** Texts with the same fold are equal to the matcher. */
export function foldText(source: string): string {
  return fold(source).text
}
