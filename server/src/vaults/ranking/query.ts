/**
 * What a person types into search, taken apart: words, "exact phrases", and the filters `tag:`, `path:`, `before:` and
 * `after:` (a date, `2026-03-31`). A minus before a word, phrase or filter excludes it.
 */
import { synonymsOf, synonymWeight } from '../text/synonyms.ts'
import { foldWord, listTerms } from '../text/tokenize.ts'

export interface SearchQuery {
  /** Terms with their weight, in the order of the text; repeated words weigh more. */
  terms: Map<string, number>
  /** Folded words of each phrase. */
  phrases: string[][]
  tags: string[]
  paths: string[]
  without: { terms: string[]; phrases: string[][]; tags: string[]; paths: string[] }
  /** Milliseconds since 1970, the day itself left out. */
  before: number | null
  after: number | null
}

const part = /(-?)(?:(tag|path|before|after):)?(?:"([^"]*)"|(\S+))/gi
const mostTerms = 64

export function parseQuery(text: string): SearchQuery {
  const query: SearchQuery = {
    terms: new Map(),
    phrases: [],
    tags: [],
    paths: [],
    before: null,
    after: null,
    without: { terms: [], phrases: [], tags: [], paths: [] },
  }
  const words: string[] = []
  for (const [whole, minus, field, quoted, bare] of text.matchAll(part)) {
    const value = quoted ?? bare ?? ''
    const target = minus === '-' && value !== '' ? query.without : null
    if (field !== undefined && applyFilter(query, { field: field.toLowerCase(), value, target })) continue
    if (quoted !== undefined) {
      const phrase = phraseWords(quoted)
      if (phrase.length > 0) (target ?? query).phrases.push(phrase)
      if (!target) words.push(quoted)
    } else if (target && /^-\p{L}/u.test(whole)) {
      target.terms.push(...listTerms(value))
    } else {
      words.push(whole)
    }
  }
  addTerms(query.terms, words.join(' '), 1)
  return query
}

/** Weight of a word of the conversation before a follow-up question. */
export const contextWeight = 0.4

/** A question: all of it words. */
export function plainQuery(text: string): SearchQuery {
  const query = parseQuery('')
  addTerms(query.terms, text, 1)
  return query
}

/** Adds words that mean nearly the same as those asked for, at a fraction of their weight. */
export function addSynonyms(query: SearchQuery): SearchQuery {
  const asked = Array.from(query.terms)
  for (const [term, weight] of asked) {
    for (const other of synonymsOf(term)) if (!query.terms.has(other)) query.terms.set(other, weight * synonymWeight)
  }
  return query
}

/** Adds a text's terms to a weighted set, up to a bound on their number. */
export function addTerms(terms: Map<string, number>, text: string, weight: number): void {
  for (const term of listTerms(text)) {
    if (terms.size < mostTerms || terms.has(term)) terms.set(term, (terms.get(term) ?? 0) + weight)
  }
}

/** Runs of letters and digits, folded; the same cut as the text is compared by. */
export function phraseWords(text: string): string[] {
  return (text.match(/[\p{L}\p{N}\p{M}]+/gu) ?? []).map(foldWord).filter((word) => word !== '')
}

interface Filter {
  field: string
  value: string
  target: SearchQuery['without'] | null
}

/** True when the words were a filter. A date that is none is searched as words. */
function applyFilter(query: SearchQuery, { field, value, target }: Filter): boolean {
  if (value === '') return false
  if (field === 'tag') (target ?? query).tags.push(value.replace(/^#/, '').toLowerCase().normalize('NFC'))
  else if (field === 'path') (target ?? query).paths.push(value.toLowerCase().normalize('NFC'))
  else {
    const match = /^(\d{4})-(\d{2})(?:-(\d{2}))?$/.exec(value)
    if (!match) return false
    query[field === 'before' ? 'before' : 'after'] = Date.UTC(
      Number(match[1]),
      Number(match[2]) - 1,
      Number(match[3] ?? 1),
    )
  }
  return true
}
