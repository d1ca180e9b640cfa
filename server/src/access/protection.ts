/** What rules look at of notes, for those who keep it in place against edits. */
import type { Condition } from '@cairn/contract'
import type { Access } from './types.ts'

export interface ProtectedOfNotes {
  /** Whether there is anybody to keep from anything: more than one active person. */
  readonly isTeam: boolean
  /** Tags that a deny names. */
  readonly tags: readonly string[]
  /** Conditions of denies on attributes of notes. */
  readonly conditions: readonly Condition[]
  /** Folders and notes, `folder:VAULT/PATH` and `note:VAULT/PATH`, that are barriers or that a deny names. */
  readonly places: readonly string[]
}

/** Tells it as of now. Rejects with `access.unconfirmed`. */
export function describeProtection({
  confirm,
  policy,
}: Pick<Access, 'confirm' | 'policy'>): () => Promise<ProtectedOfNotes> {
  return async () => {
    await confirm()
    const { world, isTeam, protectedFacts } = policy.engine()
    const { denies, barriers } = world.policy
    const conditions = denies.flatMap(({ when = [] }) => when as readonly Condition[])
    return {
      isTeam: isTeam(),
      tags: protectedFacts().tags,
      conditions: conditions.filter(([attribute]) => attribute.startsWith('resource.')),
      places: [...new Set([...barriers, ...denies].map(({ scope }) => scope).filter(isInVault))].sort(),
    }
  }
}

/** What is said of a whole vault holds wherever in it a note is moved. */
function isInVault(scope: string): boolean {
  return scope.startsWith('folder:') || scope.startsWith('note:')
}
