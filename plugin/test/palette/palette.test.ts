/** What is found for what is typed, and the laws that hold for any list and any typing. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPalette, type Found } from '../../src/core/palette/index.ts'
import { fold, foldText } from '../../src/core/palette/fold.ts'
import { mistakesIn } from '../../src/core/palette/typo.ts'

const paletteOf = (...titles: string[]) => createPalette(titles.map((title, index) => ({ id: `c${index}`, title })))
const titlesFor = (titles: string[], query: string) =>
  paletteOf(...titles)
    .search(query)
    .map(({ command }) => command.title)

const data = join(import.meta.dirname, '../../../bench/questions/palette')
const commands = JSON.parse(readFileSync(join(data, 'commands.json'), 'utf8')) as string[]

/** A title with what was marked between brackets. */
function mark({ command: { title }, title: ranges }: Found): string {
  let text = ''
  let at = 0
  for (const { start, end } of ranges) {
    text += `${title.slice(at, start)}[${title.slice(start, end)}]`
    at = end
  }
  return text + title.slice(at)
}

describe('what is found', () => {
  const list = [
    'Workspace: Toggle left sidebar',
    'Workspace: Toggle right sidebar',
    'Daily notes: Open today’s daily note',
    'Editor: Delete paragraph',
    'Editor: Insert table',
    'Einfügen: Überschrift ändern',
    'AutoFilter',
    '移动到下一个标题',
    'Heading 2',
  ]
  const cases: [query: string, marked: string][] = [
    ['trs', 'Workspace: [T]oggle [r]ight [s]idebar'],
    ['togle right', 'Workspace: [To]g[gle] [right] sidebar'],
    ['sidebar left', 'Workspace: Toggle [left] [sidebar]'],
    ['insetr table', 'Editor: [Insert] [table]'],
    ['delpar', 'Editor: [Del]ete [par]agraph'],
    ['prgrph', 'Editor: Delete [p]a[r]a[gr]a[ph]'],
    ['uberschrift', 'Einfügen: [Überschrift] ändern'],
    ['auto filter', '[AutoFilter]'],
    ['af', '[A]uto[F]ilter'],
    ['一个标', '移动到下[一个标]题'],
    ['移标题', '[移]动到下一个[标题]'],
    ['h2', '[H]eading [2]'],
    ['TODAY', 'Daily notes: Open [today]’s daily note'],
  ]
  for (const [query, marked] of cases) {
    test(`“${query}” finds ${marked}`, () => {
      const [first] = paletteOf(...list).search(query)
      expect(first && mark(first)).toBe(marked)
    })
  }

  test('a word weighs more than a beginning, a beginning more than a mistake, a mistake more than a shortening', () => {
    expect(titlesFor(['Formt', 'Formal', 'Formats', 'Form'], 'form')).toEqual(['Form', 'Formt', 'Formal', 'Formats'])
    expect(titlesFor(['Tablet', 'Table', 'Tabel'], 'table')).toEqual(['Table', 'Tablet', 'Tabel'])
  })

  test('every token has to be found', () => {
    expect(titlesFor(['Insert table', 'Delete row'], 'insert row')).toEqual([])
  })

  test('a longer word may have more mistakes: none below four letters, one below eight, then two', () => {
    const typed: [query: string, isFound: boolean][] = [
      ['rxw', false],
      ['tabl', true],
      ['tavl', true],
      ['tavk', false],
      ['paxaqqap', false],
      ['paragrxph', true],
      ['paxagrxph', true],
      ['paxagxxph', false],
    ]
    for (const [query, isFound] of typed)
      expect([query, titlesFor(['Row', 'Table', 'Paragraph'], query).length > 0]).toEqual([query, isFound])
  })

  test('two wrong letters early in a word are forgiven once it is long enough', () => {
    const typing = paletteOf('Sheets')
    const typed = 'shxzeets'
    const found = Array.from(typed, (_, at) => typing.search(typed.slice(0, at + 1)).length)
    expect(found).toEqual([1, 1, 0, 0, 0, 0, 0, 1])
  })

  test('nothing is found for nothing', () => {
    expect(titlesFor(['Insert table'], ' \t')).toEqual([])
  })

  test('signs alone are found as they are', () => {
    expect(titlesFor(['Bold', 'Toggle #tag', 'C++ block'], '#')).toEqual(['Toggle #tag'])
    expect(titlesFor(['Bold', 'Toggle #tag', 'C++ block'], 'c++')).toEqual(['C++ block'])
  })

  test('other names and descriptions are found for less, and the other name is shown', () => {
    const palette = createPalette([
      { id: 'a', title: 'Split right', aliases: ['Vertical pane'], description: 'Opens the note beside itself' },
      { id: 'b', title: 'Pane options' },
    ])
    expect(palette.search('pane').map(({ command }) => command.id)).toEqual(['b', 'a'])
    expect(palette.search('vertical pane')[0]?.alias).toEqual({
      text: 'Vertical pane',
      ranges: [
        { start: 0, end: 8 },
        { start: 9, end: 13 },
      ],
    })
    expect(palette.search('beside')[0]?.command.id).toBe('a')
    expect(palette.search('beside')[0]?.title).toEqual([])
  })

  test('habit and pins decide between equals, and do not put a guess above a word', () => {
    const palette = paletteOf('Open graph', 'Open group', 'Grape')
    const ids = (habit: Record<string, number>, pinned = '') =>
      palette
        .search('open gr', { habit: (id) => habit[id] ?? 0, isPinned: (id) => id === pinned })
        .map((each) => each.command.id)
    expect(ids({})[0]).toBe('c0')
    expect(ids({ c1: 0.5 })[0]).toBe('c1')
    expect(ids({}, 'c1')[0]).toBe('c1')
    const top = palette.search('grape', { habit: (id) => (id === 'c0' ? 1 : 0) })[0]
    expect(top?.command.title).toBe('Grape')
  })

  test('equals stand by shorter title, then as in the list', () => {
    expect(titlesFor(['Note two', 'Note one', 'Note'], 'note')).toEqual(['Note', 'Note two', 'Note one'])
  })

  test('a limit limits', () => {
    expect(
      createPalette(commands.map((title, at) => ({ id: String(at), title }))).search('a', { limit: 7 }),
    ).toHaveLength(7)
  })
})

