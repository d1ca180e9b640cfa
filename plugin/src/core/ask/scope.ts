/** The notes that a question is asked of: read from what others give, written in a link, and told in words. Pure. */
import type { AskScope } from '@cairn/contract'

const most = { notes: 500, folders: 100, tags: 100 } as const
const kinds = ['notes', 'folders', 'tags'] as const

/** Null when it names nothing. What is no text, or too much, is left out. */
export function readScope(given: unknown): AskScope | null {
  if (typeof given === 'string') return parseScope(given)
  if (typeof given !== 'object' || given === null) return null
  const lists = kinds.flatMap((kind) => {
    const list: unknown = (given as Record<string, unknown>)[kind]
    const texts = (Array.isArray(list) ? (list as unknown[]) : [])
      .filter((item): item is string => typeof item === 'string' && item.trim() !== '')
      .map((item) => (kind === 'tags' ? item.trim().replace(/^#/, '') : item.trim()))
      .filter((item) => item !== '' && item.length <= (kind === 'tags' ? 200 : 1_000))
    return texts.length === 0 ? [] : [[kind, [...new Set(texts)].slice(0, most[kind])] as const]
  })
  return lists.length === 0 ? null : Object.fromEntries(lists)
}

/** `note:A.md,folder:Projects,tag:handbook`, as links have it. A comma ends a name only where another begins. */
export function parseScope(text: string): AskScope | null {
  const named = { note: [] as string[], folder: [] as string[], tag: [] as string[] }
  for (const part of text.split(/,(?=(?:note|folder|tag):)/)) {
    const [, kind, name] = /^(note|folder|tag):(.+)$/.exec(part.trim()) ?? []
    if (kind !== undefined && name !== undefined) named[kind as keyof typeof named].push(name)
  }
  return readScope({ notes: named.note, folders: named.folder, tags: named.tag })
}

/** “Of 3 notes”, “Of Projects/Tern”, “Of notes with #handbook”. */
export function describeScope({ notes = [], folders = [], tags = [] }: AskScope): string {
  const places = [...folders, ...(notes.length === 1 ? notes : [])]
  const counted = notes.length > 1 ? [`${notes.length} notes`] : []
  const where = [...counted, ...places].join(', ')
  const what = tags.map((tag) => `#${tag}`).join(', ')
  if (what === '') return `Of ${where}`
  return where === '' ? `Of notes with ${what}` : `Of ${where} with ${what}`
}
