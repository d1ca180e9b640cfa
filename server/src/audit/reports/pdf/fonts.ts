/**
 * Which font can draw which character. Noto Sans comes from npm in pieces by script; those that we take hold Latin, Greek,
 * Cyrillic, Vietnamese and Devanagari. A character that none of them has is written as its code point, `[U+5C71]`: longer,
 * and the same to everybody, where an empty box would hide it. Of each font only the glyphs that are drawn are in the file.
 */
import { create } from 'fontkit'
import { readFile } from 'node:fs/promises'

export type Weight = 'regular' | 'bold'

/** Of the pieces of a family, the earlier first. */
const scripts = [
  'latin',
  'latin-ext',
  'greek',
  'greek-ext',
  'cyrillic',
  'cyrillic-ext',
  'vietnamese',
  'devanagari',
] as const
const weights = { regular: 400, bold: 700 } as const

export interface FontPiece {
  /** By which the document knows it. */
  readonly name: string
  readonly bytes: Uint8Array
  readonly covers: (codePoint: number) => boolean
}

export type Fonts = Readonly<Record<Weight, readonly FontPiece[]>>

let loading: Promise<Fonts> | null = null

/** Once for a thread. */
export function loadFonts(): Promise<Fonts> {
  return (loading ??= readFonts())
}

async function readFonts(): Promise<Fonts> {
  const load = (weight: Weight) =>
    Promise.all(
      scripts.map(async (script): Promise<FontPiece> => {
        const file = `@fontsource/noto-sans/files/noto-sans-${script}-${weights[weight]}-normal.woff`
        const bytes = await readFile(new URL(import.meta.resolve(file)))
        const font = create(bytes)
        return { name: `${weight} ${script}`, bytes, covers: (codePoint) => font.hasGlyphForCodePoint(codePoint) }
      }),
    )
  return { regular: await load('regular'), bold: await load('bold') }
}

/** Of one line: pieces that one font draws each. */
export interface FontRun {
  readonly font: string
  readonly text: string
}

const invisible = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u

/**
 * A text with nothing in it that cannot be drawn. Composed first, so that a letter with an accent is one glyph. What is
 * invisible or turns the direction of writing round is spelled out too: nobody can hide behind it.
 */
export function spellOut(text: string, pieces: readonly FontPiece[]): string {
  let spelled = ''
  for (const character of text.normalize('NFC')) {
    const codePoint = character.codePointAt(0) ?? 0
    const isDrawn = !invisible.test(character) && pieces.some(({ covers }) => covers(codePoint))
    spelled += isDrawn ? character : `[U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}]`
  }
  return spelled
}

/** Of a text that is spelled out. */
export function splitRuns(text: string, pieces: readonly FontPiece[]): FontRun[] {
  const runs: { font: string; text: string }[] = []
  let current: FontPiece | undefined
  for (const character of text) {
    const codePoint = character.codePointAt(0) ?? 0
    if (current?.covers(codePoint) !== true) {
      current = pieces.find(({ covers }) => covers(codePoint)) ?? pieces[0]
      if (current !== undefined) runs.push({ font: current.name, text: '' })
    }
    const last = runs.at(-1)
    if (last !== undefined) last.text += character
  }
  return runs
}
