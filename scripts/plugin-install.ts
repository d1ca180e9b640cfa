/** `npm run plugin:install -- VAULT`: builds the plugin and puts it into a vault’s plugin folder. */
import { copyFile, mkdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dir, '..')
const [vault, ...rest] = process.argv.slice(2)
if (vault === undefined || rest.length > 0) {
  console.error('Name the folder of one vault: npm run plugin:install -- ~/notes')
  process.exit(2)
}
const folder = resolve(process.env['INIT_CWD'] ?? process.cwd(), vault)
const settings = await stat(join(folder, '.obsidian')).catch(() => null)
if (settings?.isDirectory() !== true) {
  console.error(`${folder} is no vault: it has no folder .obsidian. Open it in Obsidian once, then try again.`)
  process.exit(2)
}
const build = Bun.spawnSync([process.execPath, '--no-env-file', 'scripts/build.ts', 'plugin'], {
  cwd: root,
  stdout: 'ignore',
  stderr: 'inherit',
})
if (!build.success) process.exit(1)
const target = join(folder, '.obsidian/plugins/cairn')
await mkdir(target, { recursive: true })
for (const file of ['main.js', 'manifest.json']) await copyFile(join(root, 'dist/plugin', file), join(target, file))
console.log(`Installed into ${target}. Switch it on in Obsidian under Settings, Community plugins.`)
