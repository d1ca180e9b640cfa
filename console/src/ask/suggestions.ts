/**
 * Questions to begin with. A vault can bring its own: a list under a heading that ends in “to ask” in the note
 * `Start here.md`. For other vaults they are made from the titles of a few notes.
 */
import type { VaultInfo } from '@cairn/contract'
import { getNote, listNotes } from '../api/resources.ts'

const startNote = 'Start here.md'
const wanted = 4

/** Suggestions for a vault; none when it cannot be read. */
export async function findSuggestions(vault: VaultInfo, signal: AbortSignal): Promise<readonly string[]> {
  const list = await listNotes(vault.id, signal)
  if (!list.ok) return []
  if (list.value.notes.some(({ note }) => note === startNote)) {
    const start = await getNote(vault.id, startNote, signal)
    const own = start.ok ? readQuestions(start.value.text) : []
    if (own.length > 0) return own.slice(0, wanted)
  }
  return questionsFromTitles(list.value.notes.map(({ title }) => title))
}

/** The list items under the heading that ends in “to ask”. */
export function readQuestions(text: string): string[] {
  const section = /^#{1,6}[ \t][^\n]*\bto ask[ \t]*\r?\n((?:(?!#{1,6}[ \t])[^\n]*(?:\n|$))*)/im.exec(text)?.[1] ?? ''
  return [...section.matchAll(/^[ \t]*(?:\d{1,3}[.)]|[-*+])[ \t]+([^\n]{5,200})/gm)].map((match) =>
    (match[1] ?? '').trim(),
  )
}

/** Titles that read like a subject, spread over the list. */
export function questionsFromTitles(titles: readonly string[]): string[] {
  const good = [...new Set(titles)].filter(
    (title) =>
      /^\p{L}[\p{L}\p{N} ,’'&-]{5,50}$/u.test(title) && !/\b(readme|index|untitled|template|changelog)\b/i.test(title),
  )
  const step = Math.max(1, Math.floor(good.length / wanted))
  return good
    .filter((_, index) => index % step === 0)
    .slice(0, wanted)
    .map((title) => `What do my notes say about ${title}?`)
}
