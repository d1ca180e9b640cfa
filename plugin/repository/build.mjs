/** `npm run build`: main.js and styles.css into this folder. Bun bundles them; where install scripts are off its own is run. */
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const bun = join(root, 'node_modules/bun/bin/bun.exe')
const run = (program, args) => spawnSync(program, args, { cwd: root, stdio: 'inherit' }).status ?? 1

// Before its install script has run, the file is a short note that says so.
const isPlaced = () => existsSync(bun) && statSync(bun).size > 1_000_000
if (!isPlaced()) run(process.execPath, [join(root, 'node_modules/bun/install.js')])
if (!isPlaced()) {
  console.error('Bun is not installed. Run npm ci first.')
  process.exit(1)
}
process.exit(run(bun, ['--no-env-file', 'scripts/build-plugin.ts', '.']))
