/**
 * Reads one Markdown note as Obsidian does: front matter, headings, tags, links, and its text as a list of blocks with
 * their offsets. Works line by line in one pass, so that a hostile note costs no more than its size. Comments
 * (`%%…%%`) and HTML comments belong to no block; code and math are blocks of their own and never read as tags or
 * links.
 */
import { highestLabel, type Label } from '@cairn/contract'
import { parseFrontMatter } from './front-matter.ts'

export type BlockKind = 'paragraph' | 'item' | 'row' | 'quote' | 'code' | 'math'

/** A stretch of the note's text that is never mixed with another: offsets in UTF-16 units, end exclusive. */
export interface Block {
  kind: BlockKind
  start: number
  end: number
  /** Index into `headings`; -1 above the first. */
  heading: number
}

export interface Heading {
  level: number
  text: string
  start: number
}

export interface Link {
  /** As written: a path or name, without heading and alias. */
  target: string
  embed: boolean
}

export interface ParsedNote {
  title: string
  aliases: string[]
  /** Small letters, without `#`; front matter and text together. */
  tags: string[]
  /** Of the note itself: front matter or a sensitivity tag; null when it says nothing. */
  label: Label | null
  /** False when the front matter says `ai: false`. */
  ai: boolean
  /** Milliseconds since 1970 of `date` or `created` in the front matter. */
  date: number | null
  headings: Heading[]
  blocks: Block[]
  links: Link[]
  /** What could not be read, in words for the owner; the rest of the note is read all the same. */
  problem: string | null
}

const maxLinks = 20_000
const maxTags = 500
const fencePattern = /^(?:[ \t]*>)*[ \t]*(`{3,}|~{3,})/
const headingPattern = /^ {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#*)?[ \t]*$/
const itemPattern = /^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+/
const rowPattern = /^[ \t]*\|.*\|[ \t]*$/
const tableRule = /^[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)*\|?[ \t]*$/

export function parseNote(path: string, text: string): ParsedNote {
  const front = parseFrontMatter(text)
  const scan = scanBlocks(text, front.end)
  const inline = scanInline(text, scan.blocks)
  const tags = [...new Set([...front.tags, ...inline.tags])].slice(0, maxTags)
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.md$/i, '')
  const firstHeading = scan.headings.find(({ level }) => level === 1)
  return {
    title: front.title ?? firstHeading?.text ?? name,
    aliases: front.aliases,
    tags,
    label: highest(front.label, labelOfTags(tags)),
    ai: front.ai,
    date: front.date,
    headings: scan.headings,
    blocks: scan.blocks,
    links: inline.links,
    problem: front.problem,
  }
}

function labelOfTags(tags: readonly string[]): Label | null {
  for (const label of ['restricted', 'confidential', 'internal', 'public'] as const)
    if (tags.includes(label)) return label
  return null
}

function highest(a: Label | null, b: Label | null): Label | null {
  return a && b ? highestLabel(a, b) : (a ?? b)
}

interface Scan {
  headings: Heading[]
  blocks: Block[]
}

/** What kind of line this is when no fence, math or comment is open. */
function kindOfLine(line: string): BlockKind | 'blank' {
  if (/^\s*$/.test(line)) return 'blank'
  if (rowPattern.test(line)) return 'row'
  if (itemPattern.test(line)) return 'item'
  return /^ {0,3}>/.test(line) ? 'quote' : 'paragraph'
}

function scanBlocks(text: string, from: number): Scan {
  const scan: Scan = { headings: [], blocks: [] }
  let open: Block | null = null
  let closer: string | null = null
  const close = () => {
    if (open && open.end > open.start) scan.blocks.push(open)
    open = null
  }
  for (let start = from; start < text.length;) {
    const newline = text.indexOf('\n', start)
    const next = newline === -1 ? text.length : newline + 1
    const end = newline === -1 ? text.length : newline > start && text[newline - 1] === '\r' ? newline - 1 : newline
    const line = text.slice(start, Math.min(end, start + 4_096))
    if (closer !== null) {
      const done = closes(line, closer)
      if (open) (open as Block).end = end
      if (done) {
        closer = null
        close()
      }
      start = next
      continue
    }
    closer = openerOf(line)
    if (closer !== null) {
      close()
      const kind = closer === '$$' ? 'math' : 'code'
      open = closer === '%%' || closer === '-->' ? null : { kind, start, end, heading: scan.headings.length - 1 }
      start = next
      continue
    }
    const heading = headingPattern.exec(line)
    const kind = kindOfLine(line)
    if (heading) {
      close()
      scan.headings.push({ level: (heading[1] as string).length, text: plainHeading(heading[2] as string), start })
    } else if (kind === 'blank' || isRule(line)) {
      close()
    } else if (open && joins(open, kind, line)) {
      ;(open as Block).end = end
    } else {
      close()
      open = { kind, start: start + leadingSpace(line, kind), end, heading: scan.headings.length - 1 }
    }
    start = next
  }
  close()
  return scan
}

/** Does a line of this kind continue the open block? Items and table rows are blocks of their own. */
function joins(open: Block, kind: BlockKind, line: string): boolean {
  if (kind === 'paragraph')
    return open.kind === 'paragraph' || open.kind === 'quote' || (open.kind === 'item' && /^[ \t]/.test(line))
  return kind === 'quote' && open.kind === 'quote'
}

function leadingSpace(line: string, kind: BlockKind): number {
  return kind === 'item' ? 0 : line.length - line.trimStart().length
}

function isRule(line: string): boolean {
  return (
    /^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|={3,})[ \t]*$/.test(line) ||
    (tableRule.test(line) && line.includes('-'))
  )
}

/** The text that ends what this line opens, or null. A comment or math that closes on its own line opens nothing. */
function openerOf(line: string): string | null {
  const fence = fencePattern.exec(line)?.[1]
  if (fence !== undefined) return fence
  const trimmed = line.trim()
  if (trimmed.startsWith('$$') && !trimmed.slice(2).includes('$$')) return '$$'
  if (trimmed.startsWith('%%') && !trimmed.slice(2).includes('%%')) return '%%'
  return trimmed.startsWith('<!--') && !trimmed.includes('-->') ? '-->' : null
}

function closes(line: string, closer: string): boolean {
  if (closer === '$$' || closer === '%%' || closer === '-->') return line.includes(closer)
  const fence = fencePattern.exec(line)?.[1]
  return (
    fence !== undefined && fence[0] === closer[0] && fence.length >= closer.length && /^[ \t>]*[`~]+[ \t]*$/.test(line)
  )
}

