/** Promises of `npm run plugin:install`: into vaults only, whole files, and nothing of what was saved is touched. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installPlugin } from './plugin-install.ts'

let vault: string
beforeEach(async () => {
  vault = await mkdtemp(join(tmpdir(), 'cairn-install-'))
})
afterEach(() => rm(vault, { recursive: true, force: true }))

const plugin = () => join(vault, '.obsidian/plugins/cairn')

test('puts three files into a vault, again too, and leaves data.json as it is', async () => {
  await mkdir(plugin(), { recursive: true })
  await writeFile(join(plugin(), 'data.json'), '{"values":{}}')
  for (let round = 0; round < 2; round++) {
    expect(await installPlugin(vault)).toBe(plugin())
    expect((await readdir(plugin())).sort()).toEqual(['data.json', 'main.js', 'manifest.json', 'styles.css'])
  }
  expect(await readFile(join(plugin(), 'data.json'), 'utf8')).toBe('{"values":{}}')
  expect(await readFile(join(plugin(), 'manifest.json'), 'utf8')).toContain('"id": "cairn"')
})

test('refuses a folder that is no vault, and one with another plugin, and writes nothing', async () => {
  expect(installPlugin(vault)).rejects.toThrow('is no vault')
  await mkdir(plugin(), { recursive: true })
  await writeFile(join(plugin(), 'manifest.json'), '{"id":"other"}')
  expect(installPlugin(vault)).rejects.toThrow('another plugin')
  expect(await readdir(plugin())).toEqual(['manifest.json'])
})

test.each([[[]], [['--vault']], [['a', 'b']], [['--folder', 'x']]])('says how it is called for %p', async (args) => {
  const { exitCode, stderr } = Bun.spawnSync([
    process.execPath,
    '--no-env-file',
    join(import.meta.dirname, 'plugin-install.ts'),
    ...args,
  ])
  expect([exitCode, stderr.toString()]).toEqual([
    2,
    'Name the folder of one vault: npm run plugin:install -- --vault ~/notes\n',
  ])
})
