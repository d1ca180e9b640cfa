/** From a path that somebody gave to the folder of a vault. */
import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, sep } from 'node:path'
import type { VaultInfo } from '@cairn/contract'
import { fail, sha256 } from '../base/index.ts'
import type { Registered } from './register.ts'

/** Ids of vaults of one run are shorter than those of registered ones. */
export function isTransient(id: string): boolean {
  return /^vault_[0-9a-f]{16}$/.test(id)
}

/** A vault of this run only; the same folder has the same id at every start, so its stored index is found again. */
export function transient(path: string, name: string | undefined): Registered {
  return { id: `vault_${sha256(path).slice(0, 16)}`, name: name ?? basename(path), source: 'folder', path }
}

/** Throws for what would index everything, index itself, or index the same notes twice. */
export function refuseFolder(real: string, vaults: readonly VaultInfo[], keepOut: string | undefined): void {
  const holds = (outer: string, inner: string) =>
    inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep)
  if (dirname(real) === real)
    fail('vault.folder', {
      message: 'The whole disk is no vault. Name the folder that holds the notes.',
      param: 'path',
    })
  if (keepOut !== undefined && (holds(real, keepOut) || holds(keepOut, real)))
    fail('vault.folder', {
      message: 'This folder holds, or lies in, the data directory of the server. Choose another.',
      param: 'path',
    })
  const taken = vaults.find(({ path }) => path !== null && (holds(path, real) || holds(real, path)))
  if (!taken) return
  const how = taken.path === real ? 'is' : 'shares notes with'
  fail('vault.exists', {
    message: `This folder ${how} the vault “${taken.name}”, which is registered already.`,
    param: 'path',
  })
}

/** The real path; throws `vault.folder`. */
export async function checkFolder(path: string): Promise<string> {
  try {
    const real = await realpath(path)
    if ((await stat(real)).isDirectory()) return real
  } catch (thrown) {
    fail('vault.folder', {
      message: `The folder ${JSON.stringify(path.slice(0, 200))} cannot be opened (${(thrown as NodeJS.ErrnoException).code ?? 'error'}). Check the path and its permissions.`,
      param: 'path',
    })
  }
  return fail('vault.folder', {
    message: `${JSON.stringify(path.slice(0, 200))} is a file; a vault is a folder.`,
    param: 'path',
  })
}
