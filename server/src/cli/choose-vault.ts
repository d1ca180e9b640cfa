import type { VaultInfo } from '@cairn/contract'
import { CommandFailure, exitCodes } from './failure.ts'
import { nearest } from './nearest.ts'
import type { Store } from './types.ts'

/** The vault that a person names by id or by name; undefined when none is named. */
export async function chooseVault(
  store: Pick<Store, 'listVaults'>,
  name: string | undefined,
): Promise<VaultInfo | undefined> {
  return name === undefined ? undefined : requireVault(store, name)
}

export async function requireVault(store: Pick<Store, 'listVaults'>, name: string): Promise<VaultInfo> {
  const vaults = await store.listVaults()
  const byId = vaults.find((vault) => vault.id === name)
  const byName = vaults.filter((vault) => vault.name.toLowerCase() === name.toLowerCase())
  const found = byId ?? byName[0]
  if (byId === undefined && byName.length > 1) {
    throw new CommandFailure(exitCodes.usage, `${byName.length} vaults are called “${name}”.`, {
      hint: `Name one by its id: ${byName.map(({ id }) => id).join(', ')}.`,
    })
  }
  if (found !== undefined) return found
  const near = nearest(
    name,
    vaults.map((vault) => vault.name),
  )
  throw new CommandFailure(exitCodes.no, `There is no vault “${name}”.`, {
    hint: near === undefined ? 'See “cairn vault list”.' : `Did you mean “${near}”?`,
  })
}
