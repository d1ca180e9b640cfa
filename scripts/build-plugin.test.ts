/** Promises of the shipped files: small, whole, the same every time, and no style that reaches beyond Cairn. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postcss from 'postcss'
import { z } from 'zod'
import { buildPlugin } from './build-plugin.ts'

let folder: string
let program: string
let styles: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-build-plugin-'))
  await buildPlugin(folder)
  program = await readFile(join(folder, 'main.js'), 'utf8')
  styles = await readFile(join(folder, 'styles.css'), 'utf8')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('main.js', () => {
  test('is at most 300 kB', () => {
    expect(new TextEncoder().encode(program).length).toBeLessThanOrEqual(300_000)
  })

  test('asks for nothing that Obsidian does not provide on a phone', () => {
    const needed = [...program.matchAll(/\brequire\(["']([^"']+)["']\)/g)].map(([, name]) => name)
    expect([...new Set(needed)]).toEqual(['obsidian'])
    expect(program.match(/\bprocess\.(?:env|versions|platform)\b|\bBuffer\.from\b/)).toBeNull()
    // iOS before 16.4 does not load a program that looks behind.
    expect(program.match(/\(\?<[=!]/)).toBeNull()
  })

  test('names no path of the machine that it was built on', () => {
    expect(program.includes(tmpdir())).toBe(false)
    expect(program.match(/\/(?:home|root|Users|tmp)\//)).toBeNull()
  })

  test('is the same a second time', async () => {
    const again = await mkdtemp(join(tmpdir(), 'cairn-build-plugin-'))
    await buildPlugin(again)
    expect(await readFile(join(again, 'main.js'), 'utf8')).toBe(program)
    await rm(again, { recursive: true, force: true })
  })
})

test('manifest.json is what the directory takes', async () => {
  const manifest: unknown = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'))
  const shape = z.strictObject({
    id: z.literal('cairn'),
    name: z.literal('Cairn'),
    version: z.string().regex(/^\d+\.\d+\.\d+$/),
    minAppVersion: z.literal('1.13.0'),
    description: z
      .string()
      .max(250)
      .regex(/^[A-Z].*\.$/)
      .regex(/^(?!.*(?:obsidian|plugin)).*$/i),
    author: z.string().min(1),
    isDesktopOnly: z.literal(false),
  })
  expect(shape.parse(manifest)).toBeTruthy()
})

describe('styles.css', () => {
  test('has no rule that reaches an element without a class of Cairn', () => {
    const leaks: string[] = []
    postcss.parse(styles).walkRules((rule) => {
      if (rule.parent?.type === 'atrule' && 'name' in rule.parent && rule.parent.name.endsWith('keyframes')) return
      leaks.push(...rule.selectors.filter((selector) => !/\.cairn(?:-[\w-]+)?(?![\w-])/.test(selector)))
    })
    expect(leaks).toEqual([])
  })

  test('names its animations after itself, loads nothing, and forces nothing', () => {
    const names: string[] = []
    postcss.parse(styles).walkAtRules(/keyframes$/, (rule) => void names.push(rule.params))
    expect(names.length).toBeGreaterThan(2)
    expect(names.filter((name) => !name.startsWith('cairn-'))).toEqual([])
    expect(styles.match(/url\(|@import|!important|:has\(/)).toBeNull()
  })

  /** In use by themes and the app, and not in the pages on variables. */
  const undocumented = [
    '--background-modifier-cover',
    '--font-interface',
    '--font-monospace',
    '--shadow-s',
    '--shadow-l',
    '--touch-size-m',
    '--view-bottom-spacing',
  ]

  test('uses only variables of its own and those that Obsidian has', async () => {
    const documented = new Set(
      (await readFile(join(import.meta.dirname, '../plugin/host/obsidian-variables.txt'), 'utf8')).split('\n'),
    )
    const used = new Set([...styles.matchAll(/var\((--[\w-]+)/g)].map(([, name = '']) => name))
    expect(
      [...used].filter((name) => !name.startsWith('--cairn-') && !documented.has(name) && !undocumented.includes(name)),
    ).toEqual([])
  })

  test('offers its settings to the plugin Style Settings', () => {
    // The pattern with which that plugin looks for them.
    const [, block = ''] = /\/\*!?\s*@settings[\r\n]+?([\s\S]+?)\*\//.exec(styles) ?? []
    expect(block).toContain('id: cairn-style-radius')
    for (const [, id = ''] of block.matchAll(/^\s+id: (cairn-style-\S+)/gm))
      expect([id, styles.includes(`var(--${id}`)]).toEqual([id, true])
  })
})
