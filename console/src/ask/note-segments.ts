/**
 * Cuts a note's text into the pieces that are shown differently: front matter, headings, and the cited range, whose
 * mark is exactly `text.slice(start, end)`. Of a huge note only the surroundings of the mark are shown.
 */

export interface NoteSegment {
  readonly text: string
  readonly look: 'plain' | 'heading' | 'front-matter'
}

export interface NoteView {
  /** Characters left out before the first segment. */
  readonly hiddenBefore: number
  readonly before: readonly NoteSegment[]
  readonly marked: string
  readonly after: readonly NoteSegment[]
  readonly hiddenAfter: number
}

const frontMatterPattern = /^---[ \t]*\r?\n(?:[^\n]*\n)*?---[ \t]*(?:\r?\n|$)/

/** `reach` is how many characters are shown on either side of the mark. */
export function segmentNote(text: string, start: number, end: number, reach: number): NoteView {
  const from = lineStart(text, Math.max(0, start - reach))
  const to = lineEnd(text, Math.min(text.length, end + reach))
  const frontMatterEnd = frontMatterPattern.exec(text.slice(0, 20_000))?.[0].length ?? 0
  return {
    hiddenBefore: from,
    before: segmentRange(text, from, start, frontMatterEnd),
    marked: text.slice(start, end),
    after: segmentRange(text, end, to, frontMatterEnd),
    hiddenAfter: text.length - to,
  }
}

function lineStart(text: string, at: number): number {
  return at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1
}

function lineEnd(text: string, at: number): number {
  const next = text.indexOf('\n', at)
  return next < 0 ? text.length : next + 1
}

function segmentRange(text: string, from: number, to: number, frontMatterEnd: number): NoteSegment[] {
  const segments: NoteSegment[] = []
  const push = (start: number, end: number, look: NoteSegment['look']) => {
    if (end > start) segments.push({ text: text.slice(start, end), look })
  }
  const bodyStart = Math.min(Math.max(from, frontMatterEnd), to)
  push(from, bodyStart, 'front-matter')
  let at = bodyStart
  for (const match of text.slice(bodyStart, to).matchAll(/^#{1,6}[ \t][^\n]*/gm)) {
    const start = bodyStart + match.index
    // A match at the cut may be the middle of a line.
    if (start > 0 && text.charAt(start - 1) !== '\n') continue
    push(at, start, 'plain')
    push(start, start + match[0].length, 'heading')
    at = start + match[0].length
  }
  push(at, to, 'plain')
  return segments
}
