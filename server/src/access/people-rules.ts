/**
 * What whoever manages people and groups may not do with it: take over an owner, make one, or gain by a group what nobody
 * would have given them. Each throws `access.forbidden` with the rule.
 */
import type { World } from '@cairn/contract'
import { fail, type Principal } from '../base/index.ts'
import { compile, type Engine, type Subject } from './engine/index.ts'

interface Asked {
  readonly engine: Engine
  readonly subject: Subject
  readonly now: number
}

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
  { engine, subject, now }: Asked,
  {
    isOwner,
    principal,
    makesOwner = false,
    changesAddress = false,
  }: Managing & { isOwner: boolean; principal: string },
): void {
  const mayConfigure = (who: Subject) =>
    engine.check({ subject: who, action: 'org.configure', resource: engine.world.org, now })
  if (mayConfigure(subject)) return
  if (isOwner || makesOwner || mayConfigure({ principal }))
    fail('access.forbidden', { message: 'Only an owner of this server changes owners.' })
  if (changesAddress)
    fail('access.forbidden', {
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
export function requireJoin({ engine, subject, now }: Asked, joining: Joining): void {
  const { world } = engine
  if (world.users.filter(({ suspended }) => !suspended).length < 2) return
  const after = compile(withMember(world, joining))
  const self = subject.principal
  if (self !== undefined && gains(world, after.world, self))
    fail('access.forbidden', { message: 'Somebody else has to bring you into a group.' })
  const owners = (of: Engine) => of.whoCan({ action: 'org.configure', resource: world.org, now })
  const known = new Set(owners(engine))
  const mayConfigure = engine.check({ subject, action: 'org.configure', resource: world.org, now })
  if (!mayConfigure && owners(after).some((each) => !known.has(each)))
    fail('access.forbidden', { message: 'Only an owner of this server makes another.' })
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

function gains(before: World, after: World, principal: string): boolean {
  return (
    groupsOf(after, principal.slice(principal.indexOf(':') + 1)).length >
    groupsOf(before, principal.slice(principal.indexOf(':') + 1)).length
  )
}

/** Ids of the groups that somebody is in, also through others, in order. */
export function groupsOf({ users, services, groups }: World, id: string): string[] {
  const direct = (users.find((each) => each.id === id) ?? services.find((each) => each.id === id))?.groups ?? []
  if (direct.length === 0) return []
  const above = new Map(groups.map((group) => [group.id, group.memberOf]))
  const found = new Set<string>()
  const waiting = [...direct]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue
    found.add(next)
    waiting.push(...(above.get(next) ?? []))
  }
  return [...found].sort()
}
