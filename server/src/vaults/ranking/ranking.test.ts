import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { everyPath, folderRange, someNotes, unite, type NoteFilter } from '../../base/index.ts'
import { LexicalIndex } from './lexical-index.ts'
import { embed, trainLsa, type TermRow } from './lsa.ts'
import { packTerms, readPacked, type PassageTerms } from './note-terms.ts'
import { addSynonyms, parseQuery, plainQuery } from './query.ts'
import { SearchIndex, type NoteMeta } from './search-index.ts'
import { TermDictionary } from './term-dictionary.ts'
import { packVectors, VectorIndex } from './vector-index.ts'

/** A note as a list of passages, each a list of words. */
type Words = readonly (readonly string[])[]

function toPassages(words: Words): PassageTerms[] {
  return words.map((list, index) => {
    const counts = new Map<string, number>()
    for (const word of list) counts.set(word, (counts.get(word) ?? 0) + 4)
    return { start: index * 100, end: index * 100 + 50, heading: -1, length: list.length, counts }
  })
}

const everyone = (notes: number) => new Uint8Array(notes).fill(1)

const word = fc.constantFrom('ant', 'bee', 'cat', 'dog', 'elk', 'fox', 'gnu', 'hen')
const note = fc.array(fc.array(word, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 })

/** BM25 as the formula says, without an index. */
function naiveBm25(documents: readonly (readonly string[])[], query: readonly string[]): number[] {
  const lengths = documents.map((document) => document.length)
  const mean = lengths.reduce((sum, length) => sum + length, 0) / documents.length
  return documents.map((document, index) =>
    query.reduce((sum, term) => {
      const frequency = documents.filter((each) => each.includes(term)).length
      const count = document.filter((each) => each === term).length
      const idf = Math.log(1 + (documents.length - frequency + 0.5) / (frequency + 0.5))
      return (
        sum +
        (count === 0 ? 0 : (idf * 1.9 * count) / (count + 0.9 * (0.6 + (0.4 * (lengths[index] as number)) / mean)))
      )
    }, 0),
  )
}

describe('LexicalIndex', () => {
  test('scores passages and notes as BM25 says, whatever was added and removed before, packed or not', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ words: note, remove: fc.boolean() }), { minLength: 2, maxLength: 12 }),
        fc.uniqueArray(word, { minLength: 1, maxLength: 3 }),
        (entries, query) => {
          const dictionary = new TermDictionary()
          const index = new LexicalIndex()
          const numbers = entries.map(({ words }) =>
            index.add(packTerms(toPassages(words), (term) => dictionary.idOf(term))),
          )
          entries.forEach(({ remove }, at) => remove && index.remove(numbers[at] as number))
          const kept = entries.filter(({ remove }) => !remove)
          const terms = query.flatMap((term) => dictionary.find(term) ?? []).map((id) => ({ id, weight: 1 }))
          const { passages, notes } = index.score(
            terms,
            Uint8Array.from(entries, ({ remove }) => (remove ? 0 : 1)),
          )
          const expectedPassages = naiveBm25(
            kept.flatMap(({ words }) => words),
            query,
          )
          const expectedNotes = naiveBm25(
            kept.map(({ words }) => words.flat()),
            query,
          )
          let passage = 0
          kept.forEach(({ words }, at) => {
            const number = numbers[entries.indexOf(kept[at] as (typeof kept)[number])] as number
            expect(notes[number]).toBeCloseTo(expectedNotes[at] as number, 3)
            words.forEach((_, offset) =>
              expect(passages[(index.first[number] as number) + offset]).toBeCloseTo(
                expectedPassages[passage++] as number,
                3,
              ),
            )
          })
          entries.forEach(({ remove }, at) => remove && expect(notes[numbers[at] as number]).toBe(0))
        },
      ),
    )
  })

  test('gives the same scores after packing as before', () => {
    const dictionary = new TermDictionary()
    const build = (extra: number) => {
      const index = new LexicalIndex()
      const add = (words: Words) => index.add(packTerms(toPassages(words), (term) => dictionary.idOf(term)))
      for (let at = 0; at < 200; at++) add([[`w${at % 17}`, `w${at % 5}`, 'all']])
      for (let at = 0; at < extra; at++) index.remove(add([Array.from({ length: 40 }, (_, each) => `x${at}-${each}`)]))
      return index.score([{ id: dictionary.idOf('w3'), weight: 1 }], everyone(200)).passages.slice(0, 200)
    }
    // 1,200 notes of 40 terms are more than the delta may hold, so the index packs itself on the way.
    expect(Array.from(build(1_200))).toEqual(Array.from(build(0)))
  })
})

