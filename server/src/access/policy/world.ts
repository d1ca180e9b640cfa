/** The world of one epoch: the policy, the people, their keys, and what was passed on or approved for a time. */
import {
  actions,
  type AccessKey,
  type Bound,
  type BreakGlass,
  type Delegation,
  type Grant,
  type PolicyDocument,
  type World,
} from '@cairn/contract'
import { formatTime } from '../../base/index.ts'
import type { Directory, DirectoryKey } from '../identity/directory.ts'
import { orgId } from './first-policy.ts'
import type { Revision } from './revisions.ts'

export interface WorldParts {
  readonly directory: Directory
  readonly revision: Revision
  readonly delegations: readonly Delegation[]
  readonly emergencies: readonly BreakGlass[]
}

export function makeWorld({ directory, revision, delegations, emergencies }: WorldParts): World {
  const { users, services, groups, keys, epoch } = directory
  const groupsOf = indexMemberships(directory.memberships)
  const kinds = new Map([...users, ...services].map(({ id, kind }) => [id, kind]))
  const member = ({ id, kind, status }: Directory['users'][number]) => ({
    id,
    groups: groupsOf.get(`${kind} ${id}`) ?? [],
    suspended: status === 'suspended',
  })
  return {
    org: orgId,
    epoch,
    revision: String(revision.seq),
    policy: { ...revision.document, grants: [...revision.document.grants, ...grantsOfOwners(users)] },
    users: users.map(member),
    services: services.map(member),
    groups: groups.map(({ id }) => ({ id, memberOf: groupsOf.get(`group ${id}`) ?? [] })),
    keys: keys.map((key) => toKey(key, kinds.get(key.owner) ?? 'user')),
    agents: [],
    delegations: [...delegations],
    breakGlass: [...emergencies],
  }
}

/** Groups of each member, by kind and id. */
function indexMemberships(memberships: Directory['memberships']): Map<string, string[]> {
  const found = new Map<string, Set<string>>()
  for (const { group, member } of memberships) {
    const key = `${member.kind} ${member.id}`
    found.set(key, (found.get(key) ?? new Set()).add(group))
  }
  return new Map([...found].map(([key, groups]) => [key, [...groups]]))
}

const ownerPrefix = 'owner.'

/** Being an owner is a property of the person, which keeps the last one from losing it; here it becomes a grant. */
function grantsOfOwners(users: Directory['users']): Grant[] {
  return users
    .filter(({ isOwner }) => isOwner)
    .map(({ id }) => ({ id: `${ownerPrefix}${id}`, principal: `user:${id}`, role: 'org-owner', scope: orgId }))
}

/** The same people under another policy: who is an owner stays one, whatever it says. */
export function withPolicy(world: World, document: PolicyDocument): World {
  const ofOwners = world.policy.grants.filter(({ id }) => id.startsWith(ownerPrefix))
  return { ...world, policy: { ...document, grants: [...document.grants, ...ofOwners] } }
}

/** A key without a bound may do whatever its owner may. */
const unbound: Bound = { actions: [...actions], scopes: [orgId] }

function toKey({ id, owner, parent, bound, expiresAt }: DirectoryKey, kind: 'user' | 'service'): AccessKey {
  return {
    id,
    owner: `${kind}:${owner}`,
    ...(parent === null ? {} : { parent }),
    bound: bound ?? unbound,
    ...(expiresAt === null ? {} : { until: formatTime(expiresAt) }),
    revoked: false,
  }
}