// --- Laws -------------------------------------------------------------------------------------------------------------

const letters = fc.constantFrom(...'abcdefghinorstu', 'É', 'ß', 'Ö', '标', '题', 'カ')
const word = fc.array(letters, { minLength: 1, maxLength: 9 }).map((all) => all.join(''))
const title = fc.oneof(
  { weight: 3, arbitrary: fc.array(word, { minLength: 1, maxLength: 6 }).map((all) => all.join(' ')) },
  { weight: 3, arbitrary: fc.constantFrom(...commands) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
)
const typed = fc.array(fc.oneof(letters, fc.constant(' ')), { maxLength: 18 }).map((all) => all.join(''))
/** Typed with a title in view, so that something is found: some of its letters, with a letter changed now and then. */
const aimed = fc
  .tuple(title, fc.array(fc.nat(6), { minLength: 1, maxLength: 60 }))
  .map(([text, keep]) => ({ title: text, query: [...text].filter((_, at) => keep[at % keep.length] !== 0).join('') }))
const anything = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ maxLength: 200 }), typed)

describe('laws', () => {
  test('the marks spell what was typed, but for mistakes', () => {
    let found = 0
    fc.assert(
      fc.property(aimed, ({ title: text, query }) => {
        const [first] = paletteOf(text).search(query)
        if (first === undefined) return
        found++
        const marked = first.title.map(({ start, end }) => foldText(text.slice(start, end))).join('')
        const tokens =
          foldText(query.slice(0, 128))
            .match(/[\p{L}\p{N}\p{M}]+/gu)
            ?.slice(0, 8) ?? []
        if (first.kinds.includes('signs')) return
        for (const [at, token] of tokens.entries()) {
          const missing = countMissing(token, marked)
          expect(missing).toBeLessThanOrEqual(first.kinds[at] === 'typo' ? mistakesIn(token.length) : 0)
        }
      }),
      { numRuns: 600 },
    )
    expect(found).toBeGreaterThan(300)
  })

  test('each kind but a mistake marks as many characters as were typed', () => {
    fc.assert(
      fc.property(aimed, ({ title: text, query }) => {
        const [first] = paletteOf(text).search(query)
        if (first === undefined || first.kinds.length !== 1 || first.kinds[0] === 'typo') return
        const token = foldText(query.slice(0, 128)).trim()
        if (!/^[\p{L}\p{N}\p{M}]+$/u.test(token)) return
        const marked = first.title.map(({ start, end }) => foldText(text.slice(start, end))).join('')
        // A mark covers whole letters as written, so half an ß is marked as all of it.
        expect(marked.length).toBeGreaterThanOrEqual(token.length)
        expect(isInOrder(token, marked)).toBe(true)
      }),
      { numRuns: 400 },
    )
  })

  test('typing on never finds what a fresh look would not, nor misses what it would', () => {
    const list = fc.array(title, { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(
        list,
        fc.oneof(
          typed,
          aimed.map(({ query }) => query),
          anything,
        ),
        (titles, query) => {
          const typing = paletteOf(...titles)
          for (let at = 1; at <= query.length; at++) {
            const now = query.slice(0, at)
            expect(typing.search(now)).toEqual(paletteOf(...titles).search(now))
          }
        },
      ),
      { numRuns: 120 },
    )
  })

  /**
   * More letters may find more, because a longer word is forgiven more mistakes. What was found without forgiving
   * anything is found by every beginning of the query.
   */
  test('what is found without mistakes is found by each beginning of what was typed', () => {
    let found = 0
    fc.assert(
      fc.property(title, typed, fc.boolean(), aimed, (text, query, isAimed, aim) => {
        const [against, full] = isAimed ? [aim.title, aim.query] : [text, query]
        const palette = paletteOf(against)
        const [hit] = palette.search(full)
        if (hit === undefined || hit.kinds.some((kind) => kind === 'typo' || kind === 'signs')) return
        found++
        for (let at = 1; at < full.length; at++) {
          const part = full.slice(0, at)
          if (!/[\p{L}\p{N}]\s*$/u.test(part) || /[^\p{L}\p{N}\p{M}\s]/u.test(full)) continue
          expect(palette.search(part)).toHaveLength(1)
        }
      }),
      { numRuns: 600 },
    )
    expect(found).toBeGreaterThan(150)
  })

  test('scores stay in bounds, fall in order, and the same question has the same answer', () => {
    fc.assert(
      fc.property(fc.array(title, { maxLength: 12 }), anything, (titles, query) => {
        const found = paletteOf(...titles).search(query, { habit: () => 1, isPinned: () => true })
        for (const [at, { score, title: ranges, command }] of found.entries()) {
          expect(score).toBeGreaterThan(0)
          expect(score).toBeLessThanOrEqual(1.18)
          expect(score).toBeLessThanOrEqual(found[at - 1]?.score ?? 2)
          for (const [index, { start, end }] of ranges.entries()) {
            expect(start).toBeGreaterThanOrEqual(ranges[index - 1]?.end ?? 0)
            expect(end).toBeGreaterThan(start)
            expect(end).toBeLessThanOrEqual(command.title.length)
          }
        }
        expect(paletteOf(...titles).search(query, { habit: () => 1, isPinned: () => true })).toEqual(found)
      }),
      { numRuns: 300 },
    )
  })

  test('a title finds itself, first among others unless another folds alike', () => {
    const palette = createPalette(commands.map((text, at) => ({ id: String(at), title: text })))
    fc.assert(
      fc.property(fc.constantFrom(...commands), (text) => {
        const words = foldText(text).match(/[\p{L}\p{N}]+/gu) ?? []
        if (words.length > 8) return
        const [first] = palette.search(text)
        expect(
          foldText(first?.command.title ?? '')
            .match(/[\p{L}\p{N}]+/gu)
            ?.toSorted(),
        ).toEqual(words.toSorted())
      }),
      { numRuns: 150 },
    )
  })

  test('folding keeps its places, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        const { text: folded, starts, ends } = fold(text)
        expect(starts).toHaveLength(folded.length)
        for (const [at, start] of starts.entries()) {
          expect(ends[at]).toBeGreaterThan(start)
          expect(start).toBeGreaterThanOrEqual(starts[at - 1] ?? 0)
        }
      }),
    )
  })
})

