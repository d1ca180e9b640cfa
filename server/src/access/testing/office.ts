/** The small organisation on which the rules of administration are proved. */
import { worldSchema, type World } from '@cairn/contract'
import type { Engine, Verdict } from '../engine/index.ts'
import type { EngineModule } from './proof.ts'
import { start } from './worlds.ts'

const people = ['ann', 'ben', 'cho', 'dee', 'eve', 'fay', 'gil', 'hal', 'ira']

/** A curator of a folder, a security administrator, an auditor, an owner, and people without anything. */
export function office(more: { policy?: Record<string, unknown> } & Record<string, unknown> = {}): World {
  const grants = [
    { id: 'curates', principal: 'user:ann', role: 'curator', scope: 'folder:v/team', delegable: true },
    { id: 'secures', principal: 'user:ben', role: 'security-admin', scope: 'org:acme' },
    { id: 'audits', principal: 'group:auditors', role: 'auditor', scope: 'org:acme' },
    { id: 'owns', principal: 'user:dee', role: 'org-owner', scope: 'org:acme' },
    { id: 'edits', principal: 'user:eve', role: 'editor', scope: 'vault:v' },
    {
      id: 'helps',
      principal: 'group:helpers',
      role: 'viewer',
      scope: 'vault:v',
      until: '2026-04-01T00:00Z',
      delegable: true,
    },
    { id: 'inside', principal: 'user:ann', role: 'curator', scope: 'folder:v/closed' },
  ]
  const denies = [
    { id: 'no-secrets', principal: 'group:everyone', actions: ['retrieve'], scope: 'tag:secret' },
    {
      id: 'no-keys',
      principal: 'group:everyone',
      actions: ['read'],
      scope: 'tag:secret/keys',
      except: ['user:eve', 'user:ann'],
    },
    {
      id: 'no-drafts',
      principal: 'group:everyone',
      actions: ['cite'],
      scope: 'note:v/team/a.md',
      when: [['resource.property.status', '==', 'draft']],
    },
    { id: 'no-exports', principal: 'group:everyone', actions: ['export'], scope: 'folder:v/team/sealed' },
  ]
  const { policy, ...rest } = more
  const input = {
    org: 'org:acme',
    policy: {
      version: 1,
      grants,
      denies,
      barriers: [{ scope: 'folder:v/closed' }],
      breakGlass: ['group:helpers'],
      ...policy,
    },
    users: [
      ...people
        .slice(0, 6)
        .map((id) => ({ id, groups: id === 'cho' ? ['auditors'] : id === 'fay' ? ['helpers'] : [] })),
      { id: 'gil', groups: ['helpers'] },
      { id: 'hal', suspended: true },
      { id: 'ira', groups: ['junior'] },
    ],
    services: [{ id: 'bot', groups: ['helpers'] }],
    groups: [{ id: 'auditors' }, { id: 'helpers' }, { id: 'junior', memberOf: ['helpers'] }],
    keys: [
      {
        id: 'narrow',
        owner: 'user:eve',
        bound: { actions: ['read', 'write', 'model.use'], scopes: ['folder:v/team', 'org:acme'] },
      },
      {
        id: 'bens',
        owner: 'user:ben',
        bound: { actions: ['policy.approve', 'policy.view', 'user.assign'], scopes: ['org:acme'] },
      },
      { id: 'fays', owner: 'user:fay', bound: { actions: ['read'], scopes: ['vault:v'] } },
      { id: 'gone', owner: 'user:eve', revoked: true, bound: { actions: ['read'], scopes: ['vault:v'] } },
    ],
    agents: [
      { id: 'scribe', bound: { actions: ['policy.approve', 'read', 'discover', 'user.assign'], scopes: ['org:acme'] } },
    ],
    ...rest,
  }
  return worldSchema.parse(input)
}

export const now = start

/** `allow`, or the code of the refusal. */
export function say(verdict: Verdict): string {
  return verdict.ok ? 'allow' : verdict.code
}

export function open({ compile }: EngineModule, more?: Parameters<typeof office>[0]): Engine {
  return compile(office(more))
}
