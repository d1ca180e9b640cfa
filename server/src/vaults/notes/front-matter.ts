/**
 * The YAML block at the head of a note. A broken one is reported and its properties are not used; it never stops the
 * note, and what it says to protect the note counts all the same.
 */
import { parseDocument } from 'yaml'
import type { Label, Scalar } from '@cairn/contract'
import { highestLabel, labelSchema } from '@cairn/contract/tables'
import { clip } from './clip.ts'

export interface FrontMatter {
  /** Offset where the note's text begins; 0 without front matter. */
  end: number
  title: string | null
  aliases: string[]
  tags: string[]
  label: Label | null
  ai: boolean
  date: number | null
  /** Whose note it is, as `owner` says; null when it does not. */
  owner: string | null
  /** Properties with a single value, by name in small letters: what rules can compare. At most 50. */
  properties: Record<string, Scalar>
  /** Wikilinks in properties, as written between the brackets. */
  links: string[]
  problem: string | null
}

/** Larger front matter is data, not properties; it is not parsed. */
const longestBlock = 64 * 1_024
const maxEntries = 200
const maxAliases = 50
const aliasChars = 100
const titleChars = 300
/** What is kept of properties for rules. */
const maxProperties = 50
const propertyChars = 256

const opening = /^\uFEFF?---[ \t]*\r?\n/
const closing = /^(?:---|\.\.\.)[ \t]*\r?$/

export function parseFrontMatter(text: string): FrontMatter {
  const empty: FrontMatter = {
    end: 0,
    title: null,
    aliases: [],
    tags: [],
    label: null,
    ai: true,
    date: null,
    owner: null,
    properties: {},
    links: [],
    problem: null,
  }
  const first = opening.exec(text)
  if (!first) return empty
  const block = findBlock(text, first[0].length)
  if (!block) {
    const problem = 'the front matter has no end (a line with ---), so it is read as text'
    return { ...empty, ...guardBroken(text.slice(first[0].length, longestBlock)), problem }
  }
  const source = text.slice(first[0].length, block.start)
  const found = { ...empty, end: block.end }
  if (source.length > longestBlock) {
    const problem = `the front matter is larger than ${longestBlock / 1_024} KB, so its properties are not used`
    return { ...found, ...guardBroken(source), problem }
  }
  const properties = parseYaml(source)
  if (properties !== null) return { ...found, ...readProperties(properties) }
  const problem = 'the front matter is not valid YAML, so its properties are not used'
  return { ...found, ...guardBroken(source), problem }
}

/** Where the closing line begins and where the text after it does. */
function findBlock(text: string, from: number): { start: number; end: number } | null {
  for (let start = from; start < text.length;) {
    const newline = text.indexOf('\n', start)
    const end = newline === -1 ? text.length : newline
    if (end - start < 100 && closing.test(text.slice(start, end)))
      return { start, end: newline === -1 ? text.length : newline + 1 }
    start = end + 1
  }
  return null
}