function plainHeading(raw: string): string {
  return raw
    .slice(0, 300)
    .replace(/!?\[\[([^\]|]*\|)?([^\]]*)\]\]/g, '$2')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\{[:#][^}]*\}/g, '')
    .replace(/%%.*?%%|\s\^[\w-]+$|[*_`~=]{1,3}(?=\S)|(?<=\S)[*_`~=]{1,3}/g, '')
    .trim()
}

const inlinePattern =
  /`[^`\n]{1,2000}`|%%[^%]{0,2000}%%|(!?)\[\[([^\]\n]{1,500})\]\]|(!?)\[[^\]\n]{0,500}\]\(<?([^)>\n]{1,1000})>?\)|(?<![\p{L}\p{N}_/#&])#([\p{L}\p{N}_\-/]{1,200})/gu

function scanInline(text: string, blocks: readonly Block[]): { tags: string[]; links: Link[] } {
  const tags = new Set<string>()
  const links: Link[] = []
  for (const { kind, start, end } of blocks) {
    if (kind === 'code' || kind === 'math') continue
    for (const match of text.slice(start, end).matchAll(inlinePattern)) {
      const [, embed, wiki, image, address, tag] = match
      if (tag !== undefined) addTag(tags, tag)
      else if (links.length >= maxLinks) continue
      else if (wiki !== undefined) addWikiLink(links, wiki, embed === '!')
      else if (address !== undefined && !/^[a-z][a-z0-9+.-]*:|^#|^\/\//i.test(address))
        links.push({ target: decode(address.split(/[#?]/)[0] as string), embed: image === '!' })
    }
  }
  return { tags: [...tags], links }
}

/** Obsidian’s rule: a tag holds at least one character that is not a digit. */
function addTag(tags: Set<string>, raw: string): void {
  const tag = raw.replace(/\/+$/, '').toLowerCase().normalize('NFC')
  if (/\D/.test(tag) && tags.size < maxTags) tags.add(tag)
}

function addWikiLink(links: Link[], inner: string, embed: boolean): void {
  const target = (inner.split('|')[0] as string).split('#')[0]?.trim() ?? ''
  if (target !== '') links.push({ target: target.normalize('NFC'), embed })
}

function decode(address: string): string {
  try {
    return decodeURIComponent(address).normalize('NFC')
  } catch {
    return address.normalize('NFC')
  }
}
