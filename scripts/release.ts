/**
 * `npm run release`: writes the tree that is published for Obsidian's directory into dist/plugin-repository, and has the
 * directory's own lint look at it. The directory scans the root of a repository and builds it anew, so the tree holds the
 * sources of contract, ui and plugin, a lock of what they need, and a `build` that makes `main.js` byte for byte.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { pruneLock, type Lock } from './prune-lock.ts'

const root = resolve(import.meta.dirname, '..')

const manifestSchema = z.object({ id: z.string(), version: z.string(), minAppVersion: z.string() })
const packageSchema = z.looseObject({
  version: z.string(),
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
})

const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(join(root, path), 'utf8'))
const toJson = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`

/** Writes the tree; whatever was in the folder goes. */
export async function writeRepository(outdir: string): Promise<void> {
  const fresh = `${outdir}.new`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(join(fresh, 'scripts'), { recursive: true })
  const manifest = manifestSchema.parse(await readJson('plugin/manifest.json'))
  const [main, plugin] = [
    packageSchema.parse(await readJson('package.json')),
    packageSchema.parse(await readJson('plugin/package.json')),
  ]
  const whole = [
    'contract/package.json',
    'contract/src',
    'ui/package.json',
    'ui/src',
    'plugin/src',
    'plugin/styles',
    'plugin/zod',
    'plugin/manifest.json',
    'scripts/build-plugin.ts',
    'tsconfig.base.json',
    'LICENSE',
  ]
  for (const path of whole) await cp(join(root, path), join(fresh, path), { recursive: true, filter: isShipped })
  await cp(join(root, 'plugin/manifest.json'), join(fresh, 'manifest.json'))
  await cp(join(root, 'plugin/repository/README.md'), join(fresh, 'README.md'))
  await cp(join(root, 'plugin/repository/build.mjs'), join(fresh, 'scripts/build.mjs'))
  const { obsidian } = plugin.devDependencies
  const packages = {
    '': {
      name: 'cairn-for-notes',
      version: manifest.version,
      private: true,
      license: 'MIT',
      type: 'module',
      workspaces: ['contract', 'ui', 'plugin'],
      scripts: { build: 'node scripts/build.mjs' },
      dependencies: {
        bun: main.dependencies['bun'],
        postcss: main.devDependencies['postcss'],
        terser: main.devDependencies['terser'],
      },
      allowScripts: { bun: true },
    },
    plugin: { ...plugin, devDependencies: { obsidian } },
  }
  await writeFile(join(fresh, 'package.json'), toJson(packages['']))
  await writeFile(join(fresh, 'plugin/package.json'), toJson(packages.plugin))
  await writeFile(
    join(fresh, 'package-lock.json'),
    toJson(pruneLock((await readJson('package-lock.json')) as Lock, packages)),
  )
  await writeFile(join(fresh, 'versions.json'), toJson({ [manifest.version]: manifest.minAppVersion }))
  await writeFile(join(fresh, '.gitignore'), 'node_modules/\nmain.js\nstyles.css\n')
  await writeFile(join(fresh, 'tsconfig.json'), toJson(compilerOptions))
  await rm(outdir, { recursive: true, force: true })
  await rename(fresh, outdir)
}

const compilerOptions = {
  extends: './tsconfig.base.json',
  compilerOptions: { lib: ['ESNext', 'DOM', 'DOM.Iterable'], jsx: 'react-jsx', jsxImportSource: 'preact' },
  include: ['contract/src', 'ui/src', 'plugin/src', 'plugin/zod'],
}

function isShipped(path: string): boolean {
  return !/\.test\.tsx?$/.test(path)
}

/** Runs the lint of the directory over the tree. True when it finds no error. */
export function review(tree: string): boolean {
  const folder = join(root, 'plugin/review')
  const lock = join(folder, 'package-lock.json')
  const installed = join(folder, 'node_modules/.package-lock.json')
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
    console.error('Installing the lint of Obsidian’s directory (npm ci in plugin/review) …')
    const result = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: folder,
      stdio: 'inherit',
    })
    if (result.status !== 0) return false
  }
  const eslint = join(folder, 'node_modules/eslint/bin/eslint.js')
  const { status } = spawnSync('node', [eslint, '-c', join(folder, 'eslint.config.mjs'), '.'], {
    cwd: tree,
    stdio: 'inherit',
  })
  return status === 0
}

if (import.meta.main) {
  const tree = join(root, 'dist/plugin-repository')
  await writeRepository(tree)
  console.log('dist/plugin-repository is written.')
  if (!review(tree)) process.exit(1)
}
