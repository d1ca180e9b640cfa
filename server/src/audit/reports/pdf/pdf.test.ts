/** Text in the PDF of a report: nothing in it is hidden, nothing is lost, and every line fits. */
import { beforeAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import PdfDocument from 'pdfkit'
import { loadFonts, spellOut, splitRuns, type Fonts } from './fonts.ts'
import { createInk, type Ink } from './ink.ts'

let fonts: Fonts
let ink: Ink
beforeAll(async () => {
  fonts = await loadFonts()
  const document = new PdfDocument({
    size: 'A4',
    layout: 'portrait',
    margin: 0,
    pdfVersion: '1.7',
    tagged: false,
    lang: 'en',
    displayTitle: false,
    bufferPages: false,
    autoFirstPage: true,
    font: null,
    info: {},
  })
  ink = createInk(document, fonts)
})

const style = { size: 8, weight: 'regular', colour: '#000000' } as const

describe('what is spelled out', () => {
  test.each([
    ['Łódź, Ελλάδα, Привет, Tiếng Việt, नमस्ते', 'Łódź, Ελλάδα, Привет, Tiếng Việt, नमस्ते'],
    ['e\u0301', 'é'],
    ['山田', '[U+5C71][U+7530]'],
    ['אב', '[U+05D0][U+05D1]'],
    ['😀', '[U+1F600]'],
    ['a\u202Eb', 'a[U+202E]b'],
    ['a\u200Bb\0', 'a[U+200B]b[U+0000]'],
    ['\uD800', '[U+D800]'],
  ])('%p', (text, spelled) => {
    expect(spellOut(text, fonts.regular)).toBe(spelled)
  })

  test('of any text every character has a glyph afterwards, and runs hold all of it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const spelled = spellOut(text, fonts.bold)
        const runs = splitRuns(spelled, fonts.bold)
        expect(runs.map((run) => run.text).join('')).toBe(spelled)
        for (const run of runs) {
          const font = fonts.bold.find(({ name }) => name === run.font)
          for (const character of run.text) expect(font?.covers(character.codePointAt(0) ?? 0)).toBe(true)
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('lines', () => {
  test('are no wider than their cell, and no more than it has', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 200 }),
        fc.integer({ min: 40, max: 300 }),
        fc.integer({ min: 1, max: 5 }),
        (text, width, most) => {
          const lines = ink.wrap(text, width, style, most)
          expect(lines.length).toBeLessThanOrEqual(most)
          for (const line of lines) expect(ink.width(line, style)).toBeLessThanOrEqual(width + 0.01)
        },
      ),
      { numRuns: 200 },
    )
  })

  test('that kerning makes wider than their letters are broken all the same', () => {
    for (const line of ink.wrap('Ա[U+106DF]Ա'.repeat(3), 44, style, 9))
      expect(ink.width(line, style)).toBeLessThanOrEqual(44.01)
  })

  test('hold every word when there is room, in order', () => {
    const text = 'one two three four five six seven eight nine ten'
    expect(ink.wrap(text, 60, style, 20).join(' ')).toBe(text)
    expect(ink.wrap('x'.repeat(100), 60, style, 20).join('')).toBe('x'.repeat(100))
    expect(ink.wrap(text, 60, style, 2).at(-1)).toEndWith('…')
  })
})
