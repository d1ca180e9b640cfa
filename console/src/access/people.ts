/** What is said of people: state, ways to sign in, roles that name them. */
import type { Matrix, UserInfo } from '@cairn/contract'

export type PersonState = 'active' | 'invited' | 'waiting' | 'suspended'

export const stateWords = {
  active: 'Active',
  invited: 'Invited',
  waiting: 'Waits for a second administrator',
  suspended: 'Suspended',
} as const
export const methodWords = { password: 'password', totp: 'second factor', openid: 'OpenID' } as const

/** Invited: a person with no way to sign in who was never here. An owner signs in by a link of the command line too. */
export function stateOf({ status, kind, methods, lastSeenAt, isOwner, link }: UserInfo): PersonState {
  if (status === 'suspended') return 'suspended'
  if (link?.isConfirmed === false) return 'waiting'
  return kind === 'user' && methods.length === 0 && lastSeenAt === null && !isOwner ? 'invited' : 'active'
}

/** Roles that statements give to exactly this principal, in the order of the table. */
export function rolesHeldBy(roles: Matrix['roles'], principal: string): string[] {
  return roles.filter(({ holders }) => holders.some((holder) => holder.principal === principal)).map(({ id }) => id)
}

export function filterUsers(users: readonly UserInfo[], text: string): readonly UserInfo[] {
  const words = text.trim().toLowerCase().split(/\s+/)
  return users.filter(({ name, email }) => words.every((word) => `${name} ${email ?? ''}`.toLowerCase().includes(word)))
}

/** Groups in which somebody is, by themselves. */
export function groupsWith<G extends { readonly members: readonly { kind: string; id: string }[] }>(
  groups: readonly G[],
  id: string,
): readonly G[] {
  return groups.filter(({ members }) => members.some((member) => member.kind === 'user' && member.id === id))
}

/** Groups that can be put into a group without a ring: not itself, and none that contains it. */
export function nestable<G extends { readonly id: string; readonly members: readonly { kind: string; id: string }[] }>(
  groups: readonly G[],
  into: G,
): readonly G[] {
  const above = new Set([into.id])
  for (const name of above)
    for (const { id, members } of groups)
      if (members.some((member) => member.kind === 'group' && member.id === name)) above.add(id)
  return groups.filter(({ id }) => !above.has(id) && !into.members.some((member) => member.id === id))
}
