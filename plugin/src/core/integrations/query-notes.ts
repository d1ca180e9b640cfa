/** Dataview in a note: where its queries stand, and which notes their rows are. Pure. */

/** The query whose block holds the line, else the first of the note; null when it has none. */
export function findQuery(text: string, line: number): string | null {
  let found: string | null = null
  for (const match of text.matchAll(/^(`{3,}|~{3,})dataview[ \t]*\r?\n([\s\S]*?)^\1[ \t]*$/gm)) {
    const from = lineOf(text, match.index)
    const to = lineOf(text, match.index + match[0].length)
    if (line >= from && line <= to) return match[2] ?? ''
    found ??= match[2] ?? ''
  }
  return found
}

const lineOf = (text: string, offset: number): number => text.slice(0, offset).split('\n').length - 1

/** A result of a query holds links, rows of links, and tasks, each with the path of a note; nothing else of it is used. */
const mostNotes = 500
const deepest = 6

export function notesOf(result: unknown): string[] {
  const notes = new Set<string>()
  const walk = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null || depth > deepest || notes.size >= mostNotes) return
    if (Array.isArray(value)) {
      for (const item of value) walk(item, depth + 1)
      return
    }
    const { path, values, value: inner, rows, primary } = value as Record<string, unknown>
    if (typeof path === 'string') {
      if (/\.md$/i.test(path)) notes.add(path)
      return
    }
    for (const part of [values, inner, rows, primary]) walk(part, depth + 1)
  }
  walk(result, 0)
  return [...notes]
}
