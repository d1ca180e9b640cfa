/**
 * Whether somebody may know of what a statement is about. A folder or note in which they see nothing is answered like one
 * that is not there: otherwise whoever shares a vault could try names, and tell a restricted folder from none.
 */
import { parseScope, type AccessContext } from '@cairn/contract'
import { admitsNote, type JudgedNote, type Principal } from '../../base/index.ts'
import type { RouteServices } from '../route.ts'

export async function seesPlace(
  { access, vaults }: RouteServices,
  principal: Principal,
  written: string,
  context?: AccessContext,
): Promise<boolean> {
  const scope = parseScope(written)
  if (scope === null || !('vault' in scope)) return true
  const { vault } = scope
  if (!vaults.find(vault)) return false
  if (scope.type === 'vault' || !('path' in scope)) return access.seesVault(principal, vault)
  const { path } = scope
  // Whoever may read a note knows of it, as with a key that is for reading alone.
  const filters = (['discover', 'read'] as const).map((action) => access.filter(principal, action, vault, context))
  const admits = (note: JudgedNote) => filters.some((filter) => admitsNote(filter, note))
  if (scope.type === 'note') {
    const facts = (await vaults.factsOf(vault, [path])).get(path)
    return facts !== undefined && admits({ ...facts, path })
  }
  const inside = (await vaults.allFacts(vault)).filter((note) => note.path.startsWith(`${path}/`))
  return inside.some(admits)
}
