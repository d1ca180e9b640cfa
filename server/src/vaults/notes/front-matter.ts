/** The YAML block at the head of a note. A broken one is reported and read as text; it never stops the note. */
import { parseDocument } from 'yaml'
import { labelSchema, type Label } from '@cairn/contract'

export interface FrontMatter {
  /** Offset where the note's text begins; 0 without front matter. */
  end: number
  title: string | null
  aliases: string[]
  tags: string[]
  label: Label | null
  ai: boolean
  date: number | null
  problem: string | null
}

/** Larger front matter is data, not properties; it is not parsed. */
const longestBlock = 64 * 1_024
const maxEntries = 200

const pattern = /^\uFEFF?---[ \t]*\r?\n((?:[\s\S]*?\r?\n)??)(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/

export function parseFrontMatter(text: string): FrontMatter {
  const empty: FrontMatter = {
    end: 0,
    title: null,
    aliases: [],
    tags: [],
    label: null,
    ai: true,
    date: null,
    problem: null,
  }
  if (!/^\uFEFF?---[ \t]*\r?\n/.test(text)) return empty
  const match = pattern.exec(text.slice(0, longestBlock))
  if (!match) return { ...empty, problem: 'the front matter has no end (a line with ---), so it is read as text' }
  const found = { ...empty, end: match[0].length }
  const properties = parseYaml(match[1] as string)
  if (properties === null)
    return {
      ...found,
      problem: 'the front matter is not valid YAML, so its properties are not used',
      ...guardBroken(match[1] as string),
    }
  return { ...found, ...readProperties(properties) }
}

/** Rules that protect a note count even when the YAML around them is broken: the careful reading wins. */
function guardBroken(source: string): Partial<FrontMatter> {
  const sensitivity = /^[ \t]*sensitivity[ \t]*:[ \t]*["']?(\w+)/im.exec(source)?.[1]?.toLowerCase()
  const label = labelSchema.safeParse(sensitivity)
  return {
    ai: !/^[ \t]*ai[ \t]*:[ \t]*["']?(?:false|no|off)\b/im.test(source),
    label: label.success ? label.data : null,
  }
}

function parseYaml(source: string): Record<string, unknown> | null {
  try {
    const document = parseDocument(source, { uniqueKeys: false, logLevel: 'silent' })
    if (document.errors.length > 0) return null
    // An alias that multiplies (`&a [*b, *b]`) is refused after 20 repetitions.
    const value: unknown = document.toJS({ maxAliasCount: 20 })
    if (value === null || value === undefined) return {}
    return typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function readProperties(raw: Record<string, unknown>): Partial<FrontMatter> {
  const properties = new Map(Object.entries(raw).map(([name, value]) => [name.toLowerCase(), value]))
  const sensitivity = properties.get('sensitivity')
  const label = labelSchema.safeParse(typeof sensitivity === 'string' ? sensitivity.trim().toLowerCase() : undefined)
  const unknownLabel = sensitivity !== undefined && sensitivity !== null && !label.success
  const title = properties.get('title')
  const ai = properties.get('ai')
  return {
    title: typeof title === 'string' && title.trim() !== '' ? title.trim().slice(0, 300) : null,
    aliases: listStrings(properties.get('aliases') ?? properties.get('alias')),
    tags: listStrings(properties.get('tags') ?? properties.get('tag')).flatMap((tag) => normaliseTag(tag)),
    // A word that is no label was meant to protect: the highest is taken until it is mended.
    label: label.success ? label.data : unknownLabel ? 'restricted' : null,
    ai: !(ai === false || (typeof ai === 'string' && /^(?:false|no|off)$/i.test(ai.trim()))),
    date: parseDate(properties.get('date') ?? properties.get('created')),
    problem: unknownLabel
      ? 'sensitivity must be public, internal, confidential or restricted; the note counts as restricted until it is'
      : null,
  }
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
    .map((item) => String(item).trim().slice(0, 300))
    .filter((item) => item !== '')
    .slice(0, maxEntries)
}

function normaliseTag(raw: string): string[] {
  return raw
    .split(/\s+/)
    .map((tag) => tag.replace(/^#+/, '').replace(/\/+$/, '').toLowerCase().normalize('NFC'))
    .filter((tag) => tag !== '')
}

function parseDate(value: unknown): number | null {
  if (typeof value !== 'string') return null
  const match = /^(\d{4})-(\d{2})-(\d{2})/.exec(value.trim())
  if (!match) return null
  const time = Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]))
  return Number.isNaN(time) ? null : time
}
