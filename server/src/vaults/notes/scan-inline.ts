/** Tags and links in the running text of a note. Inline code, math, addresses and HTML tags are passed over. */
import type { Scan } from './scan-blocks.ts'

export interface Link {
  /** As written: a path or name, without heading and alias. */
  target: string
  embed: boolean
}

const maxLinks = 20_000
export const maxTags = 500

/** Inline code and math: never cut, never read. Lengths are bounded so that an opener without end costs little. */
const codeSpan = '(?<!`)(?<ticks>`+)(?!`)[^\\n]{1,1000}?(?<!`)\\k<ticks>(?!`)'
const mathSpan = '\\$\\$[^$]{1,2000}\\$\\$|(?<![\\\\$])\\$(?=[^\\s$])[^$\\n]{1,500}(?<=\\S)\\$(?!\\d)'
const wikiLink = '(?<embed>!?)\\[\\[(?<wiki>[^[\\]\\n]{1,500})\\]\\]'
const markdownLink =
  '(?<image>!?)\\[[^[\\]\\n]{0,500}\\]\\((?:<(?<quoted>[^>\\n]{1,1000})>(?:[ \\t]+"[^"\\n]{0,300}")?|(?<address>(?:[^()<>\\n]|\\([^()\\n]{0,200}\\)){1,1000}))\\)'
const address = 'https?:\\/\\/[^\\s<>]{1,2000}'
const html = '<\\/?[a-zA-Z][^<>]{0,500}>'
const tagName =
  '(?<![\\p{L}\\p{N}\\p{M}_/#&{\\\\])#(?<tag>[\\p{L}\\p{N}\\p{M}\\p{Extended_Pictographic}\\u200d\\ufe0f_\\-/]{1,200})'

const inlinePattern = new RegExp([codeSpan, mathSpan, wikiLink, markdownLink, address, html, tagName].join('|'), 'gu')
/** What must stay in one piece when a paragraph is cut. */
export const atomPattern = new RegExp([codeSpan, mathSpan, wikiLink, markdownLink, address, html].join('|'), 'gu')

export interface Inline {
  tags: string[]
  links: Link[]
  /** More tags or links than are kept. */
  overflow: boolean
}

/** `properties`: links of the front matter, as written between the brackets. */
export function scanInline(text: string, found: Omit<Scan, 'overflow'>, properties: readonly string[]): Inline {
  const tags = new Set<string>()
  const links = new Map<string, Link>()
  let overflow = false
  const addLink = (target: string, embed: boolean) => {
    if (target === '' || links.has(target)) return
    if (links.size >= maxLinks) overflow = true
    else links.set(target, { target, embed })
  }
  for (const inner of properties) addLink(wikiTarget(inner), false)
  const scan = ({ start, end }: { start: number; end: number }, onlyTags = false) => {
    for (const { groups } of text.slice(start, end).matchAll(inlinePattern)) {
      const {
        tag: name,
        wiki,
        embed,
        image,
        quoted,
        address: path = quoted,
      } = groups as Record<string, string | undefined>
      if (name !== undefined) overflow = !addTag(tags, name) || overflow
      else if (onlyTags) continue
      else if (wiki !== undefined) addLink(wikiTarget(wiki), embed === '!')
      else if (path !== undefined && !/^[a-z][a-z0-9+.-]*:|^#|^\/\//i.test(path))
        addLink(pathTarget(path), image === '!')
    }
  }
  for (const span of found.headingSpans) scan(span)
  for (const block of found.blocks) if (block.kind !== 'code' && block.kind !== 'math') scan(block)
  for (const span of found.commentSpans) scan(span, true)
  return { tags: [...tags], links: [...links.values()], overflow }
}

/** Obsidian’s rule: a tag holds at least one character that is not a digit. False when there is no room for it. */
function addTag(tags: Set<string>, raw: string): boolean {
  const tag = raw.replace(/\/+$/, '').toLowerCase().normalize('NFC')
  if (!/\D/.test(tag) || tags.has(tag)) return true
  // Tags that set the sensitivity always have room.
  if (tags.size >= maxTags && !/^(?:restricted|confidential|internal|public)(?:\/|$)/.test(tag)) return false
  tags.add(tag)
  return true
}

/** In a table the bar before an alias is written `\|`. */
function wikiTarget(inner: string): string {
  const target = inner.split('|')[0] as string
  return (target.split('#')[0] as string).replace(/\\+$/, '').trim().normalize('NFC')
}

function pathTarget(path: string): string {
  const bare = (path.split(/[#?]/)[0] as string).replace(/\s+"[^"\n]*"$/, '').trim()
  try {
    return decodeURIComponent(bare).normalize('NFC')
  } catch {
    return bare.normalize('NFC')
  }
}
