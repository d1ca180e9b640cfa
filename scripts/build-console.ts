/**
 * Builds the web console into `dist/console`: one script, the parts it loads when they are needed, one style sheet, a
 * boot script that runs before the first paint, a favicon, and the page that names them. Names carry a hash of the content, so that the server may let
 * browsers keep everything except `index.html` for ever.
 */
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'

export interface ConsoleBuildOptions {
  /** Folder to write to; `dist/console` in the repository unless told. */
  readonly outdir?: string
  readonly minify?: boolean
}

export interface BuiltFile {
  /** Path below `outdir`. */
  readonly path: string
  readonly sizeBytes: number
  readonly gzipBytes: number
  /** Loaded when a page needs it, not with the first one. */
  readonly isLater: boolean
}

const repository = resolve(import.meta.dirname, '..')
const hashedName = /^(?:index|boot|console|chunk)-[a-z0-9]+\.(?:js|css)$/

export async function buildConsole({
  outdir = join(repository, 'dist/console'),
  minify = true,
}: ConsoleBuildOptions = {}): Promise<{ files: BuiltFile[] }> {
  const source = join(repository, 'console/src')
  const shared = {
    minify,
    target: 'browser',
    naming: '[name]-[hash].[ext]',
    define: { 'process.env.NODE_ENV': '"production"' },
  } as const
  const builds = await Promise.all([
    Bun.build({ ...shared, entrypoints: [join(source, 'index.tsx')], format: 'esm', splitting: true }),
    Bun.build({ ...shared, entrypoints: [join(source, 'boot.ts')], format: 'iife' }),
    Bun.build({ ...shared, entrypoints: [join(source, 'console.css')] }),
  ])
  const [app, boot, styles] = builds.map(({ outputs }) => outputs.find(({ kind }) => kind !== 'chunk'))
  if (!app || !boot || !styles) throw new Error('The bundler made no output for a part of the console.')
  const chunks = builds.flatMap(({ outputs }) => outputs.filter(({ kind }) => kind === 'chunk'))
  const texts = new Map<string, string>()
  for (const output of [app, boot, styles, ...chunks]) texts.set(nameOf(output.path), await output.text())
  texts.set('favicon.svg', await Bun.file(join(source, 'favicon.svg')).text())
  texts.set('index.html', pageOf({ app: nameOf(app.path), boot: nameOf(boot.path), styles: nameOf(styles.path) }))
  await mkdir(outdir, { recursive: true })
  const stale = (await readdir(outdir)).filter((name) => hashedName.test(name) && !texts.has(name))
  const files: BuiltFile[] = []
  for (const [path, text] of texts) {
    await Bun.write(join(outdir, path), text)
    const bytes = new TextEncoder().encode(text)
    files.push({
      path,
      sizeBytes: bytes.length,
      gzipBytes: Bun.gzipSync(bytes, { level: 9 }).length,
      isLater: path.startsWith('chunk-'),
    })
  }
  await Promise.all(stale.map((name) => rm(join(outdir, name))))
  return { files }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Holds no inline script and no inline style, as the content policy demands. */
function pageOf(names: { app: string; boot: string; styles: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Cairn</title>
<meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/${names.styles}">
<script src="/${names.boot}"></script>
<script type="module" src="/${names.app}"></script>
</head>
<body>
<div id="app"></div>
<noscript>The console of Cairn needs JavaScript. The command line does not: npx cairn ask "…"</noscript>
</body>
</html>
`
}

if (import.meta.main) {
  const { files } = await buildConsole()
  const kb = (bytes: number) => `${(bytes / 1_000).toFixed(1).padStart(7)} kB`
  for (const { path, sizeBytes, gzipBytes, isLater } of files)
    console.log(`${path.padEnd(24)} ${kb(sizeBytes)} ${kb(gzipBytes)} gzip${isLater ? ', when needed' : ''}`)
  const total = files.reduce((sum, { gzipBytes, isLater }) => sum + (isLater ? 0 : gzipBytes), 0)
  console.log(`${'first load'.padEnd(24)} ${''.padStart(10)} ${kb(total)} gzip`)
}