describe('hostile input', () => {
  const hostile: [what: string, text: string][] = [
    ['a million letters', 'a'.repeat(1_000_000)],
    ['a million words', 'ab '.repeat(333_333)],
    ['lone surrogates', '\ud83d\udc00\ud83d a\udfff'],
    ['marks without a letter', '\u0301'.repeat(500)],
    ['zero bytes', 'a\0b\0c'],
    ['right to left', '\u202eabc\u202c'],
  ]
  for (const [what, text] of hostile) {
    test(`${what} are bounded, as title and as query`, () => {
      const palette = createPalette([
        { id: 'h', title: text, aliases: Array(1_000).fill(text.slice(0, 500)), description: text },
      ])
      const startedMs = performance.now()
      palette.search('abc ab a')
      palette.search(text)
      paletteOf(...commands.slice(0, 200)).search(text)
      expect(performance.now() - startedMs).toBeLessThan(1_000)
    })
  }
})

/** How many characters of the token are left when those of the text are taken from it. */
function countMissing(token: string, text: string): number {
  const left = new Map<string, number>()
  for (const character of text) left.set(character, (left.get(character) ?? 0) + 1)
  let missing = 0
  for (const character of token) {
    const count = left.get(character) ?? 0
    if (count === 0) missing++
    else left.set(character, count - 1)
  }
  return missing
}

function isInOrder(token: string, text: string): boolean {
  let at = -1
  return [...token].every((character) => (at = text.indexOf(character, at + 1)) >= 0)
}
