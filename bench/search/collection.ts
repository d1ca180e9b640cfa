/** A retrieval collection as a vault: each document a note, through the shipped parser, chunker, index and search. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SearchMode } from '@cairn/contract'
import { chunkNote } from '../../server/src/vaults/notes/chunk.ts'
import { parseNote } from '../../server/src/vaults/notes/parse-note.ts'
import { addSynonyms, addTerms, contextWeight, plainQuery } from '../../server/src/vaults/ranking/query.ts'
import { embed, trainLsa, type TermRow } from '../../server/src/vaults/ranking/lsa.ts'
import { extractTerms, packTerms } from '../../server/src/vaults/ranking/note-terms.ts'
import { SearchIndex, type SearchSettings } from '../../server/src/vaults/ranking/search-index.ts'
import { packVectors } from '../../server/src/vaults/ranking/vector-index.ts'
import type { Passage } from '../../server/src/vaults/types.ts'

export interface Document {
  id: string
  title: string
  text: string
}

export interface Judged {
  id: string
  text: string
  /** Document id to grade. */
  relevant: Map<string, number>
}

export interface Collection {
  name: string
  documents: Document[]
  queries: Judged[]
}

const lines = (path: string): Record<string, unknown>[] =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

export function readCollection(folder: string, name: string): Collection {
  const relevant = new Map<string, Map<string, number>>()
  for (const line of readFileSync(join(folder, name, 'qrels.tsv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)) {
    const [query, document, grade] = line.split('\t') as [string, string, string]
    relevant.set(query, (relevant.get(query) ?? new Map<string, number>()).set(document, Number(grade)))
  }
  return {
    name,
    documents: lines(join(folder, name, 'corpus.jsonl')).map((each) => ({
      id: String(each['_id']),
      title: typeof each['title'] === 'string' ? each['title'] : '',
      text: String(each['text']).replaceAll('\n', ' '),
    })),
    queries: lines(join(folder, name, 'queries.jsonl')).flatMap((each) => {
      const grades = relevant.get(String(each['_id']))
      return grades ? [{ id: String(each['_id']), text: String(each['text']), relevant: grades }] : []
    }),
  }
}

export interface BuiltCollection {
  index: SearchIndex
  /** Document ids, best first. */
  search(query: string, mode: SearchMode, settings?: SearchSettings): string[]
  /** As the server retrieves for a question, with the words of the conversation before it. */
  passages(query: string, limit: number, context?: string): Passage[]
}

function noteOf(id: string, title: string) {
  const judged = { path: id, tags: [], label: 'internal' as const }
  return {
    noteId: id,
    path: id,
    version: '',
    title,
    tags: [],
    label: judged.label,
    judged,
    ai: true,
    date: 0,
    headings: [title],
  }
}

export function buildCollection({ documents }: Collection): BuiltCollection {
  const index = new SearchIndex()
  const texts = new Map<string, string>()
  const rows: TermRow[] = []
  const byNote = new Map<string, TermRow[]>()
  for (const { id, title, text } of documents) {
    const full = title === '' ? text : `# ${title}\n\n${text}`
    const note = { ...parseNote(`${id}.md`, full), title }
    const terms = extractTerms(full, note, chunkNote(full, note))
    texts.set(id, full)
    index.upsert(
      noteOf(id, title),
      packTerms(terms, (term) => index.dictionary.idOf(term)),
    )
    const own = terms.map(({ counts }) => ({
      ids: Array.from(counts.keys(), (term) => index.dictionary.idOf(term)),
      counts: Array.from(counts.values(), (count) => Math.max(1, count / 4)),
    }))
    byNote.set(id, own)
    rows.push(...own)
  }
  const model = trainLsa(rows, 128)
  index.setModel(1, model)
  if (model)
    for (const [id, own] of byNote)
      index.setVectors(
        id,
        packVectors(
          own.map(({ ids, counts }) => embed(model, ids, counts)),
          model.dimensions,
        ),
      )
  const toQuery = (text: string, mode: SearchMode, context = '') => {
    const query = plainQuery(text)
    addTerms(query.terms, context, contextWeight)
    return mode === 'keyword' ? query : addSynonyms(query)
  }
  return {
    index,
    search(text, mode, settings) {
      const options = { filter: { kind: 'all' }, limit: 100, mode, forPrompt: true } as const
      const found = index.search(toQuery(text, mode), settings ? { ...options, settings } : options)
      return [...new Set(found.map(({ note }) => note.noteId))]
    },
    passages: (text, limit, context) =>
      index
        .search(toQuery(text, 'hybrid', context), { filter: { kind: 'all' }, limit, mode: 'hybrid', forPrompt: true })
        .map(({ note, start, end, score, strength }) => ({
          vault: 'collection',
          note: note.noteId,
          version: '',
          title: note.title,
          heading: note.title,
          start,
          end,
          quote: texts.get(note.noteId)?.slice(start, end) ?? '',
          label: 'internal',
          facts: { tags: [], label: 'internal' },
          score,
          strength,
        })),
  }
}

/** Normalised discounted cumulative gain of the first ten, with graded relevance as gain. */
export function ndcg10(ranked: readonly string[], relevant: ReadonlyMap<string, number>): number {
  const gain = (grades: readonly number[]) =>
    grades.slice(0, 10).reduce((sum, grade, rank) => sum + grade / Math.log2(rank + 2), 0)
  const ideal = gain([...relevant.values()].sort((a, b) => b - a))
  return ideal === 0 ? 0 : gain(ranked.map((id) => relevant.get(id) ?? 0)) / ideal
}
