/** Text on a page: measured, broken into lines, drawn in the fonts that have its characters. Sizes are in points. */
import type PdfDocument from 'pdfkit'
import { spellOut, splitRuns, type Fonts, type Weight } from './fonts.ts'

export interface TextStyle {
  readonly size: number
  readonly weight: Weight
  readonly colour: string
}

export interface Ink {
  readonly document: PdfDocument
  width(text: string, style: Pick<TextStyle, 'size' | 'weight'>): number
  /** Lines no wider than this; the last one of too many ends with “…”. */
  wrap(text: string, width: number, style: TextStyle, mostLines: number): string[]
  /** One line. */
  write(line: string, x: number, y: number, style: TextStyle): void
}

const mostKnown = 20_000

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createInk(document: PdfDocument, fonts: Fonts): Ink {
  for (const weight of ['regular', 'bold'] as const)
    for (const { name, bytes } of fonts[weight]) document.registerFont(name, bytes)
  /** Widths of words at one point. */
  const widths = new Map<string, number>()

  function unit(text: string, weight: Weight): number {
    const name = `${weight} ${text}`
    const known = widths.get(name)
    if (known !== undefined) return known
    let width = 0
    document.fontSize(1_000)
    for (const run of splitRuns(text, fonts[weight])) width += document.font(run.font).widthOfString(run.text) / 1_000
    if (widths.size > mostKnown) widths.clear()
    widths.set(name, width)
    return width
  }

  const measure: Ink['width'] = (text, { size, weight }) =>
    text.split(' ').reduce((sum, word, at) => sum + (at === 0 ? 0 : unit(' ', weight)) + unit(word, weight), 0) * size

  /** A word that is wider than the line, in parts that fit. A part is measured whole: kerning can make it wider than the sum. */
  function breakWord(word: string, width: number, style: TextStyle): string[] {
    if (measure(word, style) <= width) return [word]
    const parts: string[] = []
    let part = ''
    for (const { segment } of graphemes.segment(word)) {
      if (part !== '' && measure(part + segment, style) > width) {
        parts.push(part)
        part = ''
      }
      part += segment
    }
    return [...parts, part]
  }

  return {
    document,
    width: (text, style) => measure(spellOut(text, fonts[style.weight]), style),
    wrap(text, width, style, mostLines) {
      // What no cell has room for is not measured.
      const spelled = spellOut(
        text
          .replace(/[^\S\u00A0]+/g, ' ')
          .trim()
          .slice(0, mostLines * 400),
        fonts[style.weight],
      )
      const lines: string[] = []
      let line = ''
      for (const word of spelled.split(' ').flatMap((each) => breakWord(each, width, style))) {
        const longer = line === '' ? word : `${line} ${word}`
        if (line !== '' && measure(longer, style) > width) {
          lines.push(line)
          line = word
        } else line = longer
      }
      lines.push(line)
      if (lines.length <= mostLines) return lines
      const kept = lines.slice(0, mostLines)
      let last = kept.pop() ?? ''
      while (last !== '' && measure(`${last}…`, style) > width) last = last.slice(0, -1)
      return [...kept, `${last}…`]
    },
    write(line, x, y, { size, weight, colour }) {
      let at = x
      document.fillColor(colour)
      for (const run of splitRuns(line, fonts[weight])) {
        document.font(run.font).fontSize(size).text(run.text, at, y, { lineBreak: false, baseline: 'alphabetic' })
        at += measure(run.text, { size, weight })
      }
    },
  }
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
