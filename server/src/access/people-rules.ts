/**
 * What whoever manages people and groups may not do with it: take over an owner, make one, or gain by a group what nobody
 * would have given them. Each throws `access.forbidden` with the rule.
 */
import type { World } from '@cairn/contract'
import { fail } from '../base/index.ts'
import { compile } from './engine/index.ts'
import { requireOwner, requireOwnerForNewOwners, type Acting } from './policy/owners.ts'

/** An owner is managed by owners only, and only they make others owners. */
export function requireManage(
  acting: Acting,
  { isOwner, makesOwner }: { readonly isOwner: boolean; readonly makesOwner: boolean },
): void {
  if (isOwner || makesOwner) requireOwner(acting, 'Only an owner of this server changes owners.')
}

export interface Joining {
  readonly group: string
  readonly member: { readonly kind: 'user' | 'group'; readonly id: string }
}

/** Nobody brings themselves into a group, and nobody is brought where roles meet that are kept apart. */
export function requireJoin(acting: Acting, joining: Joining): void {
  const { engine, subject, now } = acting
  if (!engine.isTeam()) return
  const after = compile(withMember(engine.world, joining))
  const self = subject.principal
  if (self !== undefined && after.groupsOf(self).length > engine.groupsOf(self).length)
    fail('access.forbidden', { message: 'Somebody else has to bring you into a group.' })
  requireOwnerForNewOwners(acting, after)
  const before = new Set(engine.findBreaches(now).map(({ principal, rule }) => `${principal} ${rule}`))
  const broken = after.findBreaches(now).find(({ principal, rule }) => !before.has(`${principal} ${rule}`))
  if (broken)
    fail('access.forbidden', {
      message: `The rule “${broken.rule}” keeps the roles of this group and others of ${broken.principal} in different hands.`,
    })
}

function withMember(world: World, { group, member }: Joining): World {
  if (member.kind === 'group') {
    const groups = world.groups.map((each) =>
      each.id === member.id ? { ...each, memberOf: [...each.memberOf, group] } : each,
    )
    return { ...world, groups }
  }
  const join = (each: World['users'][number]) =>
    each.id === member.id ? { ...each, groups: [...each.groups, group] } : each
  return { ...world, users: world.users.map(join), services: world.services.map(join) }
}
