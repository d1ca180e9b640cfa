/** Searches over one or several vaults, from ranked passages to what a caller is shown. */
import type { RelatedReply, SearchResult } from '@cairn/contract'
import type { NoteFilter } from '../../base/index.ts'
import {
  addSynonyms,
  addTerms,
  contextWeight,
  parseQuery,
  phraseWords,
  plainQuery,
  type SearchQuery,
} from '../ranking/query.ts'
import { defaultSettings, type NoteMeta, type RankedPassage } from '../ranking/search-index.ts'
import { plainText } from '../text/plain-text.ts'
import { eachTerm } from '../text/tokenize.ts'
import type { Passage, RetrieveRequest } from '../types.ts'
import type { Follower } from './vault-follower.ts'

export interface SearchVault {
  vault: string
  follower: Follower
  filter: NoteFilter
}

interface Found extends RankedPassage {
  vault: string
  follower: Follower
}

/** Passages whose text is looked at when an exact phrase is asked for. */
const phraseCandidates = 500
const snippetChars = 280

const mostTries = 3

/**
 * The best passages with their text, at most half of them from one note unless there are too few others. Where the store
 * has a note in a newer version than the one that was ranked, `catchUp` is awaited and they are ranked again: a note that
 * was just edited must not be missing.
 */
export async function findPassages(
  vaults: readonly SearchVault[],
  request: RetrieveRequest,
  catchUp?: () => Promise<void>,
): Promise<Passage[]> {
  for (let tries = 1; ; tries++) {
    const found = await rank(vaults, request, request.limit * 4)
    const chosen = diversify(found, request.limit)
    const texts: Texts = new Map()
    const passages = (await Promise.all(chosen.map((each) => readPassage(each, texts)))).filter(
      (passage) => passage !== null,
    )
    if (passages.length === chosen.length || !catchUp || tries === mostTries) return passages
    await catchUp()
  }
}

/** The best notes, each with its best passage. */
export async function findResults(vaults: readonly SearchVault[], request: RetrieveRequest): Promise<SearchResult[]> {
  const found = await rank(vaults, request, Math.max(200, request.limit * 10))
  const best = new Map<string, Found>()
  for (const each of found) {
    const key = `${each.vault}\n${each.note.noteId}`
    if (!best.has(key)) best.set(key, each)
    if (best.size >= request.limit) break
  }
  const asked = new Set(toQuery(request).terms.keys())
  const texts: Texts = new Map()
  const results = await Promise.all([...best.values()].map((each) => describe(each, asked, texts)))
  return results.filter((result) => result !== null)
}

/** Notes related to a note: those it links to, those that link to it, and those about the same things. */
export function findRelated(
  { index, links }: Follower,
  { vault, path, filter, limit }: { vault: string; path: string; filter: NoteFilter; limit: number },
): RelatedReply {
  const noteId = links.findByPath(path)
  if (noteId === undefined) return { results: [] }
  const found = new Map<string, { score: number; reasons: RelatedReply['results'][number]['reasons'] }>()
  const take = (id: string, score: number, reason: RelatedReply['results'][number]['reasons'][number]) => {
    const known = found.get(id) ?? { score: 0, reasons: [] }
    found.set(id, { score: known.score + score, reasons: [...known.reasons, reason] })
  }
  for (const { note, score } of index.similar(noteId, filter, limit * 3)) take(note.noteId, score, 'similar')
  for (const id of links.linksFrom(noteId)) take(id, 0.5, 'linked-from-here')
  for (const id of links.linksTo(noteId)) take(id, 0.5, 'links-here')
  const admits = index.admission(filter)
  const results = [...found].flatMap(([id, { score, reasons }]) => {
    const note = index.find(id)
    return note && admits(id) ? [{ vault, note: note.path, title: note.title, score, reasons }] : []
  })
  return { results: results.sort((a, b) => b.score - a.score || (a.note < b.note ? -1 : 1)).slice(0, limit) }
}

/** `keyword` searches for the words as they are; the other modes also for words of nearly the same meaning. */
function toQuery({ query, syntax, context, mode }: RetrieveRequest): SearchQuery {
  const parsed = syntax === 'query' ? parseQuery(query) : plainQuery(query)
  if (context !== undefined) addTerms(parsed.terms, context, contextWeight)
  return mode === 'keyword' ? parsed : addSynonyms(parsed)
}

async function rank(vaults: readonly SearchVault[], request: RetrieveRequest, limit: number): Promise<Found[]> {
  const query = toQuery(request)
  const exact = query.phrases.length > 0 || query.without.phrases.length > 0
  const found = vaults.flatMap(({ vault, follower, filter }) =>
    follower.index
      .search(query, {
        filter,
        limit: exact ? phraseCandidates : limit,
        mode: request.mode,
        forPrompt: request.forPrompt,
        settings: { ...defaultSettings, semanticWeight: request.semanticWeight ?? defaultSettings.semanticWeight },
      })
      .map((each): Found => ({ ...each, vault, follower })),
  )
  const ranked = vaults.length > 1 ? mergeVaults(found) : found
  return exact ? keepPhrases(ranked, query) : ranked
}