test('packed terms are read back as they were', () => {
  fc.assert(
    fc.property(note, (words) => {
      const dictionary = new TermDictionary()
      const passages = toPassages(words)
      const read: { start: number; end: number; heading: number; length: number; counts: Map<string, number> }[] = []
      readPacked(
        packTerms(passages, (term) => dictionary.idOf(term)),
        {
          passage: (start, end, heading, length) => void read.push({ start, end, heading, length, counts: new Map() }),
          term: (id, count) => void read.at(-1)?.counts.set(dictionary.termOf(id) as string, count),
        },
      )
      expect(read.map((each) => ({ ...each, counts: Object.fromEntries(each.counts) }))).toEqual(
        passages.map((each) => ({ ...each, counts: Object.fromEntries(each.counts) })),
      )
    }),
  )
})

function meta(noteId: string, more: Partial<Omit<NoteMeta, 'judged'>> = {}): NoteMeta {
  const said = { path: `${noteId}.md`, tags: [], label: 'internal' as const, ...more }
  const judged = { path: said.path, tags: said.tags, label: said.label }
  return { noteId, version: 'v', title: noteId, ai: true, date: 0, headings: [], ...said, judged }
}

describe('SearchIndex', () => {
  const folders = ['a/', 'b/', 'b/c/', 'd/']

  function build(
    entries: readonly { words: Words; folder: string; tag: string; label: NoteMeta['label'] }[],
  ): SearchIndex {
    const index = new SearchIndex()
    entries.forEach(({ words, folder, tag, label }, at) => {
      index.upsert(
        meta(`n${at}`, { path: `${folder}n${at}.md`, tags: [tag], label }),
        packTerms(toPassages(words), (term) => index.dictionary.idOf(term)),
      )
    })
    return index
  }

  const entry = fc.record({
    words: note,
    folder: fc.constantFrom(...folders),
    tag: fc.constantFrom('x', 'x/y', 'z'),
    label: fc.constantFrom('public' as const, 'internal' as const, 'restricted' as const),
  })
  const filter = fc.record({
    allow: fc.subarray(folders),
    denyTags: fc.subarray(['x', 'z']),
    highest: fc.constantFrom('public' as const, 'internal' as const, 'restricted' as const),
  })

  const labelsAbove = (highest: string) => {
    const order = ['public', 'internal', 'confidential', 'restricted']
    return [...order.slice(order.indexOf(highest) + 1), 'none']
  }

  const isAllowed = (
    { path, tags, label }: NoteMeta,
    { allow, denyTags, highest }: { allow: string[]; denyTags: string[]; highest: string },
  ): boolean => {
    const order = ['public', 'internal', 'confidential', 'restricted']
    return (
      allow.some((prefix) => path.startsWith(prefix)) &&
      !denyTags.some((tag) => tags.some((own) => own === tag || own.startsWith(`${tag}/`))) &&
      order.indexOf(label) <= order.indexOf(highest)
    )
  }

  test('filters before the best are taken: a hidden note neither shows nor takes a place', () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 15 }), filter, word, (entries, each, asked) => {
        const index = build(entries)
        const some = someNotes({
          allow: unite(each.allow.map((folder) => folderRange(folder.slice(0, -1)))),
          denyTags: each.denyTags,
          denyWhen: [{ paths: everyPath, tag: null, when: [['resource.label', 'in', labelsAbove(each.highest)]] }],
        })
        const search = (by: NoteFilter, limit: number) =>
          index.search(plainQuery(asked), { filter: by, limit, mode: 'keyword', forPrompt: true })
        const everything = search({ kind: 'all' }, 1_000).filter((found) => isAllowed(found.note, each))
        const filtered = search(some, 1_000)
        expect(new Set(filtered.map(({ passage }) => passage))).toEqual(
          new Set(everything.map(({ passage }) => passage)),
        )
        expect(search(some, 2).map(({ passage }) => passage)).toEqual(
          filtered.slice(0, 2).map(({ passage }) => passage),
        )
      }),
    )
  })

  test('a note replaced is found by its new words only, a note removed by none', () => {
    const index = new SearchIndex()
    const put = (noteId: string, words: string[]) =>
      index.upsert(
        meta(noteId),
        packTerms(toPassages([words]), (term) => index.dictionary.idOf(term)),
      )
    const find = (text: string) =>
      index
        .search(plainQuery(text), { filter: { kind: 'all' }, limit: 9, mode: 'keyword', forPrompt: true })
        .map(({ note: { noteId } }) => noteId)
    put('one', ['otter', 'river'])
    put('two', ['river'])
    put('one', ['lynx'])
    expect(find('lynx')).toEqual(['one'])
    expect(find('river')).toEqual(['two'])
    index.remove('two')
    expect(find('river')).toEqual([])
  })

  test('a note saved again and again takes no more room than its last version, and is still found by words and meaning', () => {
    const index = new SearchIndex()
    const put = (noteId: string, words: Words) =>
      index.upsert(
        meta(noteId),
        packTerms(toPassages(words), (term) => index.dictionary.idOf(term)),
      )
    const vector = Float32Array.from({ length: 64 }, (_, at) => (at === 0 ? 1 : 0))
    const dimensions = { dimensions: 64, rowOf: Int32Array.from([0]), idf: Float32Array.from([1]), vectors: vector }
    put('still', [['otter']])
    index.setModel(1, dimensions)
    index.setVectors('still', packVectors([vector], 64))
    const many = Array.from({ length: 100 }, (_, at) => [`heron${at}`])
    for (let save = 0; save < 500; save++) {
      put('busy', many)
      if (index.isWasteful) index.pack()
    }
    expect(index.passages).toBe(101)
    const find = (text: string, mode: 'keyword' | 'semantic') =>
      index
        .search(plainQuery(text), { filter: { kind: 'all' }, limit: 3, mode, forPrompt: true })
        .map((found) => found.note.noteId)
    expect(find('heron7', 'keyword')).toEqual(['busy'])
    expect(find('otter', 'keyword')).toEqual(['still'])
    expect(find('otter', 'semantic')).toEqual(['still'])
    expect(
      index.search(plainQuery('otter'), { filter: { kind: 'all' }, limit: 1, mode: 'keyword', forPrompt: true })[0]
        ?.passage,
    ).toBeLessThan(30_000)
  })

  test('a note that says ai: false is found by its reader and never for a prompt', () => {
    const index = new SearchIndex()
    index.upsert(
      meta('mine', { ai: false }),
      packTerms(toPassages([['lantern']]), (term) => index.dictionary.idOf(term)),
    )
    const find = (forPrompt: boolean) =>
      index.search(plainQuery('lantern'), { filter: { kind: 'all' }, limit: 9, mode: 'hybrid', forPrompt }).length
    expect(find(false)).toBe(1)
    expect(find(true)).toBe(0)
  })

  test('filters by tag, path, date and exclusion', () => {
    const index = new SearchIndex()
    const day = (text: string) => Date.parse(text)
    const put = (noteId: string, words: string[], more: Partial<NoteMeta>) =>
      index.upsert(
        meta(noteId, more),
        packTerms(toPassages([words]), (term) => index.dictionary.idOf(term)),
      )
    put('old', ['tide'], { path: 'Log/old.md', tags: ['project/tern'], date: day('2025-03-01') })
    put('new', ['tide', 'storm'], { path: 'Notes/new.md', tags: ['project'], date: day('2026-03-01') })
    const find = (text: string) =>
      index
        .search(parseQuery(text), { filter: { kind: 'all' }, limit: 9, mode: 'hybrid', forPrompt: false })
        .map(({ note: { noteId } }) => noteId)
        .toSorted()
    expect(find('tide')).toEqual(['new', 'old'])
    expect(find('tide tag:project')).toEqual(['new', 'old'])
    expect(find('tide tag:project/tern')).toEqual(['old'])
    expect(find('tide -tag:project/tern')).toEqual(['new'])
    expect(find('tide path:log/')).toEqual(['old'])
    expect(find('tide before:2026-01-01')).toEqual(['old'])
    expect(find('tide after:2025-12-31')).toEqual(['new'])
    expect(find('tide -storm')).toEqual(['old'])
    expect(find('tag:project')).toEqual(['new', 'old'])
  })

  test('a mistyped word and a part of a compound still find', () => {
    const index = new SearchIndex()
    index.upsert(
      meta('n'),
      packTerms(toPassages([['wartungsanleitung', 'calibration']]), (term) => index.dictionary.idOf(term)),
    )
    const find = (text: string) =>
      index.search(plainQuery(text), { filter: { kind: 'all' }, limit: 9, mode: 'keyword', forPrompt: true }).length
    expect(find('wartung')).toBe(1)
    expect(find('calibratoin')).toBe(1)
    expect(find('xylophone')).toBe(0)
  })
})

