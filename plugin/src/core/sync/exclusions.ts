/**
 * What never leaves the device. Everything here errs towards keeping a note: folders are compared without regard to
 * case, and a note whose tags cannot be told for sure counts as having all of them.
 */
import type { Exclusions } from './types.ts'

const fold = (text: string): string => text.normalize('NFC').toLowerCase()

export function excludesPath({ folders }: Exclusions, path: string): boolean {
  const folded = fold(path)
  return folders.some((folder) => {
    const start = fold(folder).replace(/^\/+|\/+$/g, '')
    return start !== '' && folded.startsWith(`${start}/`)
  })
}

export function excludesTags({ tags }: Exclusions, of: readonly string[] | null): boolean {
  const wanted = tags.map((tag) => fold(tag).replace(/^#/, '')).filter((tag) => tag !== '')
  if (of === null) return wanted.length > 0
  return of.some((tag) => wanted.some((each) => tag === each || tag.startsWith(`${each}/`)))
}

const tagPattern = /#([\p{L}\p{N}\p{M}\p{S}_/-]+)/gu
const wordPattern = /[\p{L}\p{N}\p{M}\p{S}_/-]+/gu
const frontMatter = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)(?:\r?\n)(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/

/** Every tag that the note may have; also what looks like one in code. Null when its front matter is too clever. */
export function tagsIn(text: string): readonly string[] | null {
  const tags = new Set(Array.from(text.matchAll(tagPattern), ([, tag]) => fold(tag ?? '')))
  const properties = frontMatter.exec(text)?.[1]
  if (properties !== undefined) {
    const own = tagsOfProperties(properties)
    if (own === null) return null
    for (const tag of own) tags.add(tag)
  }
  return [...tags]
}

/** Escapes, anchors, merges and flow at the top level could hide a tag from a reader of lines. */
function tagsOfProperties(properties: string): string[] | null {
  if (/^\s*[{[]|^\s*\?|[&*!]\S|<<\s*:/m.test(properties.replaceAll(/"[^"\n]*"|'[^'\n]*'/g, '""'))) return null
  const tags: string[] = []
  let isTags = false
  for (const line of properties.split(/\r?\n/)) {
    const key = /^(?:"([^"]*)"|'([^']*)'|([^\s#:-][^:]*?))\s*:(?:\s|$)(.*)$/.exec(line)
    if (key !== null) isTags = /^tags?$/i.test(key[1] ?? key[2] ?? key[3] ?? '')
    if (line.includes('\\')) return null
    if (isTags) tags.push(...((key === null ? line : (key[4] ?? '')).match(wordPattern) ?? []).map(fold))
  }
  return tags.map((tag) => tag.replace(/^-(?=.)/, ''))
}
