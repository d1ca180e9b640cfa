/**
 * `npm run docs`: writes docs/reference from the tables, copies regions of example files into pages, and checks links
 * and JSON blocks. With `--check` it writes nothing and fails where something differs.
 *
 * A page takes a region with `<!-- from examples/first/main.ts#ask -->` … `<!-- end -->`; the file marks it with
 * `// #region ask` … `// #endregion`. A block fenced as `json config` or `jsonc config` must be a valid configuration.
 */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, extname, join, relative, resolve } from 'node:path'
import { Glob } from 'bun'
import { z } from 'zod'
import { configSchema } from '../contract/src/index.ts'
import { stripComments } from '../server/src/config/strip-comments.ts'
import { renderReference, type Page } from './reference-pages.ts'

const root = resolve(import.meta.dir, '..')

export interface DocsResult {
  /** Pages whose text should be another. */
  readonly stale: readonly Page[]
  /** Sentences on broken links, missing regions and wrong blocks. */
  readonly problems: readonly string[]
}

/** Reads every page below a folder; `generated` are those that must be there with exactly this text. */
export function inspectDocs(folder: string, generated: readonly Page[]): DocsResult {
  const problems: string[] = []
  const stale: Page[] = []
  const read = (path: string) => (existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined)
  const generatedPaths = new Set(generated.map(({ path }) => path))
  const handmade = findPages(folder).filter((path) => !generatedPaths.has(path))
  const wanted = [
    ...generated,
    ...handmade.map((path) => ({ path, text: fillRegions(path, read(path) ?? '', { read, problems }) })),
  ]
  for (const page of wanted) {
    if (read(page.path) !== page.text) stale.push(page)
    problems.push(...checkBlocks(page), ...checkLinks(page, folder, wanted))
  }
  return { stale, problems }
}

function findPages(folder: string): string[] {
  const patterns = ['*.md', 'docs/**/*.md', 'examples/*/README.md', 'bench/*.md']
  return patterns.flatMap((pattern) => [...new Glob(pattern).scanSync(folder)]).toSorted()
}

// --- Regions ----------------------------------------------------------------------------------------------------------

const fenceNames: Record<string, string> = { '.mjs': 'js', '.jsonc': 'jsonc' }

function fillRegions(
  path: string,
  text: string,
  { read, problems }: { read: (path: string) => string | undefined; problems: string[] },
): string {
  const fill = (whole: string, open: string, file: string, name: string): string => {
    const source = read(file)
    const region = source === undefined ? undefined : findRegion(source, name)
    if (region === undefined) {
      problems.push(
        `${path} takes the region ${name} of ${file}, which ${source === undefined ? 'is no file' : 'has no such region'}.`,
      )
      return whole
    }
    const language = fenceNames[extname(file)] ?? extname(file).slice(1)
    return `${open}\`\`\`${language}\n${region}\n\`\`\`\n<!-- end -->`
  }
  return text.replace(/(<!-- from (\S+)#(\S+) -->\n)[\s\S]*?<!-- end -->/g, fill)
}

/** The lines between the markers, without their common indentation. */
function findRegion(source: string, name: string): string | undefined {
  const lines = source.split('\n')
  const start = lines.findIndex((line) => new RegExp(`#region ${name}\\s*$`).test(line))
  const length = lines.slice(start + 1).findIndex((line) => line.includes('#endregion'))
  if (start < 0 || length < 0) return undefined
  const body = lines.slice(start + 1, start + 1 + length)
  const indent = Math.min(
    ...body.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length),
  )
  return body.map((line) => line.slice(indent)).join('\n')
}

// --- Blocks -----------------------------------------------------------------------------------------------------------

function checkBlocks({ path, text }: Page): string[] {
  const problems: string[] = []
  for (const [, kind = '', info = '', body = ''] of text.matchAll(/^```(jsonc?)([^\n]*)\n([\s\S]*?)^```/gm)) {
    const where = `${path}: the ${kind} block “${body.trim().split('\n')[0]?.slice(0, 40) ?? ''}”`
    let value: unknown
    try {
      value = JSON.parse(kind === 'jsonc' ? stripComments(body) : body)
    } catch (error) {
      problems.push(`${where} is not JSON (${error instanceof Error ? error.message : String(error)}).`)
      continue
    }
    const parsed = /\bconfig\b/.test(info) ? configSchema.safeParse(value) : undefined
    if (parsed?.success === false)
      problems.push(`${where} is no valid configuration:\n${z.prettifyError(parsed.error)}`)
  }
  return problems
}

// --- Links ------------------------------------------------------------------------------------------------------------

function checkLinks({ path, text }: Page, folder: string, pages: readonly Page[]): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')
  const problems: string[] = []
  for (const [, target = ''] of prose.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)) {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) continue
    const [file = '', anchor] = target.split('#')
    const to = file === '' ? path : relative(folder, resolve(folder, dirname(path), decodeURI(file)))
    const page = pages.find((candidate) => candidate.path === to)
    if (to.startsWith('..') || (page === undefined && !existsSync(join(folder, to))))
      problems.push(`${path} links to ${target}, which is no file of the repository.`)
    else if (anchor !== undefined && page !== undefined && !headingAnchors(page.text).has(anchor))
      problems.push(`${path} links to ${target}, but ${to} has no such heading.`)
  }
  return problems
}

/** Anchors as GitHub makes them of headings. */
function headingAnchors(text: string): Set<string> {
  const anchors = new Set<string>()
  const prose = text.replace(/^```[\s\S]*?^```/gm, '')
  for (const [, heading = ''] of prose.matchAll(/^#{1,6}\s+(.+?)\s*$/gm)) {
    const base = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-')
    let anchor = base
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${base}-${count}`
    anchors.add(anchor)
  }
  return anchors
}

// --- As a program -----------------------------------------------------------------------------------------------------

function main(args: readonly string[]): number {
  const check = args.includes('--check')
  const { stale, problems } = inspectDocs(root, renderReference())
  for (const problem of problems) console.error(problem)
  for (const { path, text } of stale) {
    if (check) {
      console.error(`${path} is out of date; run npm run docs.`)
      continue
    }
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
    console.log(`Wrote ${path} (${(statSync(join(root, path)).size / 1_024).toFixed(1)} kB)`)
  }
  return problems.length > 0 || (check && stale.length > 0) ? 1 : 0
}

if (import.meta.main) process.exit(main(process.argv.slice(2)))