describe('meaning', () => {
  /** Two subjects with words of their own, and a pair of words that never meet but share company. */
  function corpus(): TermRow[] {
    let state = 3
    const pick = (below: number) => (
      (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0),
      (state >>> 8) % below
    )
    return Array.from({ length: 600 }, (_, at) => {
      const base = at % 2 === 0 ? 0 : 40
      const company = Array.from({ length: 4 }, () => base + pick(40))
      const ids = [...new Set([...company, at % 16 === 0 ? 80 : at % 16 === 2 ? 81 : at % 16 === 1 ? 82 : 83])]
      return { ids, counts: ids.map(() => 1) }
    })
  }
  const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, at) => sum + value * (b[at] as number), 0)

  test('a word is nearer to passages of its subject than to others, though it stands in neither', () => {
    const rows = corpus()
    const model = trainLsa(rows, 8)
    if (!model) throw new Error('no model')
    const asked = embed(model, [80], [1]) as Float32Array
    const nearness = (subject: number) => {
      const others = rows.filter(({ ids }, at) => at % 2 === subject && !ids.includes(80))
      return (
        others.reduce((sum, { ids, counts }) => sum + cosine(embed(model, ids, counts) as Float32Array, asked), 0) /
        others.length
      )
    }
    expect(nearness(0)).toBeGreaterThan(nearness(1) + 0.1)
  })

  test('the same passages give the same model, bit for bit', () => {
    expect(trainLsa(corpus(), 8)?.vectors).toEqual(trainLsa(corpus(), 8)?.vectors as Float32Array)
  })

  test('too small a vault has no model', () => expect(trainLsa(corpus().slice(0, 100), 8)).toBeNull())

  test('sign bits with exact values find what exact search finds', () => {
    let state = 7
    const random = () => ((state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0), state / 4_294_967_296 - 0.5)
    const unit = () => {
      const vector = Float32Array.from({ length: 64 }, random)
      const length = Math.hypot(...vector)
      return vector.map((value) => value / length)
    }
    const all = Array.from({ length: 5_000 }, unit)
    const index = new VectorIndex(64)
    const packed = packVectors(all, 64)
    all.forEach((_, at) => index.set(at, packed, at))
    let found = 0
    for (let round = 0; round < 20; round++) {
      const query = unit()
      const best = all
        .map((vector, at) => [cosine(vector, query), at] as const)
        .sort((a, b) => b[0] - a[0])
        .slice(0, 10)
        .map(([, at]) => at)
      const near = new Set(
        index.nearest(query, all.length, { admitted: everyone(1), noteOf: new Int32Array(all.length) }),
      )
      found += best.filter((at) => near.has(at)).length
      expect(index.similarity(best[0] as number, query)).toBeCloseTo(
        cosine(all[best[0] as number] as Float32Array, query),
        1,
      )
    }
    // Directions at random are the hardest there are; passages of a vault lie in clusters.
    expect(found / 200).toBeGreaterThan(0.85)
  })
})

describe('parseQuery', () => {
  test('takes filters and phrases apart from words', () => {
    const query = parseQuery('travel "meal allowance" tag:#Policy -tag:old path:"Hand book" before:2026-03 -secret')
    expect([...query.terms.keys()]).toEqual(['travel', 'meal', 'allow'])
    expect(query.phrases).toEqual([['meal', 'allowance']])
    expect(query).toMatchObject({
      tags: ['policy'],
      paths: ['hand book'],
      before: Date.UTC(2026, 2, 1),
      without: { tags: ['old'], terms: ['secret'] },
    })
  })

  test('a date that is none is searched as words, and a question is words only', () => {
    expect(parseQuery('before:easter').before).toBeNull()
    expect([...plainQuery('what does tag:x mean').terms.keys()]).toContain('tag')
  })

  test('synonyms never outweigh the words asked for', () => {
    const query = addSynonyms(plainQuery('vacation'))
    expect(query.terms.get('vacat')).toBe(1)
    expect(query.terms.size).toBeGreaterThan(1)
    for (const [term, weight] of query.terms) if (term !== 'vacat') expect(weight).toBeLessThan(1)
  })
})
