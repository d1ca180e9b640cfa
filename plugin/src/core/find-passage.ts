/**
 * Where the passage of a citation stands in the note as it is now. The citation names offsets in the version that was
 * answered from; since then the note may have been edited. Pure.
 */

export interface Passage {
  readonly start: number
  readonly end: number
  readonly quote: string
  readonly heading: string
}

/** Offsets into `text`. When the words are gone: the heading they stood under, else the top. */
export function findPassage(text: string, { start, end, quote, heading }: Passage): { start: number; end: number } {
  if (quote === '' || text.slice(start, end) === quote)
    return { start: Math.min(start, text.length), end: Math.min(end, text.length) }
  const nearest = nearestTo(text, quote, start)
  if (nearest !== null) return { start: nearest, end: nearest + quote.length }
  // A long quote of which a part was changed is still found by its first or last line.
  const lines = quote.split('\n').filter((line) => line.trim().length >= 12)
  for (const line of [lines[0], lines.at(-1)]) {
    const at = line === undefined ? null : nearestTo(text, line, start)
    if (at !== null && line !== undefined) return { start: at, end: at + line.length }
  }
  const last = heading.split(' › ').pop()?.trim() ?? ''
  const found = last === '' ? null : new RegExp(`^#{1,6}\\s+${escapePattern(last)}\\s*$`, 'm').exec(text)
  return found === null ? { start: 0, end: 0 } : { start: found.index, end: found.index + found[0].length }
}

function nearestTo(text: string, part: string, offset: number): number | null {
  const before = text.lastIndexOf(part, offset)
  const after = text.indexOf(part, offset)
  if (before < 0 && after < 0) return null
  if (before < 0) return after
  if (after < 0) return before
  return offset - before <= after - offset ? before : after
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
