/**
 * Serves the plugin's test host on loopback: a page for real browsers that gives the shipped files of the plugin an
 * Obsidian of our own writing. `bun scripts/plugin-host.ts --vault DIR [--port N] [--write]` for a person; tests start it
 * through server/test/kit/plugin-host.ts. What the page writes stays in the page unless `--write` is given.
 */
import { existsSync } from 'node:fs'
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { parseArgs } from 'node:util'
import { buildPlugin } from './build-plugin.ts'

const root = resolve(import.meta.dirname, '..')

export interface PluginHost extends AsyncDisposable {
  readonly url: string
}

export interface PluginHostOptions {
  readonly vault: string
  /** Folder with the three shipped files. */
  readonly plugin: string
  /** Any free one unless told. */
  readonly port?: number
  /** Whether what the page writes goes into the folder. */
  readonly writesThrough?: boolean
}

let bundled: Promise<string> | undefined
let gallery: Promise<string> | undefined

export async function servePluginHost(options: PluginHostOptions): Promise<PluginHost> {
  const { vault, plugin, port = 0, writesThrough = false } = options
  const script = await (bundled ??= bundle('main'))
  const styles = await Bun.file(join(root, 'plugin/host/host.css')).text()
  const html = { 'content-type': 'text/html; charset=utf-8' }
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port,
    fetch: async (request) => {
      const { pathname } = new URL(request.url)
      const path = decodeURIComponent(pathname)
      if (path === '/') return new Response(pageOf(basename(vault), writesThrough), { headers: html })
      if (path === '/host.js') return new Response(script, { headers: { 'content-type': 'text/javascript' } })
      if (path === '/gallery') return new Response(galleryPage, { headers: html })
      if (path === '/gallery.js')
        return new Response(await (gallery ??= bundle('gallery')), { headers: { 'content-type': 'text/javascript' } })
      if (path === '/gallery.css') return new Response(Bun.file(join(root, 'plugin/host/gallery.css')))
      if (path === '/host.css') return new Response(styles, { headers: { 'content-type': 'text/css' } })
      if (path === '/favicon.ico') return new Response(null, { status: 204 })
      if (path === '/vault-files.json') return Response.json(await listVault(vault))
      if (path.startsWith('/plugin/')) return fileReply(plugin, path.slice(8))
      if (!path.startsWith('/vault/')) return new Response('Not found', { status: 404 })
      if (request.method === 'GET') return fileReply(vault, path.slice(7))
      return writesThrough ? change(vault, path.slice(7), request) : new Response('Not written', { status: 405 })
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

async function bundle(entry: 'main' | 'gallery'): Promise<string> {
  const { outputs } = await Bun.build({
    entrypoints: [join(root, `plugin/host/src/${entry}.ts`)],
    target: 'browser',
    format: 'esm',
    define: { 'process.env.NODE_ENV': '"production"' },
  })
  const [output] = outputs
  if (output === undefined) throw new Error('The bundler made no output for the test host.')
  return output.text()
}

/** The components alone, with the styles that the plugin ships. */
const galleryPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Components</title>
<link rel="stylesheet" href="/host.css">
<link rel="stylesheet" href="/plugin/styles.css">
<link rel="stylesheet" href="/gallery.css">
</head>
<body><script type="module" src="/gallery.js"></script></body>
</html>
`

function pageOf(title: string, writesThrough: boolean): string {
  return `<!doctype html>
<html lang="en"${writesThrough ? ' data-writes-through' : ''}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-visual">
<title>${title.replace(/[<&]/g, '')}</title>
<link rel="stylesheet" href="/host.css">
</head>
<body><script type="module" src="/host.js"></script></body>
</html>
`
}

/** Null for what lies outside of the folder. */
function pathIn(folder: string, path: string): string | null {
  const full = resolve(folder, path)
  return full.startsWith(`${resolve(folder)}${sep}`) ? full : null
}

function fileReply(folder: string, path: string): Response {
  const full = pathIn(folder, path)
  return full !== null && existsSync(full) ? new Response(Bun.file(full)) : new Response('Not found', { status: 404 })
}

async function change(folder: string, path: string, request: Request): Promise<Response> {
  const full = pathIn(folder, path)
  if (full === null) return new Response('Not found', { status: 404 })
  if (request.method === 'DELETE') await rm(full, { force: true })
  else {
    await mkdir(dirname(full), { recursive: true })
    await writeFile(full, await request.text())
  }
  return new Response(null, { status: 204 })
}

/** Without hidden files and folders, as Obsidian lists a vault. */
async function listVault(folder: string): Promise<{ path: string; mtime: number; size: number }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(
      (path) =>
        !relative(folder, path)
          .split(sep)
          .some((part) => part.startsWith('.')),
    )
  return Promise.all(
    files.map(async (path) => {
      const { mtimeMs, size } = await stat(path)
      return { path: relative(folder, path).split(sep).join('/').normalize('NFC'), mtime: Math.round(mtimeMs), size }
    }),
  )
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { vault: { type: 'string' }, port: { type: 'string' }, write: { type: 'boolean', default: false } },
  })
  const plugin = join(root, 'dist/plugin')
  await buildPlugin(plugin)
  const { url } = await servePluginHost({
    vault: resolve(values.vault ?? join(root, 'examples/vault')),
    plugin,
    port: Number(values.port ?? 8_485),
    writesThrough: values.write,
  })
  console.log(`${url}  Options in the address: ?theme=dark&device=phone&rtl=1&style=second&accent=20`)
}
