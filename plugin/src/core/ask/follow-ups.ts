/**
 * Questions that an answer leads on to: what else stands in the notes that it comes from, by their headings. No model is
 * asked for them, so they cost nothing and name what is there. Pure.
 */
import type { Citation } from '@cairn/contract'
import { nameOfNote } from '@cairn/ui/client'

const mostFollowUps = 3

/** `headingsOf`: headings of a note below its title, in order. */
export function suggestFollowUps(
  citations: readonly Pick<Citation, 'note' | 'heading'>[],
  headingsOf: (note: string) => readonly string[],
): string[] {
  const lastOf = (heading: string) => heading.split(' › ').pop() ?? ''
  const cited = new Set(citations.map(({ note, heading }) => `${note}\n${lastOf(heading)}`))
  const found = new Set<string>()
  for (const { note, heading } of citations) {
    const headings = headingsOf(note)
    const at = headings.indexOf(lastOf(heading))
    // What follows the passage first, then what stands before it.
    for (const next of [...headings.slice(at + 1), ...headings.slice(0, Math.max(0, at))])
      if (!cited.has(`${note}\n${next}`)) found.add(`What does “${nameOfNote(note).title}” say about “${next}”?`)
  }
  return [...found].slice(0, mostFollowUps)
}
