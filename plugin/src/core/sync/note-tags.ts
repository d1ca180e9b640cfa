/** The tags that a note may have, from its text alone. */
import { fold } from '../exclusions.ts'

const tagPattern = /#([\p{L}\p{N}\p{M}\p{S}_/-]+)/gu
const wordPattern = /[\p{L}\p{N}\p{M}\p{S}_/-]+/gu
const frontMatter = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)(?:\r?\n)(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/

/** What stands between the lines of the front matter; undefined when there is none. */
export function frontMatterOf(text: string): string | undefined {
  return frontMatter.exec(text)?.[1]
}

/** Every tag that the note may have; also what looks like one in code. Null when its front matter is too clever. */
export function tagsIn(text: string): readonly string[] | null {
  const tags = new Set(Array.from(text.matchAll(tagPattern), ([, tag]) => fold(tag ?? '')))
  const properties = frontMatterOf(text)
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
