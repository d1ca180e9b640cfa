/**
 * What whoever manages people and groups may not do with it: take over an owner, make one, or gain by a group what nobody
 * would have given them. Each throws `access.forbidden` with the rule.
 */
import type { World } from '@cairn/contract'
import { fail, type Principal } from '../base/index.ts'
import { compile } from './engine/index.ts'
import { isOwning, requireOwner, requireOwnerForNewOwners, type Acting } from './policy/owners.ts'

/** What is about to be done to an account. */
export interface Managing {
  readonly makesOwner?: boolean
  /** By which a provider of sign-ins finds the account. */
  readonly changesAddress?: boolean
}

/**
 * An owner is managed by owners only, whether the account says so or a role; only owners make others owners, and change
 * an address: a provider’s account with the new one would be let in.
 */
export function requireManage(
  acting: Acting,
  {
    isOwner,
    principal,
    makesOwner = false,
    changesAddress = false,
  }: Managing & { isOwner: boolean; principal: string },
): void {
  if (isOwner || makesOwner || isOwning(acting, { principal }))
    requireOwner(acting, { message: 'Only an owner of this server changes owners.' })
  if (changesAddress)
    requireOwner(acting, {
      param: 'email',
      message: 'email: only an owner of this server changes the address that somebody signs in with.',
    })
}

/** A second pair of eyes belongs to a person who is there, not to a program. */
export function requireInPerson({ via, kind }: Pick<Principal, 'via' | 'kind'>): void {
  if ((via !== 'session' && via !== 'local') || kind === 'service')
    fail('access.forbidden', { message: 'This takes an administrator who is signed in, not a key.' })
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
