/** What never leaves the device: told from the path and the words of a note, and told too much rather than too little. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { excludesPath, excludesTags } from '../../src/core/exclusions.ts'
import { tagsIn } from '../../src/core/sync/index.ts'

const folders = (...names: string[]) => ({ folders: names, tags: [] })
const tags = (...names: string[]) => ({ folders: [], tags: names })

describe('folders', () => {
  const cases: [folder: string, path: string, isExcluded: boolean][] = [
    ['Private', 'Private/a.md', true],
    ['Private', 'Private/deep/er/a.md', true],
    ['/Private/', 'Private/a.md', true],
    ['private', 'PRIVATE/a.md', true],
    ['Gehe\u0301im', 'Gehéim/a.md', true],
    ['Private', 'Privates/a.md', false],
    ['Private', 'Private.md', false],
    ['Private', 'Other/Private/a.md', false],
    ['', 'a.md', false],
    ['/', 'a.md', false],
  ]
  for (const [folder, path, isExcluded] of cases)
    test(`${JSON.stringify(folder)} ${isExcluded ? 'holds back' : 'lets go'} ${path}`, () => {
      expect(excludesPath(folders(folder), path)).toBe(isExcluded)
    })
})

describe('tags', () => {
  const held: [where: string, text: string][] = [
    ['in the text', 'one #private two'],
    ['at the beginning', '#private'],
    ['nested', 'see #private/diary'],
    ['in capitals', '#PRIVATE'],
    ['after a bracket', '(#private)'],
    ['in a list of properties', '---\ntags: [a, private]\n---\ntext'],
    ['in a block of properties', '---\ntitle: x\ntags:\n  - a\n  - private\nother: y\n---\n'],
    ['as one word', '---\ntag: private\n---\n'],
    ['with a hash in quotes', '---\ntags: "#private"\n---\n'],
    ['under a quoted key', '---\n"tags": [private]\n---\n'],
    ['in other capitals', '---\nTAGS: Private\n---\n'],
    ['behind a byte order mark', '\uFEFF---\ntags: private\n---\n'],
    ['with other line ends', '---\r\ntags:\r\n- private\r\n---\r\n'],
    ['where an escape could hide it', '---\ntags: ["\\u0070rivate"]\n---\n'],
    ['where an anchor could hide it', '---\nx: &t [private]\ntags: *t\n---\n'],
    ['in flow properties', '---\n{tags: [private]}\n---\n'],
    ['behind a merge', '---\nbase: &b\n  tags: private\n<<: *b\n---\n'],
  ]
  for (const [where, text] of held)
    test(`hold back a note with the tag ${where}`, () => {
      expect(excludesTags(tags('private'), tagsIn(text))).toBe(true)
      expect(excludesTags(tags('#Private'), tagsIn(text))).toBe(true)
    })

  const free: [what: string, text: string][] = [
    ['no tag', 'private words'],
    ['another tag', '#privateer #public'],
    ['the word in another property', '---\ntitle: private\ntags: [public]\n---\n'],
    ['a heading', '# private'],
    ['an open front matter', '---\ntags: private\n'],
    ['a link to a heading', '[[Note#Heading]]'],
  ]
  for (const [what, text] of free)
    test(`let go a note with ${what}`, () => {
      expect(excludesTags(tags('private'), tagsIn(text))).toBe(false)
    })

  test('without excluded tags nothing is held back, whatever is in a note', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(excludesTags(tags(), tagsIn(text))).toBe(false)
      }),
    )
  })

  test('a tag is found wherever it stands', () => {
    const around = fc.string({ unit: 'binary', maxLength: 60 })
    fc.assert(
      fc.property(around, around, (before, after) => {
        const text = `${before.replaceAll('\r', '')}\n#private\n${after}`
        expect(excludesTags(tags('private'), tagsIn(text))).toBe(true)
      }),
    )
  })

  test('a large note is read quickly', () => {
    const startedMs = performance.now()
    for (const text of [
      '#'.repeat(1_000_000),
      `---\n${'a'.repeat(1_000_000)}`,
      `---\n${'tags: x\n'.repeat(100_000)}---\n`,
      `---\n"${"'".repeat(300_000)}\n---\n`,
    ])
      tagsIn(text)
    expect(performance.now() - startedMs).toBeLessThan(2_000)
  })
})
