/**
 * The policy of a new deployment. The owner runs everything alone at first, so they hold every built-in role by grants
 * that can be seen and taken back. Everybody else may use models and shared caches, and no note until somebody grants it.
 */
import { policyDocumentSchema, type PolicyDocument } from '@cairn/contract'

/** What the one who sets a server up needs to do alone; `org-owner` comes with being an owner. */
const ownersRoles = ['vault-admin', 'model-admin', 'cache-user', 'auditor'] as const

export const orgId = 'org:cairn'

export function firstPolicy(owner: string): PolicyDocument {
  const grants = ownersRoles.map((role) => ({
    id: `first-owner.${role}`,
    principal: `user:${owner}`,
    role,
    scope: orgId,
    note: 'Given when the server was set up.',
  }))
  return policyDocumentSchema.parse({
    version: 1,
    grants: [
      ...grants,
      {
        id: 'everyone.models',
        principal: 'group:everyone',
        role: 'model-user',
        scope: orgId,
        note: 'Every active person may use every model. Take it back to grant models one by one.',
      },
      {
        id: 'everyone.cache',
        principal: 'group:everyone',
        role: 'cache-user',
        scope: orgId,
        note: 'Answers are shared with those who may read everything that they were made from.',
      },
    ],
  })
}
