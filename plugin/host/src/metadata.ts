/** What is known of a note without reading it: headings, tags, links and front matter, from a small parser of our own. */
import { parse } from 'yaml'
import { Events } from './base.ts'
import type { TFile, Vault } from './files.ts'

interface Loc {
  line: number
  col: number
  offset: number
}

interface CacheItem {
  position: { start: Loc; end: Loc }
}

export interface CachedMetadata {
  headings?: (CacheItem & { heading: string; level: number })[]
  tags?: (CacheItem & { tag: string })[]
  links?: (CacheItem & { link: string; original: string; displayText?: string })[]
  embeds?: (CacheItem & { link: string; original: string })[]
  blocks?: Record<string, CacheItem & { id: string }>
  frontmatter?: Record<string, unknown>
  frontmatterPosition?: CacheItem['position']
}

export function parseYaml(text: string): unknown {
  return parse(text)
}

export function getLinkpath(linktext: string): string {
  return linktext.split('#', 1)[0] ?? ''
}

/** Tags of the text and of the front matter, with `#`; null where there are none. */
export function getAllTags(cache: CachedMetadata): string[] | null {
  const own = cache.frontmatter?.['tags'] ?? cache.frontmatter?.['tag']
  const listed = (Array.isArray(own) ? own : typeof own === 'string' ? own.split(/[\s,]+/) : [])
    .map(String)
    .filter(Boolean)
    .map((tag) => (tag.startsWith('#') ? tag : `#${tag}`))
  const all = [...listed, ...(cache.tags ?? []).map(({ tag }) => tag)]
  return all.length === 0 ? null : all
}

export function parseNote(text: string): CachedMetadata {
  const cache: CachedMetadata = {}
  const front = /^---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(text)
  if (front) {
    try {
      const value: unknown = parse(front[1] ?? '')
      if (typeof value === 'object' && value !== null) cache.frontmatter = value as Record<string, unknown>
    } catch {
      // As in Obsidian: what is no YAML counts as no front matter.
    }
    cache.frontmatterPosition = positionOf(text, 0, front[0].length)
  }
  const body = blank(text, front?.[0].length ?? 0)
  for (const match of body.matchAll(/^(#{1,6})[ \t]+(.+?)[ \t]*#*$/gm))
    (cache.headings ??= []).push({ heading: match[2] ?? '', level: (match[1] ?? '').length, ...at(text, match) })
  for (const match of body.matchAll(
    /(?<=^|\s)#([\p{L}\p{M}\p{N}\p{So}_/-]*[\p{L}\p{M}\p{So}_/-][\p{L}\p{M}\p{N}\p{So}_/-]*)/gmu,
  ))
    (cache.tags ??= []).push({ tag: match[0], ...at(text, match) })
  for (const match of body.matchAll(/(!?)\[\[([^[\]|\n]+)(?:\|([^[\]\n]*))?\]\]/g)) {
    const link = { link: match[2] ?? '', original: match[0], ...at(text, match) }
    if (match[1] === '!') (cache.embeds ??= []).push(link)
    else (cache.links ??= []).push({ ...link, displayText: match[3] ?? match[2] ?? '' })
  }
  for (const match of body.matchAll(/(?<=\s)\^([A-Za-z0-9-]+)$/gm))
    (cache.blocks ??= {})[match[1] ?? ''] = { id: match[1] ?? '', ...at(text, match) }
  return cache
}

/** Code, comments and front matter as spaces: offsets stay. */
function blank(text: string, front: number): string {
  const spaces = (part: string) => part.replace(/[^\n]/g, ' ')
  return `${spaces(text.slice(0, front))}${text
    .slice(front)
    .replace(/^(`{3,}|~{3,})[\s\S]*?^\1/gm, spaces)
    .replace(/`[^`\n]+`/g, spaces)
    .replace(/%%[\s\S]*?%%/g, spaces)}`
}

function at(text: string, match: RegExpMatchArray): CacheItem {
  const start = match.index ?? 0
  return { position: positionOf(text, start, start + match[0].length) }
}

function positionOf(text: string, start: number, end: number): CacheItem['position'] {
  return { start: locate(text, start), end: locate(text, end) }
}

function locate(text: string, offset: number): Loc {
  const before = text.slice(0, offset)
  const line = before.split('\n').length - 1
  return { line, col: offset - (before.lastIndexOf('\n') + 1), offset }
}

export class MetadataCache extends Events {
  readonly #vault: Vault
  readonly #cached = new Map<string, CachedMetadata>()
  resolvedLinks: Record<string, Record<string, number>> = {}
  unresolvedLinks: Record<string, Record<string, number>> = {}

  constructor(vault: Vault) {
    super()
    this.#vault = vault
    vault.on('modify', (file: TFile) => void this.follow(file))
    vault.on('create', (file: TFile) => void this.follow(file))
    vault.on('rename', (file: TFile, before: string) => {
      this.#cached.delete(before)
      void this.follow(file)
    })
    vault.on('delete', (file: TFile) => {
      const before = this.#cached.get(file.path) ?? null
      this.#cached.delete(file.path)
      this.trigger('deleted', file, before)
    })
  }

  async load(): Promise<void> {
    for (const file of this.#vault.getMarkdownFiles()) await this.follow(file)
    this.trigger('resolved')
  }

  async follow(file: TFile): Promise<void> {
    if (file.extension !== 'md') return
    const text = await this.#vault.adapter.read(file.path)
    const cache = parseNote(text)
    this.#cached.set(file.path, cache)
    const [resolved, unresolved]: [Record<string, number>, Record<string, number>] = [{}, {}]
    for (const { link } of cache.links ?? []) {
      const target = this.getFirstLinkpathDest(getLinkpath(link), file.path)
      const [counts, key] = target === null ? [unresolved, link] : [resolved, target.path]
      counts[key] = (counts[key] ?? 0) + 1
    }
    this.resolvedLinks[file.path] = resolved
    this.unresolvedLinks[file.path] = unresolved
    this.trigger('changed', file, text, cache)
  }

  getFileCache(file: TFile): CachedMetadata | null {
    return this.#cached.get(file.path) ?? null
  }

  getCache(path: string): CachedMetadata | null {
    return this.#cached.get(path) ?? null
  }

  /** The note of that path; else, of those with that name, the one with the shortest path. */
  getFirstLinkpathDest(linkpath: string, sourcePath: string): TFile | null {
    if (linkpath === '') return this.#vault.getFileByPath(sourcePath)
    const wanted = linkpath.toLowerCase().replace(/\.md$/, '')
    const isIt = ({ path }: TFile) => {
      const plain = path.toLowerCase().replace(/\.md$/, '')
      return plain === wanted || plain.endsWith(`/${wanted}`)
    }
    const found = this.#vault.getFiles().filter(isIt)
    return found.sort((a, b) => a.path.length - b.path.length)[0] ?? null
  }

  fileToLinktext(file: TFile): string {
    const same = this.#vault.getFiles().filter(({ basename }) => basename === file.basename)
    return same.length > 1 ? file.path.replace(/\.md$/, '') : file.basename
  }
}
