/**
 * The libraries that search is compared with, each given the best settings known for it: our stemmer and stop words
 * where it takes them, and as it comes out of the box.
 */
import { Database } from 'bun:sqlite'
import { stopWords } from '../../server/src/vaults/text/stop-words.ts'
import { eachTerm, foldWord, listTerms, stemOf } from '../../server/src/vaults/text/tokenize.ts'
import type { Document } from './collection.ts'

export interface Peer {
  readonly name: string
  /** Document ids, best first, at most 100. */
  search(query: string): string[] | Promise<string[]>
}

type MiniSearchClass = new (options: Record<string, unknown>) => {
  addAll(documents: readonly object[]): void
  search(query: string, options?: Record<string, unknown>): { id: string }[]
}

interface OramaModule {
  create(options: Record<string, unknown>): unknown
  insertMultiple(database: unknown, documents: readonly object[], batch?: number): Promise<unknown>
  search(database: unknown, options: Record<string, unknown>): Promise<{ hits: { document: { key: string } }[] }>
}

/** Peers live in bench/package.json, so that types and `npm ci` of the product know nothing of them. */
async function load<T>(name: string): Promise<T> {
  const path = Bun.resolveSync(name, new URL('..', import.meta.url).pathname)
  return (await import(path)) as T
}

export async function buildPeers(documents: readonly Document[]): Promise<Peer[]> {
  return [await miniSearchTuned(documents), await miniSearchDefault(documents), await orama(documents), fts5(documents)]
}

async function miniSearchDefault(documents: readonly Document[]): Promise<Peer> {
  const { default: MiniSearch } = await load<{ default: MiniSearchClass }>('minisearch')
  const index = new MiniSearch({ fields: ['title', 'text'], storeFields: [] })
  index.addAll(documents)
  return {
    name: 'minisearch',
    search: (query) =>
      index
        .search(query)
        .slice(0, 100)
        .map(({ id }) => id),
  }
}

async function miniSearchTuned(documents: readonly Document[]): Promise<Peer> {
  const { default: MiniSearch } = await load<{ default: MiniSearchClass }>('minisearch')
  const processTerm = (term: string): string | null => {
    const folded = foldWord(term)
    return stopWords.has(folded) ? null : stemOf(folded)
  }
  const index = new MiniSearch({
    fields: ['title', 'text'],
    storeFields: [],
    processTerm,
    searchOptions: { bm25: { k: 0.9, b: 0.4, d: 0 } },
  })
  index.addAll(documents)
  return {
    name: 'minisearch tuned',
    search: (query) =>
      index
        .search(query)
        .slice(0, 100)
        .map(({ id }) => id),
  }
}

async function orama(documents: readonly Document[]): Promise<Peer> {
  const { create, insertMultiple, search } = await load<OramaModule>('@orama/orama')
  const database = create({
    schema: { key: 'string', title: 'string', text: 'string' },
    components: { tokenizer: { language: 'english', normalizationCache: new Map(), tokenize: listTerms } },
  })
  await insertMultiple(
    database,
    documents.map(({ id, title, text }) => ({ key: id, title, text })),
    1_000,
  )
  return {
    name: 'orama tuned',
    async search(query) {
      const { hits } = await search(database, {
        term: listTerms(query).join(' '),
        properties: ['title', 'text'],
        limit: 100,
        relevance: { k: 0.9, b: 0.4, d: 0 },
      })
      return hits.map(({ document }) => document.key)
    },
  }
}

function fts5(documents: readonly Document[]): Peer {
  const database = new Database(':memory:')
  database.run("CREATE VIRTUAL TABLE notes USING fts5(key UNINDEXED, title, text, tokenize = 'porter unicode61')")
  const insert = database.prepare('INSERT INTO notes VALUES (?, ?, ?)')
  database.transaction(() => {
    for (const { id, title, text } of documents) insert.run(id, title, text)
  })()
  const select = database.prepare('SELECT key FROM notes WHERE notes MATCH ? ORDER BY bm25(notes) LIMIT 100')
  return {
    name: 'sqlite fts5',
    search(query) {
      const words = new Set<string>()
      for (const word of query.match(/[\p{L}\p{N}]+/gu) ?? []) eachTerm(word, () => words.add(word.toLowerCase()))
      if (words.size === 0) return []
      return (select.all([...words].map((word) => `"${word}"`).join(' OR ')) as { key: string }[]).map(({ key }) => key)
    },
  }
}
