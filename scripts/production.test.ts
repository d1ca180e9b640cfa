/** What `npm start` runs must do with the packages that it installs: those that are not for development. */
import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'

const root = resolve(import.meta.dir, '..')

interface LockEntry {
  readonly dev?: boolean
}

/** Names of packages that `npm ci --omit=dev` puts in place. */
async function listInstalled(): Promise<ReadonlySet<string>> {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockEntry>
  }
  const places = Object.entries(lock.packages).filter(([path, { dev }]) => path.includes('node_modules/') && !dev)
  return new Set(places.map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)))
}

const packageOf = (name: string) =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')

/** Files that are loaded with it, and what they take from packages: `file: package`. Without what is loaded later. */
async function follow(entry: string): Promise<{ files: Set<string>; taken: Set<string> }> {
  const [files, taken] = [new Set<string>(), new Set<string>()]
  const waiting = [join(root, entry)]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file) || !/\.[cm]?[jt]sx?$/.test(file)) continue
    files.add(file)
    const loader = file.endsWith('x') ? 'tsx' : 'ts'
    const imports = new Bun.Transpiler({ loader }).scanImports(await readFile(file, 'utf8'))
    for (const { path, kind } of imports) {
      if (kind !== 'import-statement') continue
      if (path.startsWith('.')) waiting.push(resolve(dirname(file), path))
      else if (!/^(?:node|bun):|^bun$/.test(path) && !builtinModules.includes(path))
        taken.add(`${relative(root, file)}: ${packageOf(path)}`)
    }
  }
  return { files, taken }
}

test('the server and the build of the console load nothing that is for development', async () => {
  const installed = await listInstalled()
  for (const entry of ['server/src/main.ts', 'scripts/build.ts']) {
    const { files, taken } = await follow(entry)
    expect([...files].filter((file) => !existsSync(file))).toEqual([])
    expect([...taken].filter((line) => !installed.has(line.split(': ')[1] ?? ''))).toEqual([])
  }
})

test('it would be seen', async () => {
  const { taken } = await follow('scripts/build-plugin.ts')
  expect(taken).toContain('scripts/build-plugin.ts: postcss')
  expect((await listInstalled()).has('postcss')).toBe(false)
})