/** Rules that protect a note count even when the YAML around them is broken: the careful reading wins. */
function guardBroken(source: string): Pick<FrontMatter, 'ai' | 'label' | 'tags'> {
  let label: Label | null = null
  for (const match of source.matchAll(/^[ \t]*["']?sensitivity["']?[ \t]*:[ \t]*["']?([^\s"'#]{1,40})/gim)) {
    const named = labelSchema.safeParse((match[1] as string).toLowerCase())
    label = highestLabel(label ?? 'public', named.success ? named.data : 'restricted')
  }
  const tags = [...source.matchAll(/^["']?tags?["']?[ \t]*:([^\n]{0,1000}(?:\n[ \t]*-[^\n]{0,300}){0,200})/gim)]
  return {
    label,
    ai: !/^[ \t]*["']?ai["']?[ \t]*:[ \t]*["']?(?:false|no|off)\b/im.test(source),
    tags: tags.flatMap((match) => (match[1] as string).split(/[\s,[\]"'{}]+|^-/)).flatMap(normaliseTag),
  }
}

function parseYaml(source: string): Record<string, unknown> | null {
  if (isDeep(source)) return null
  try {
    // A key that stands twice is an error: it must not be chance which sensitivity counts.
    const document = parseDocument(source, { uniqueKeys: true, logLevel: 'silent' })
    if (document.errors.length > 0) return null
    // An alias that multiplies (`&a [*b, *b]`) is refused after 20 repetitions.
    const value: unknown = document.toJS({ maxAliasCount: 20 })
    if (value === null || value === undefined) return {}
    if (typeof value !== 'object' || Array.isArray(value)) return null
    const names = Object.keys(value).map(nameOf)
    return new Set(names).size === names.length ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

/** Brackets nested deeper than properties ever are; the parser takes seconds for thousands of them. */
function isDeep(source: string): boolean {
  let depth = 0
  for (const match of source.matchAll(/[[{]|[\]}]/g)) {
    depth += match[0] === '[' || match[0] === '{' ? 1 : -1
    if (depth > 50) return true
    if (depth < 0) depth = 0
  }
  return false
}

/** Two spellings of one name are one property, as in Obsidian. */
function nameOf(raw: string): string {
  return raw.toLowerCase().normalize('NFC')
}

function readProperties(raw: Record<string, unknown>): Partial<FrontMatter> {
  const properties = new Map(Object.entries(raw).map(([name, value]) => [nameOf(name), value]))
  const sensitivity = properties.get('sensitivity')
  const label = labelSchema.safeParse(typeof sensitivity === 'string' ? sensitivity.trim().toLowerCase() : undefined)
  const unknownLabel = sensitivity !== undefined && sensitivity !== null && !label.success
  const title = properties.get('title')
  const ai = properties.get('ai')
  const owner = comparable(properties.get('owner'))
  return {
    title:
      typeof title === 'string' || typeof title === 'number' ? clip(String(title).trim(), titleChars) || null : null,
    aliases: listStrings(properties.get('aliases') ?? properties.get('alias'))
      .slice(0, maxAliases)
      .map((alias) => clip(alias, aliasChars)),
    tags: listStrings(properties.get('tags') ?? properties.get('tag')).flatMap(normaliseTag),
    // A word that is no label was meant to protect: the highest is taken until it is mended.
    label: label.success ? label.data : unknownLabel ? 'restricted' : null,
    ai: !(ai === false || (typeof ai === 'string' && /^(?:false|no|off)$/i.test(ai.trim()))),
    date: parseDate(properties.get('date') ?? properties.get('created')),
    owner: typeof owner === 'string' && owner !== '' ? owner : null,
    properties: listProperties(properties),
    links: listLinks([...properties.values()]),
    problem: unknownLabel
      ? 'sensitivity must be public, internal, confidential or restricted; the note counts as restricted until it is'
      : null,
  }
}

/** Longer texts, lists and what is nested cannot be compared, so they are left out and rules take them for unknown. */
function listProperties(properties: ReadonlyMap<string, unknown>): Record<string, Scalar> {
  const found: [string, Scalar][] = []
  for (const [name, value] of properties) {
    const single = comparable(value)
    if (single === null || name.length > propertyChars) continue
    found.push([name, single])
    if (found.length === maxProperties) break
  }
  return Object.fromEntries(found)
}

function comparable(value: unknown): Scalar | null {
  if (typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value !== 'string') return null
  const text = value.trim().normalize('NFC')
  return text.length <= propertyChars ? text : null
}

function listStrings(value: unknown): string[] {
  const items = Array.isArray(value)
    ? value
    : typeof value === 'string'
      ? value.split(',')
      : value === null || value === undefined
        ? []
        : [value]
  return items
    .filter((item) => typeof item === 'string' || typeof item === 'number')
    .map((item) => String(item).trim())
    .filter((item) => item !== '')
    .slice(0, maxEntries)
}

/** Obsidian’s link properties: text, or a list of texts, with `[[…]]`. */
function listLinks(values: readonly unknown[]): string[] {
  const texts = values.flatMap((value) => (Array.isArray(value) ? value : [value])).slice(0, 5 * maxEntries)
  return texts.flatMap((each) =>
    typeof each === 'string'
      ? Array.from(each.matchAll(/\[\[([^\]\n]{1,500})\]\]/g), (match) => match[1] as string)
      : [],
  )
}

function normaliseTag(raw: string): string[] {
  return raw
    .split(/\s+/)
    .map((tag) => tag.replace(/^#+/, '').replace(/\/+$/, '').toLowerCase().normalize('NFC'))
    .filter((tag) => tag !== '')
}

function parseDate(value: unknown): number | null {
  if (typeof value !== 'string') return null
  const match = /^(?:\[\[)?(\d{4})-(\d{2})-(\d{2})/.exec(value.trim())
  if (!match) return null
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number]
  return year < 100 || month < 1 || month > 12 || day < 1 || day > 31 ? null : Date.UTC(year, month - 1, day)
}
