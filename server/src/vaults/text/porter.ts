/**
 * Porter's stemmer for English: M. F. Porter, “An algorithm for suffix stripping”, Program 14 (1980), pages 130–137,
 * with the two departures of his own later program (`bli` → `ble`, `logi` → `log`). Words of letters a–z only; others
 * come back as they are.
 */

const vowelInside = /[aeiou]|[^aeiou]y/

/** The number of vowel–consonant sequences in a stem: [C](VC)^m[V]. */
function measure(word: string): number {
  let count = 0
  let previousVowel = false
  for (let at = 0; at < word.length; at++) {
    const vowel = isVowel(word, at, previousVowel)
    if (previousVowel && !vowel) count++
    previousVowel = vowel
  }
  return count
}

function isVowel(word: string, at: number, previousVowel: boolean): boolean {
  switch (word.charCodeAt(at)) {
    case 97:
    case 101:
    case 105:
    case 111:
    case 117:
      return true
    case 121:
      return at > 0 && !previousVowel
    default:
      return false
  }
}

function hasVowel(word: string): boolean {
  return vowelInside.test(word)
}

function endsDoubleConsonant(word: string): boolean {
  const last = word.at(-1) as string
  return word.length > 1 && last === word.at(-2) && !'aeiou'.includes(last) && last !== 'y'
}

/** Consonant, vowel, consonant at the end, the last not w, x or y: a stem that takes an `e`. */
function endsShort(word: string): boolean {
  return /[^aeiou][aeiouy][^aeiouwxy]$/.test(word)
}

const step2: readonly (readonly [string, string])[] = [
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['izer', 'ize'],
  ['bli', 'ble'],
  ['alli', 'al'],
  ['entli', 'ent'],
  ['eli', 'e'],
  ['ousli', 'ous'],
  ['ization', 'ize'],
  ['ation', 'ate'],
  ['ator', 'ate'],
  ['alism', 'al'],
  ['iveness', 'ive'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['aliti', 'al'],
  ['iviti', 'ive'],
  ['biliti', 'ble'],
  ['logi', 'log'],
]

const step3: readonly (readonly [string, string])[] = [
  ['icate', 'ic'],
  ['ative', ''],
  ['alize', 'al'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
]

const step4 = [
  'al',
  'ance',
  'ence',
  'er',
  'ic',
  'able',
  'ible',
  'ant',
  'ement',
  'ment',
  'ent',
  'ion',
  'ou',
  'ism',
  'ate',
  'iti',
  'ous',
  'ive',
  'ize',
].toSorted((a, b) => b.length - a.length)

const longestFirst = (pairs: readonly (readonly [string, string])[]) =>
  pairs.toSorted((a, b) => b[0].length - a[0].length)
const step2ByLength = longestFirst(step2)
const step3ByLength = longestFirst(step3)

export function stem(word: string): string {
  if (word.length < 3 || !/^[a-z]+$/.test(word)) return word
  return stripFinal(
    stripStep4(replaceSuffix(replaceSuffix(stripY(stripPast(stripPlural(word))), step2ByLength), step3ByLength)),
  )
}

function stripPlural(word: string): string {
  if (word.endsWith('sses') || word.endsWith('ies')) return word.slice(0, -2)
  return word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word
}

function stripPast(word: string): string {
  if (word.endsWith('eed')) return measure(word.slice(0, -3)) > 0 ? word.slice(0, -1) : word
  const suffix = word.endsWith('ed') ? 2 : word.endsWith('ing') ? 3 : 0
  const rest = word.slice(0, word.length - suffix)
  if (suffix === 0 || !hasVowel(rest)) return word
  if (/(?:at|bl|iz)$/.test(rest)) return `${rest}e`
  if (endsDoubleConsonant(rest) && !/[lsz]$/.test(rest)) return rest.slice(0, -1)
  return measure(rest) === 1 && endsShort(rest) ? `${rest}e` : rest
}

function stripY(word: string): string {
  return word.endsWith('y') && hasVowel(word.slice(0, -1)) ? `${word.slice(0, -1)}i` : word
}

function replaceSuffix(word: string, pairs: readonly (readonly [string, string])[]): string {
  for (const [suffix, replacement] of pairs) {
    if (!word.endsWith(suffix)) continue
    const rest = word.slice(0, -suffix.length)
    return measure(rest) > 0 ? rest + replacement : word
  }
  return word
}

function stripStep4(word: string): string {
  for (const suffix of step4) {
    if (!word.endsWith(suffix)) continue
    const rest = word.slice(0, -suffix.length)
    if (suffix === 'ion' && !/[st]$/.test(rest)) return word
    return measure(rest) > 1 ? rest : word
  }
  return word
}

function stripFinal(word: string): string {
  let result = word
  if (result.endsWith('e')) {
    const rest = result.slice(0, -1)
    const size = measure(rest)
    if (size > 1 || (size === 1 && !endsShort(rest))) result = rest
  }
  return result.endsWith('ll') && measure(result) > 1 ? result.slice(0, -1) : result
}
