/**
 * The matchers that the palette is compared with. Each is given the settings its documentation names for lists like
 * this one (words in any order, letters with and without accents, other scripts), and where they differ, also as it
 * comes out of the box.
 */

export interface Peer {
  readonly name: string
  /** Titles, best first, at most 50. */
  search(query: string): string[]
}

const limit = 50

/** Peers live in bench/package.json, so that types and `npm ci` of the product know nothing of them. */
async function load<T>(name: string): Promise<T> {
  const path = Bun.resolveSync(name, new URL('..', import.meta.url).pathname)
  return (await import(path)) as T
}

export async function buildPeers(titles: readonly string[]): Promise<Peer[]> {
  return [
    await commandScore(titles),
    ...(await fzf(titles)),
    ...(await fuse(titles)),
    await fuzzysort(titles),
    ...(await ufuzzy(titles)),
  ]
}

async function commandScore(titles: readonly string[]): Promise<Peer> {
  const { default: score } = await load<{ default: (text: string, query: string) => number }>('command-score')
  return {
    name: 'command-score',
    search: (query) =>
      titles
        .map((title) => ({ title, score: score(title, query) }))
        .filter(({ score: value }) => value > 0)
        .toSorted((a, b) => b.score - a.score)
        .slice(0, limit)
        .map(({ title }) => title),
  }
}

interface FzfModule {
  Fzf: new (list: readonly string[], options: object) => { find(query: string): { item: string }[] }
  extendedMatch: unknown
  byLengthAsc: unknown
}

async function fzf(titles: readonly string[]): Promise<Peer[]> {
  const { Fzf, extendedMatch, byLengthAsc } = await load<FzfModule>('fzf')
  const peer = (name: string, options: object): Peer => {
    const finder = new Fzf(titles, { limit, ...options })
    return { name, search: (query) => finder.find(query).map(({ item }) => item) }
  }
  return [
    peer('fzf', {}),
    peer('fzf, any order', { match: extendedMatch, tiebreakers: [byLengthAsc], casing: 'case-insensitive' }),
  ]
}

type FuseClass = new (
  list: readonly string[],
  options: object,
) => { search(query: string, options: object): { item: string }[] }

async function fuse(titles: readonly string[]): Promise<Peer[]> {
  const { default: Fuse } = await load<{ default: FuseClass }>('fuse.js')
  const peer = (name: string, options: object): Peer => {
    const finder = new Fuse(titles, options)
    return { name, search: (query) => finder.search(query, { limit }).map(({ item }) => item) }
  }
  return [
    peer('fuse.js', {}),
    peer('fuse.js, anywhere', { ignoreLocation: true, ignoreDiacritics: true, threshold: 0.4 }),
  ]
}

interface FuzzysortModule {
  default: {
    go(query: string, list: readonly unknown[], options: object): { target: string }[]
    prepare(text: string): unknown
  }
}

async function fuzzysort(titles: readonly string[]): Promise<Peer> {
  const { default: sorter } = await load<FuzzysortModule>('fuzzysort')
  const prepared = titles.map((title) => sorter.prepare(title))
  return { name: 'fuzzysort', search: (query) => sorter.go(query, prepared, { limit }).map(({ target }) => target) }
}

interface UFuzzyClass {
  new (options: object): {
    search(
      list: readonly string[],
      query: string,
      outOfOrder: number,
      most: number,
    ): [number[] | null, unknown, number[] | null]
  }
  latinize<T>(text: T): T
}

async function ufuzzy(titles: readonly string[]): Promise<Peer[]> {
  const { default: UFuzzy } = await load<{ default: UFuzzyClass }>('@leeoniya/ufuzzy')
  const latin = UFuzzy.latinize([...titles])
  const peer = (name: string, options: object): Peer => {
    const finder = new UFuzzy(options)
    return {
      name,
      search(query) {
        // Up to five words in any order; up to a thousand hits are ranked.
        const [indexes, info, order] = finder.search(latin, UFuzzy.latinize([query])[0] ?? '', 5, 1_000)
        if (indexes === null) return []
        const places =
          info === null || order === null ? indexes : order.map((at) => (info as { idx: number[] }).idx[at] ?? 0)
        return places.slice(0, limit).map((at) => titles[at] ?? '')
      },
    }
  }
  const unicode = {
    unicode: true,
    interSplit: String.raw`[^\p{L}\d']+`,
    intraSplit: String.raw`\p{Ll}\p{Lu}`,
    intraBound: String.raw`\p{L}\d|\d\p{L}|\p{Ll}\p{Lu}`,
    intraChars: String.raw`[\p{L}\d']`,
    intraContr: String.raw`'\p{L}{1,2}\b`,
  }
  return [
    peer('ufuzzy', unicode),
    peer('ufuzzy, one mistake', { ...unicode, intraMode: 1, intraIns: 1, intraSub: 1, intraTrn: 1, intraDel: 1 }),
  ]
}
