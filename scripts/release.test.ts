/** Promises of the published tree: it builds alone, to the very bytes that are shipped, and holds nothing that does not belong there. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { buildPlugin } from './build-plugin.ts'
import type { Lock } from './prune-lock.ts'
import { writeRepository } from './release.ts'

const root = resolve(import.meta.dirname, '..')
let home: string
let tree: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'cairn-release-'))
  tree = join(home, 'tree')
  await writeRepository(tree)
})
afterAll(() => rm(home, { recursive: true, force: true }))

const readLock = async () => JSON.parse(await readFile(join(tree, 'package-lock.json'), 'utf8')) as Lock

test('has what the directory looks for in its root, and neither server nor tests', async () => {
  expect((await readdir(tree)).sort()).toEqual(
    [
      '.gitignore',
      'LICENSE',
      'README.md',
      'contract',
      'manifest.json',
      'package-lock.json',
      'package.json',
      'plugin',
      'scripts',
      'tsconfig.base.json',
      'tsconfig.json',
      'ui',
      'versions.json',
    ].sort(),
  )
  expect(JSON.parse(await readFile(join(tree, 'versions.json'), 'utf8'))).toEqual({ '0.1.0': '1.13.0' })
  const files = await readdir(tree, { recursive: true })
  expect(files.filter((path) => /\.test\.|(?:^|\/)(?:host|review|server|console|test)(?:\/|$)/.test(path))).toEqual([])
  const readme = await readFile(join(tree, 'README.md'), 'utf8')
  for (const word of ['network', 'one host', 'telemetry', 'account', 'payment'])
    expect([word, readme.includes(word)]).toEqual([word, true])
})

test('locks what it needs at our versions, and npm takes the lock', async () => {
  const ours = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as Lock
  const { packages } = await readLock()
  const names = Object.keys(packages).filter((path) => path.startsWith('node_modules/'))
  expect(names.length).toBeLessThan(60)
  expect(names.filter((path) => packages[path]?.version !== ours.packages[path]?.version)).toEqual([])
  const npm = spawnSync('npm', ['ci', '--dry-run', '--offline', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: tree,
    encoding: 'utf8',
  })
  expect([npm.status, npm.status === 0 ? '' : npm.stderr]).toEqual([0, ''])
})

test('builds alone what we ship, byte for byte', async () => {
  // The packages of its lock and no others, as npm ci would put them there.
  const { packages } = await readLock()
  for (const [path, { link, optional, resolved = '' }] of Object.entries(packages)) {
    if (!path.startsWith('node_modules/')) continue
    await mkdir(dirname(join(tree, path)), { recursive: true })
    if (link === true) await symlink(join(tree, resolved), join(tree, path))
    // Bun is large, and is what runs, not what goes in.
    else if (path === 'node_modules/bun') await symlink(join(root, path), join(tree, path))
    else
      await cp(join(root, path), join(tree, path), { recursive: true }).catch((thrown: unknown) => {
        if (optional !== true) throw thrown
      })
  }
  const built = spawnSync('npm', ['run', 'build'], { cwd: tree, encoding: 'utf8' })
  expect([built.status, built.status === 0 ? '' : built.stderr]).toEqual([0, ''])
  const shipped = join(home, 'shipped')
  await buildPlugin(shipped)
  for (const file of ['main.js', 'styles.css', 'manifest.json'])
    expect([file, (await readFile(join(tree, file))).equals(await readFile(join(shipped, file)))]).toEqual([file, true])
}, 60_000)
