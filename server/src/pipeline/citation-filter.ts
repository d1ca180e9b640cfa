/**
 * Checks the numbers that a model puts in its answer while it streams: a number that names no passage is removed, the
 * others are numbered anew in the order of their first use. A marker may be cut by the stream anywhere, so text from
 * an opening bracket on is held until the bracket is closed or is seen to be none, and so are the spaces before it, which
 * go with a marker that is removed.
 */
export interface CitationFilter {
  /** Takes a piece of text; gives what can be shown. */
  push(text: string): string
  /** What was held back when the text ended. */
  end(): string
  /** Passage numbers in the order of their first use; the n-th is citation n. */
  used(): readonly number[]
}

const marker = /([ \t]{0,8})\[(\d{1,3}(?:\s{0,2}[,;]\s{0,2}\d{1,3}){0,15})\]/g
/** What a piece may end with and be part of a marker: spaces, or the beginning of one after them; as long as one can be. */
const unfinished = /[ \t]{0,8}(?:\[[\d\s,;]{0,130})?$/

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
    text.replace(marker, (_, spaces: string, numbers: string) => {
      const known = numbers.split(/[,;]/).flatMap((number) => renumber(Number(number)) ?? [])
      return known.length === 0 ? '' : spaces + known.map((number) => `[${number}]`).join('')
    })

  return {
    push(text) {
      const all = held + text
      const cut = unfinished.exec(all)?.index ?? all.length
      held = all.slice(cut)
      return replace(all.slice(0, cut))
    },
    end() {
      const rest = replace(held)
      held = ''
      return rest
    },
    used: () => used,
  }
}
