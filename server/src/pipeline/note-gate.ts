/**
 * What of the notes may go where. Passages are looked for among what the asker may retrieve and cite with the least
 * exposed model of those that were asked for; then every model is left out that a rule keeps any of them from. Just
 * before a prompt leaves, everything is judged once more by the rules and the notes of that moment.
 */
import type { AccessContext } from '@cairn/contract'
import type { Access } from '../access/index.ts'
import { admitsNote, bothFilters, type NoteFilter, type Principal } from '../base/index.ts'
import type { Candidates, Deployment, Routing } from '../routing/index.ts'
import type { Passage, Vaults } from '../vaults/index.ts'
import type { Answerer } from './gateway-reply.ts'
import type { Call } from './types.ts'

export interface GateServices {
  readonly access: Pick<Access, 'filter' | 'confirm'>
  readonly vaults: Pick<Vaults, 'factsOf'>
}

/** Thrown when a passage may not be used any more, so that the question has to be asked of the notes again. */
export class PassagesChanged extends Error {
  override name = 'PassagesChanged'
}

/** An alias, or a model that several have, is judged by the least exposed of those it means. */
export function leastExposed({ deployments }: Pick<Candidates, 'deployments'>): AccessContext {
  const local = deployments.filter(({ egress }) => egress === 'local')
  const [first] = local.length > 0 ? local : deployments
  if (!first) return {}
  const providers = new Set((local.length > 0 ? local : deployments).map(({ provider }) => provider.id))
  return { 'model.egress': first.egress, ...(providers.size === 1 ? { 'model.provider': first.provider.id } : {}) }
}

export function contextOf({ egress, provider }: Deployment): AccessContext {
  return { 'model.egress': egress, 'model.provider': provider.id }
}

/** What may enter a prompt and be shown in its answer. */
export function promptFilter(
  { filter }: Pick<Access, 'filter'>,
  principal: Principal,
  vault: string,
  context: AccessContext,
): NoteFilter {
  return bothFilters(filter(principal, 'retrieve', vault, context), filter(principal, 'cite', vault, context))
}

/** Why a rule keeps passages from a deployment, or null. To be asked of each deployment; filters are made once. */
export function createNoteGate({ principal }: Call, passages: readonly Passage[], access: Pick<Access, 'filter'>) {
  const judged = new Map<string, string | null>()
  return (deployment: Deployment): string | null => {
    const context = contextOf(deployment)
    const key = JSON.stringify(context)
    const known = judged.get(key)
    if (known !== undefined) return known
    const isKept = !admitsAll(principal, passages, context, access)
    const reason = isKept ? `kept from some of these notes by a rule on ${deployment.egress} models` : null
    judged.set(key, reason)
    return reason
  }
}

/** Whether all passages, as they were when they were found, may be used in this context by the rules of this moment. */
function admitsAll(
  principal: Principal,
  passages: readonly Passage[],
  context: AccessContext,
  access: Pick<Access, 'filter'>,
): boolean {
  const filters = new Map<string, NoteFilter>()
  return passages.every(({ vault, note, facts }) => {
    const filter = filters.get(vault) ?? promptFilter(access, principal, vault, context)
    filters.set(vault, filter)
    return admitsNote(filter, { ...facts, path: note })
  })
}

/** An answer goes on only while its asker may use the passages and the model that it is made with. */
export function goOnOnlyWith(
  { principal, onlyWhile }: Call,
  passages: readonly Passage[],
  by: Answerer,
  { access, routing }: { readonly access: Pick<Access, 'filter'>; readonly routing: Pick<Routing, 'mayUse'> },
): void {
  const context = { 'model.egress': by.egress, 'model.provider': by.provider }
  onlyWhile?.(() => routing.mayUse(principal, by) && admitsAll(principal, passages, context, access))
}

/**
 * Throws `PassagesChanged` when one of the passages was changed, moved or removed since it was found, or may not be used
 * with this deployment any more; `access.unconfirmed`.
 */
export async function requireUnchanged(
  { principal }: Call,
  passages: readonly Passage[],
  deployment: Deployment,
  { access, vaults }: GateServices,
): Promise<void> {
  await access.confirm()
  const context = contextOf(deployment)
  const byVault = Map.groupBy(passages, ({ vault }) => vault)
  await Promise.all(
    [...byVault].map(async ([vault, found]) => {
      const filter = promptFilter(access, principal, vault, context)
      const facts = await vaults.factsOf(vault, [...new Set(found.map(({ note }) => note))])
      const isStill = ({ note, version }: Passage) => {
        const now = facts.get(note)
        return now?.version === version && admitsNote(filter, { ...now, path: note })
      }
      if (!found.every(isStill)) throw new PassagesChanged('a passage may not be used any more')
    }),
  )
}
