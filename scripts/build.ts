/** `npm run build [console] [plugin]`: what browsers and Obsidian load, into `dist/`. Both when none is named. */
import { rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { buildConsole } from './build-console.ts'

const root = resolve(import.meta.dir, '..')

interface BuiltPart {
  readonly path: string
  readonly sizeBytes: number
}

const parts: Record<string, (outdir: string) => Promise<BuiltPart[]>> = {
  console: async (outdir) => {
    // Written beside and then moved, so that a server never reads half a build.
    const fresh = `${outdir}.new`
    await rm(fresh, { recursive: true, force: true })
    const { files } = await buildConsole({ outdir: fresh, minify: true })
    await rm(outdir, { recursive: true, force: true })
    await rename(fresh, outdir)
    return files.map(({ path, sizeBytes }) => ({ path, sizeBytes }))
  },
  plugin: async (outdir) => {
    // Its packages are not installed by `npm start`, which builds the console alone.
    const { buildPlugin } = await import('./build-plugin.ts')
    const fresh = `${outdir}.new`
    await rm(fresh, { recursive: true, force: true })
    const files = await buildPlugin(fresh)
    await rm(outdir, { recursive: true, force: true })
    await rename(fresh, outdir)
    return files
  },
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !Object.hasOwn(parts, name))
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(', ')} to build; there are ${Object.keys(parts).join(', ')}.`)
  process.exit(2)
}
for (const [name, build] of Object.entries(parts)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  for (const { path, sizeBytes } of await build(join(root, 'dist', name))) {
    console.log(`dist/${name}/${path}  ${(sizeBytes / 1_024).toFixed(1)} kB`)
  }
}
