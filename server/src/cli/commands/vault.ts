/** `cairn vault add|list|remove`. */
import type { VaultInfo } from '@cairn/contract'
import { requireVault } from '../choose-vault.ts'
import { exitCodes } from '../failure.ts'
import { jsonFlag } from '../parse.ts'
import { harmlessLine, type Style } from '../terminal/style.ts'
import { renderTable } from '../terminal/table.ts'
import type { CommandSpec } from '../types.ts'

export const vaultAdd: CommandSpec = {
  name: 'vault add',
  group: 'Manage',
  summary: 'Register a folder of notes; it is indexed and then watched. Nothing in it is changed.',
  args: [{ name: 'DIR', path: true }],
  flags: [{ name: '--name', value: 'NAME', summary: 'What to call it; default: the name of the folder.' }, jsonFlag],
  example: 'cairn vault add ~/notes --name notes',
  run: async ({ args, flags, json, print, style, withStore }) => {
    const name = flags.value('--name')
    const vault = await withStore((store) =>
      store.addVault({ path: args['DIR']?.[0] ?? '', ...(name === undefined ? {} : { name }) }),
    )
    if (json) print(JSON.stringify(vault, null, 2))
    else print(`${style.good('✓')} ${style.bold(harmlessLine(vault.name))} is registered ${style.dim(vault.id)}`)
    return exitCodes.done
  },
}

export const vaultList: CommandSpec = {
  name: 'vault list',
  group: 'Manage',
  summary: 'List the vaults with the state of their index.',
  args: [],
  flags: [jsonFlag],
  example: 'cairn vault list',
  run: async ({ json, print, style, withStore }) => {
    const vaults = await withStore((store) => store.listVaults())
    if (json) print(JSON.stringify({ vaults }, null, 2))
    else if (vaults.length === 0) print('There is no vault yet. Add one with “cairn vault add DIR”.')
    else for (const line of renderVaults(vaults, style)) print(line)
    return exitCodes.done
  },
}

export const vaultRemove: CommandSpec = {
  name: 'vault remove',
  group: 'Manage',
  summary: 'Forget a vault and its index. The notes stay where they are.',
  args: [{ name: 'VAULT' }],
  flags: [jsonFlag],
  example: 'cairn vault remove notes',
  run: async ({ args, json, print, style, withStore }) => {
    const vault = await withStore(async (store) => {
      const found = await requireVault(store, args['VAULT']?.[0] ?? '')
      await store.removeVault(found.id)
      return found
    })
    if (json) print(JSON.stringify({ removed: vault.id }, null, 2))
    else print(`${style.good('✓')} ${style.bold(harmlessLine(vault.name))} is forgotten; ${sayNotes(vault)}.`)
    return exitCodes.done
  },
}

function renderVaults(vaults: readonly VaultInfo[], style: Style): string[] {
  const rows = vaults.map((vault) => [
    harmlessLine(vault.name),
    vault.notes.toLocaleString('en'),
    vault.passages.toLocaleString('en'),
    describeState(vault),
    vault.path === null ? 'synchronised' : harmlessLine(vault.path),
    vault.id,
  ])
  return renderTable(
    [
      { title: 'VAULT', shrink: 'end', paint: style.bold },
      { title: 'NOTES', align: 'right' },
      { title: 'PASSAGES', align: 'right', expendable: true },
      {
        title: 'INDEX',
        paint: (text) =>
          text.startsWith('ready') ? style.good(text) : text.startsWith('failed') ? style.bad(text) : style.warn(text),
      },
      { title: 'FOLDER', shrink: 'middle', expendable: true },
      { title: 'ID', paint: style.dim },
    ],
    rows,
    style,
  )
}

function describeState({ index }: VaultInfo): string {
  if (index.state === 'indexing' && index.total > 0) return `indexing ${Math.floor((index.done / index.total) * 100)}%`
  return index.problemCount > 0 ? `${index.state}, ${index.problemCount} problems` : index.state
}

function sayNotes({ source, path }: Pick<VaultInfo, 'source' | 'path'>): string {
  if (source === 'sync') return 'what devices sent is deleted here and stays with them'
  return `its notes stay${path === null ? '' : ` in ${harmlessLine(path)}`}`
}