/**
 * Scores are scaled to the best of each vault; to compare vaults, each vault's are weighed by how good its best match
 * is as such. A vault that only shares a stray word with the question does not get its best passage on top.
 */
function mergeVaults(found: Found[]): Found[] {
  const strongest = new Map<string, number>()
  for (const { vault, strength } of found) strongest.set(vault, Math.max(strongest.get(vault) ?? 0, strength))
  const best = Math.max(...strongest.values())
  const weigh = ({ vault }: Found): number => (best > 0 ? (strongest.get(vault) as number) / best : 1)
  return found.map((each) => ({ ...each, score: each.score * weigh(each) })).sort((a, b) => b.score - a.score)
}

/** Those whose text has every phrase, word after word, and none that is excluded. */
async function keepPhrases(found: readonly Found[], query: SearchQuery): Promise<Found[]> {
  const texts: Texts = new Map()
  const kept = await Promise.all(
    found.slice(0, phraseCandidates).map(async (each) => {
      const stored = await readText(each.note, each.follower, texts)
      const words = stored ? ` ${phraseWords(plainText(stored.text.slice(each.start, each.end))).join(' ')} ` : ''
      const has = (phrase: string[]) => words.includes(` ${phrase.join(' ')} `)
      return query.phrases.every(has) && !query.without.phrases.some(has) ? each : null
    }),
  )
  return kept.filter((each) => each !== null)
}

function diversify(found: readonly Found[], limit: number): Found[] {
  const most = Math.max(2, Math.ceil(limit / 2))
  const byNote = new Map<string, number>()
  const first: Found[] = []
  const later: Found[] = []
  for (const each of found) {
    const count = (byNote.get(each.note.noteId) ?? 0) + 1
    byNote.set(each.note.noteId, count)
    ;(count <= most ? first : later).push(each)
  }
  return [...first, ...later].slice(0, limit)
}

/** Texts that one request has read already; several passages are often of one note, and a note may be large. */
type Texts = Map<string, Promise<{ text: string; version: string } | undefined>>

/** The text of the version that was ranked, or null. */
async function readText(
  { noteId, version }: NoteMeta,
  { store }: Follower,
  texts: Texts,
): Promise<{ text: string } | null> {
  const read = texts.get(noteId) ?? store.findText(noteId)
  texts.set(noteId, read)
  const stored = await read
  return stored?.version === version ? stored : null
}

/** Null when the note changed since it was ranked; the next question sees the new one. */
async function readPassage(
  { vault, follower, note, heading, start, end, score, strength }: Found,
  texts: Texts,
): Promise<Passage | null> {
  const stored = await readText(note, follower, texts)
  if (!stored) return null
  return {
    vault,
    note: note.path,
    version: note.version,
    title: note.title,
    heading: note.headings[heading] ?? note.title,
    start,
    end,
    quote: stored.text.slice(start, end),
    label: note.label,
    facts: note.judged,
    score,
    strength,
  }
}

async function describe(found: Found, asked: ReadonlySet<string>, texts: Texts): Promise<SearchResult | null> {
  const passage = await readPassage(found, texts)
  if (!passage) return null
  const { vault, note, heading, score, start, end } = passage
  return { vault, note, heading, score, start, end, snippet: cutSnippet(plainText(passage.quote), asked) }
}

/** The stretch of the text with most of the asked words in it. */
function cutSnippet(text: string, asked: ReadonlySet<string>): string {
  if (text.length <= snippetChars) return text
  const start = bestStart(text, asked)
  const end = start + snippetChars
  const space = text.lastIndexOf(' ', end)
  const cut = end >= text.length ? text.slice(start) : `${text.slice(start, space > start ? space : end)} …`
  return start > 0 ? `… ${cut}` : cut
}

/** Where a window of the snippet's size meets the most different asked words. */
function bestStart(text: string, asked: ReadonlySet<string>): number {
  const hits: { at: number; term: string }[] = []
  for (const match of text.matchAll(/[\p{L}\p{N}\p{M}]+/gu)) {
    eachTerm(match[0], (term) => {
      if (asked.has(term)) hits.push({ at: match.index, term })
    })
  }
  let best = 0
  let most = 0
  hits.forEach(({ at }, index) => {
    const seen = new Set<string>()
    for (let next = index; next < hits.length && (hits[next] as { at: number }).at < at + snippetChars - 20; next++)
      seen.add((hits[next] as { term: string }).term)
    if (seen.size > most) {
      most = seen.size
      best = at
    }
  })
  const lead = text.lastIndexOf(' ', Math.max(0, best - 40)) + 1
  return best <= 40 ? 0 : Math.min(lead, Math.max(0, text.length - snippetChars))
}
