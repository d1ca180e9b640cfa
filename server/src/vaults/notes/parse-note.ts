/**
 * Reads one Markdown note as Obsidian does: front matter, headings, tags, links, and its text as a list of blocks with
 * their offsets. Comments (`%%…%%`) and HTML comments belong to no block; code and math are never read as tags or
 * links. Never throws; what cannot be read is told in `problem`.
 */
import type { Label, Scalar } from '@cairn/contract'
import { highestLabel } from '@cairn/contract/tables'
import { parseFrontMatter } from './front-matter.ts'
import { maxHeadings, scanBlocks, type Block, type Heading } from './scan-blocks.ts'
import { maxTags, scanInline, type Link } from './scan-inline.ts'

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
  owner: string | null
  /** Single-valued properties of the front matter, by name in small letters. */
  properties: Record<string, Scalar>
  /** Where the text after the front matter begins. */
  textStart: number
  headings: Heading[]
  blocks: Block[]
  links: Link[]
  /** What could not be read, in words for the owner; the rest of the note is read all the same. */
  problem: string | null
}

export function parseNote(path: string, text: string): ParsedNote {
  const front = parseFrontMatter(text)
  const scan = scanBlocks(text, front.end)
  const inline = scanInline(text, scan, front.links)
  const all = [...new Set([...front.tags, ...inline.tags])]
  const tags = all.slice(0, maxTags)
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.md$/i, '')
  const firstHeading = scan.headings.find(({ level, text: words }) => level === 1 && words !== '')
  const overflow = scan.overflow
    ? `it has more than ${maxHeadings} headings; the further ones are read as text`
    : inline.overflow || all.length > maxTags
      ? 'it has more tags or links than are kept'
      : null
  return {
    title: front.title ?? firstHeading?.text ?? name,
    aliases: front.aliases,
    tags,
    label: highest(front.label, labelOfTags(all)),
    ai: front.ai,
    date: front.date,
    owner: front.owner,
    properties: front.properties,
    textStart: front.end,
    headings: scan.headings,
    blocks: scan.blocks,
    links: inline.links,
    problem: front.problem ?? overflow,
  }
}

function labelOfTags(tags: readonly string[]): Label | null {
  for (const label of ['restricted', 'confidential', 'internal', 'public'] as const)
    // As in Obsidian's own search, `#confidential/hr` has the tag `confidential`.
    if (tags.some((tag) => tag === label || tag.startsWith(`${label}/`))) return label
  return null
}

function highest(a: Label | null, b: Label | null): Label | null {
  return a && b ? highestLabel(a, b) : (a ?? b)
}
