/**
 * The built console from its folder. Files are read once into memory and looked up by name, so that no request ever
 * forms a path on the disk.
 */
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { sha256 } from '../base/index.ts'
import type { HttpReply } from './reply.ts'

export interface ConsoleAssets {
  /** The file for an address of the console, or null when there is none. */
  find(request: Request, pathname: string): Promise<HttpReply | null>
}

interface Asset {
  readonly bytes: Uint8Array
  readonly headers: Readonly<Record<string, string>>
}

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}

/** `main-3f9a81c2.js`: a hash of at least eight letters and digits, one of them a digit, before the extension. */
const hashedName = /[-.](?=[A-Za-z0-9_]*\d)[A-Za-z0-9_]{8,}\.[a-z0-9]+$/

const maxFiles = 1_000

export function createConsoleAssets(directory: string | null): ConsoleAssets {
  let loading: Promise<ReadonlyMap<string, Asset>> | null = null

  /** A folder without files is looked at again: the console may be built while the server runs. */
  async function load(): Promise<ReadonlyMap<string, Asset>> {
    loading ??= readAssets(directory)
    const assets = await loading
    if (assets.size === 0) loading = null
    return assets
  }

  return {
    async find(request, pathname) {
      const assets = await load()
      const asset =
        assets.get(pathname === '/' ? '/index.html' : pathname) ??
        (isNavigation(request) ? assets.get('/index.html') : undefined)
      if (!asset) return null
      const isKnown = request.headers.get('if-none-match') === asset.headers['etag']
      return isKnown
        ? { status: 304, headers: asset.headers, body: null }
        : { status: 200, headers: asset.headers, body: asset.bytes }
    },
  }
}

/** A page of the console has its own address, which names no file. */
function isNavigation(request: Request): boolean {
  return (request.headers.get('accept') ?? '').includes('text/html')
}

async function readAssets(directory: string | null): Promise<ReadonlyMap<string, Asset>> {
  const assets = new Map<string, Asset>()
  if (directory === null) return assets
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  for (const entry of entries.slice(0, maxFiles)) {
    // A symbolic link is not a file here, so nothing outside the folder is read.
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    const address = `/${relative(directory, file).split(sep).map(encodeURIComponent).join('/')}`
    assets.set(address, describeAsset(entry.name, await readFile(file)))
  }
  return assets
}

function describeAsset(name: string, bytes: Uint8Array): Asset {
  return {
    bytes,
    headers: {
      'content-type': mediaTypes[extname(name).toLowerCase()] ?? 'application/octet-stream',
      'cache-control': hashedName.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
      etag: `"${sha256(bytes).slice(0, 32)}"`,
    },
  }
}
