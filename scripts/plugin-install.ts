/**
 * `npm run plugin:install -- --vault DIR`: builds the plugin and puts its three files into a vault's plugin folder, each
 * whole or not at all. What the plugin has saved there is never touched.
 */
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildPlugin } from './build-plugin.ts'

const files = ['manifest.json', 'styles.css', 'main.js'] as const

/** Gives the folder that the files are in now; throws a sentence for the person. */
export async function installPlugin(vault: string): Promise<string> {
  const settings = await stat(join(vault, '.obsidian')).catch(() => null)
  if (settings?.isDirectory() !== true)
    throw new Error(`${vault} is no vault: it has no folder .obsidian. Open it in Obsidian once, then try again.`)
  const target = join(vault, '.obsidian/plugins/cairn')
  await refuseForeign(target)
  const built = await mkdtemp(join(tmpdir(), 'cairn-plugin-'))
  try {
    await buildPlugin(built)
    await mkdir(target, { recursive: true })
    // Copied beside and then renamed, on the same disk: Obsidian never loads half a file. The program comes last.
    for (const file of files) await copyFile(join(built, file), join(target, `${file}.new`))
    for (const file of files) await rename(join(target, `${file}.new`), join(target, file))
  } finally {
    await rm(built, { recursive: true, force: true })
  }
  return target
}

/** A folder of that name with another plugin in it is left alone. */
async function refuseForeign(target: string): Promise<void> {
  const text = await readFile(join(target, 'manifest.json'), 'utf8').catch(() => null)
  if (text === null) return
  let id: unknown
  try {
    id = (JSON.parse(text) as { id?: unknown }).id
  } catch {
    return
  }
  if (id !== 'cairn') throw new Error(`${target} holds another plugin. Move it away, then try again.`)
}

function readVault(args: readonly string[]): string {
  const usage = 'Name the folder of one vault: npm run plugin:install -- --vault ~/notes'
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { vault: { type: 'string' } },
      allowPositionals: true,
    })
    const named = [...(values.vault === undefined ? [] : [values.vault]), ...positionals]
    const [vault] = named
    if (vault !== undefined && vault.trim() !== '' && named.length === 1) return vault
  } catch {
    // What is no option is answered like no vault.
  }
  throw new Error(usage)
}

if (import.meta.main) {
  try {
    const vault = resolve(process.env['INIT_CWD'] ?? process.cwd(), readVault(process.argv.slice(2)))
    const target = await installPlugin(vault)
    console.log(`Installed into ${target}. Switch it on in Obsidian under Settings, Community plugins.`)
  } catch (thrown) {
    console.error(thrown instanceof Error ? thrown.message : String(thrown))
    process.exit(2)
  }
}
