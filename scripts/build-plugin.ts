/**
 * Builds the Obsidian plugin: `main.js`, `manifest.json`, `styles.css`, and nothing else, as the directory wants it. The
 * same program stands in the published repository and makes the same bytes there: it looks at no clock, no path and no
 * environment. What Obsidian provides is left to it; anything else that is not in the bundle fails the build.
 */
import { builtinModules } from 'node:module'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { BunPlugin } from 'bun'
import postcss, { type Rule } from 'postcss'
import { minify } from 'terser'

const root = resolve(import.meta.dirname, '..')

/** Modules that Obsidian gives to every plugin, on phones too. */
const provided = ['obsidian', '@codemirror/state', '@codemirror/view', '@codemirror/language', '@codemirror/commands']

/** In the order in which they stand in `styles.css`. */
const styleSheets = [
  'plugin/styles/tokens.css',
  'ui/src/controls.css',
  'ui/src/surfaces.css',
  'ui/src/markdown/markdown.css',
  'ui/src/time-series/time-series.css',
  'ui/src/graph/graph.css',
  'plugin/styles/ask.css',
  'plugin/styles/page.css',
  'plugin/styles/sync.css',
  'plugin/styles/panels.css',
  'plugin/styles/rewrite.css',
  'plugin/styles/obsidian.css',
  'plugin/styles/palette.css',
]
/** Those have classes of Cairn on elements of Obsidian’s. */
const outside = new Set(['plugin/styles/obsidian.css', 'plugin/styles/palette.css'])

export interface BuiltPlugin {
  readonly path: string
  readonly sizeBytes: number
}

export async function buildPlugin(outdir: string, from = root): Promise<BuiltPlugin[]> {
  const files = new Map([
    ['main.js', await bundle(from)],
    ['manifest.json', await readFile(join(from, 'plugin/manifest.json'), 'utf8')],
    ['styles.css', await gatherStyles(from)],
  ])
  await mkdir(outdir, { recursive: true })
  for (const [name, text] of files) await writeFile(join(outdir, name), text)
  return [...files].map(([path, text]) => ({ path, sizeBytes: new TextEncoder().encode(text).length }))
}

/** In place of all of zod, as much of it as the plugin uses: `plugin/zod` says why. */
export const smallZod = (from: string): BunPlugin => ({
  name: 'small zod',
  setup: (build) => void build.onResolve({ filter: /^zod$/ }, () => ({ path: join(from, 'plugin/zod/index.ts') })),
})

async function bundle(from: string): Promise<string> {
  const { outputs } = await Bun.build({
    entrypoints: [join(from, 'plugin/src/main.ts')],
    target: 'browser',
    format: 'cjs',
    external: provided,
    minify: true,
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [smallZod(from), smallErrors],
  })
  const [output] = outputs
  if (output === undefined) throw new Error('The bundler made no output for the plugin.')
  const text = await squeeze(await output.text())
  const needed = new Set([...text.matchAll(/\brequire\(["']([^"']+)["']\)/g)].map(([, name = '']) => name))
  const foreign = [...needed].filter((name) => !provided.includes(name))
  if (foreign.length > 0)
    throw new Error(
      `The plugin needs ${foreign.join(', ')}, which ${foreign.some((name) => builtinModules.includes(name.replace(/^node:/, ''))) ? 'phones do not have' : 'Obsidian does not provide'}.`,
    )
  return text
}

/** What the bundler leaves: a fortieth, which is a view's worth of bytes. */
async function squeeze(text: string): Promise<string> {
  const { code } = await minify(text, {
    ecma: 2020,
    toplevel: true,
    compress: { passes: 2 },
    format: { comments: false },
  })
  if (code === undefined) throw new Error('The minifier made no output for the plugin.')
  return code
}

/** The word of each error that only clients of OpenAI read: a hundred times in the table, and never in the plugin. */
const smallErrors: BunPlugin = {
  name: 'errors without the type of OpenAI',
  setup(build) {
    build.onLoad({ filter: /[\\/]contract[\\/]src[\\/]errors\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      const contents = source.replaceAll(/\btype: '[a-z_]+',?/g, '')
      if (contents === source) throw new Error('The table of errors has no types any more: build it as it is.')
      return { contents, loader: 'ts' }
    })
  },
}

/**
 * Every rule below Cairn's own class: a theme's rules for plain buttons and fields have less weight then, and no rule of
 * ours reaches anything of Obsidian's.
 */
async function gatherStyles(from: string): Promise<string> {
  const parts: string[] = []
  for (const path of styleSheets) {
    const sheet = postcss.parse(await readFile(join(from, path), 'utf8'))
    sheet.walkComments((comment) => {
      if (!comment.text.startsWith('!')) comment.remove()
    })
    if (!outside.has(path)) sheet.walkRules(scope)
    parts.push(sheet.toString().trim())
  }
  return `${parts.join('\n')}\n`
}

function scope(rule: Rule): void {
  const { parent } = rule
  if (parent?.type === 'atrule' && 'name' in parent && parent.name.endsWith('keyframes')) return
  // A rule may name the class itself, to say something of what stands around it.
  const isScoped = (selector: string) => /(?:^|[\s>])\.cairn(?![\w-])/.test(selector)
  rule.selectors = rule.selectors.map((selector) => (isScoped(selector) ? selector : `.cairn ${selector}`))
}

if (import.meta.main) {
  const outdir = resolve(process.argv[2] ?? join(root, 'dist/plugin'))
  for (const { path, sizeBytes } of await buildPlugin(outdir))
    console.log(`${path}  ${(sizeBytes / 1_000).toFixed(1)} kB`)
}
