/** What of a folder is no part of the vault: hidden files, Obsidian’s own, and what the vault’s settings exclude. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

export interface Exclusions {
  /** Is this vault-relative path (NFC, `/` between names) left out? Folders end with `/`. */
  excludes(path: string): boolean
}

/** Hidden files only. */
export const nothingExcluded: Exclusions = { excludes: (path) => /(?:^|\/)\./.test(path) }

const settingsSchema = z.looseObject({ userIgnoreFilters: z.array(z.string().max(1_000)).max(1_000).nullish() })
const largestSettings = 1_000_000

/** Reads `userIgnoreFilters` of `.obsidian/app.json`: path beginnings, or `/regular expressions/`. Broken settings exclude nothing. */
export async function readExclusions(root: string): Promise<Exclusions> {
  const filters = await readFilters(root)
  const prefixes = filters
    .filter((filter) => !isExpression(filter))
    .map((filter) => filter.normalize('NFC').replace(/^\//, ''))
  const expressions = filters.filter(isExpression).flatMap((filter) => compile(filter.slice(1, -1)))
  return {
    excludes: (path) =>
      nothingExcluded.excludes(path) ||
      prefixes.some((prefix) => prefix !== '' && (path.startsWith(prefix) || `${path}/` === prefix)) ||
      expressions.some((expression) => expression.test(path)),
  }
}

async function readFilters(root: string): Promise<string[]> {
  try {
    const text = await readFile(join(root, '.obsidian', 'app.json'), 'utf8')
    if (text.length > largestSettings) return []
    return settingsSchema.parse(JSON.parse(text)).userIgnoreFilters ?? []
  } catch {
    return []
  }
}

function isExpression(filter: string): boolean {
  return filter.length > 2 && filter.startsWith('/') && filter.endsWith('/')
}

/** Expressions come from the vault’s owner; those that could run away (nested repetition) are not used. */
function compile(source: string): RegExp[] {
  if (source.length > 200 || /[+*}]\)?[+*{]|\([^)]*[+*|][^)]*\)[+*{]/.test(source)) return []
  try {
    return [new RegExp(source, 'u')]
  } catch {
    return []
  }
}
