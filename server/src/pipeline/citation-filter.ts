/**
 * Checks the numbers that a model puts in its answer while it streams: a number that names no passage is removed, the
 * others are numbered anew in the order of their first use. A marker may be cut by the stream anywhere, so text from
 * an opening bracket on is held until the bracket is closed or is seen to be none.
 */
export interface CitationFilter {
  /** Takes a piece of text; gives what can be shown. */
  push(text: string): string
  /** What was held back when the text ended. */
  end(): string
  /** Passage numbers in the order of their first use; the n-th is citation n. */
  used(): readonly number[]
}

const marker = /\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]/g
const longestMarker = 24

export function createCitationFilter(passages: number, limit: number): CitationFilter {
  const used: number[] = []
  let held = ''

  function renumber(passage: number): number | null {
    if (passage < 1 || passage > passages) return null
    const known = used.indexOf(passage)
    if (known !== -1) return known + 1
    return used.length < limit ? used.push(passage) : null
  }

  const replace = (text: string): string =>
    text.replace(marker, (_, numbers: string) =>
      numbers
        .split(/[,;]/)
        .map((number) => renumber(Number(number)))
        .filter((number) => number !== null)
        .map((number) => `[${number}]`)
        .join(''),
    )

  return {
    push(text) {
      const all = held + text
      const open = all.lastIndexOf('[')
      const isOpen = open !== -1 && all.length - open < longestMarker && /^\[[\d\s,;]*$/.test(all.slice(open))
      held = isOpen ? all.slice(open) : ''
      return replace(isOpen ? all.slice(0, open) : all)
    },
    end() {
      const rest = replace(held)
      held = ''
      return rest
    },
    used: () => used,
  }
}
