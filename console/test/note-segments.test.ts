/** Promises of the note pane: the mark is the cited range, and nothing of the text is lost or doubled. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { segmentNote } from '../src/ask/note-segments.ts'

const note = '---\ntags: [a]\n---\n# Title\n\nFirst 漢字 🪨 line.\r\n## Part\nSecond line.\n'
const textOf = (segments: readonly { text: string }[]) => segments.map(({ text }) => text).join('')

describe('segmentNote', () => {
  test('marks exactly text.slice(start, end) and keeps every character', () => {
    const part = fc.constantFrom(
      '---\n',
      'tags: x\n',
      '# H\n',
      'word ',
      '**',
      '[[',
      ']]',
      '|',
      '`',
      '- ',
      '> ',
      '\n',
      '\r\n',
      '漢',
      '🪨',
      '## ',
      '```\n',
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), fc.nat(300), fc.nat(300), fc.nat(400), (parts, a, b, reach) => {
        const text = parts.join('')
        const start = Math.min(a, text.length)
        const end = Math.min(text.length, start + b)
        const view = segmentNote(text, start, end, reach)
        expect(textOf(view.marked)).toBe(text.slice(start, end))
        expect(textOf(view.before)).toBe(text.slice(view.hiddenBefore, start))
        expect(textOf(view.after)).toBe(text.slice(end, text.length - view.hiddenAfter))
      }),
      { numRuns: 1_000 },
    )
  })

  test('tells front matter and headings apart', () => {
    const start = note.indexOf('First')
    const { before, after } = segmentNote(note, start, start + 5, 10_000)
    expect(before).toEqual([
      { text: '---\ntags: [a]\n---\n', look: 'front-matter' },
      { text: '# ', look: 'sign' },
      { text: 'Title', look: 'heading' },
      { text: '\n\n', look: 'plain' },
    ])
    expect(after.find(({ look }) => look === 'heading')?.text).toBe('Part')
  })

  test('makes signs quiet, and links, bold and code plain to see', () => {
    const line = '- **Due**: see [[Plan 2026|the plan]] or `run` a * b, [site](https://x.org/)'
    const { marked } = segmentNote(line, 0, line.length, 0)
    expect(marked.filter(({ look }) => look !== 'plain').map(({ text, look }) => `${look} ${text}`)).toEqual([
      'sign - ',
      'sign **',
      'strong Due',
      'sign **',
      'sign [[Plan 2026|',
      'link the plan',
      'sign ]]',
      'sign `',
      'code run',
      'sign `',
      'sign [',
      'link site',
      'sign ](https://x.org/)',
    ])
  })

  test('shows only the surroundings of the mark in a huge note, cut at lines', () => {
    const huge = 'a line of text\n'.repeat(2_000_000)
    const wholeMs = timeOf(() => huge.split('\n').map((line) => line.trim()))
    let view = segmentNote(huge, 0, 1, 10)
    // It does not go through all of it.
    expect(timeOf(() => (view = segmentNote(huge, 15_000_000, 15_000_014, 1_000)))).toBeLessThan(wholeMs)
    expect(textOf(view.before).length).toBeLessThan(1_100)
    expect(view.hiddenBefore % 15).toBe(0)
    expect(
      view.hiddenBefore +
        textOf(view.before).length +
        textOf(view.marked).length +
        textOf(view.after).length +
        view.hiddenAfter,
    ).toBe(huge.length)
  })
})

test('stays quick on text made to be slow', () => {
  const segmentMs = (text: string) => timeOf(() => segmentNote(text, 0, 10, 80_000))
  // Eight times as much of it takes about eight times as long, where a search that goes back again and again takes 64 times.
  for (const part of ['[[', '**a', '[a](', '`', '![', '- > ', '|', '[[a|']) {
    const once = Math.min(...[1, 2, 3].map(() => segmentMs(part.repeat(10_000 / part.length))))
    const eight = Math.min(...[1, 2, 3].map(() => segmentMs(part.repeat(80_000 / part.length))))
    expect(eight).toBeLessThan(28 * once + 20)
  }
})

function timeOf(work: () => unknown): number {
  const startedAt = performance.now()
  work()
  return performance.now() - startedAt
}
