/**
 * The statements that concern one person or service, sorted by where they hold. Groups, nesting and exceptions are
 * settled here once for an epoch, so that a check only walks up from the resource.
 */
import type { Deny, Resource, World } from '@cairn/contract'
import { everyPath, folderRange, pathRange, type PathRanges } from '../../base/index.ts'
import { compileDeny, compileGrant, type DenyRule, type GrantRule, type Roles } from './rules.ts'

/** What holds at one place for one person. */
export interface PlaceRules {
  readonly grants: GrantRule[]
  readonly denies: DenyRule[]
}

/** What holds at a place of a vault, for a filter. */
export interface PlacedRules extends PlaceRules {
  readonly scope: Extract<Resource, { vault: string }>
  readonly paths: PathRanges
}

export interface Profile {
  readonly principal: string
  /** Every principal the person counts as, with the way there: `['user:ben', 'group:contractors']`. */
  readonly via: ReadonlyMap<string, readonly string[]>
  /** By number of the scope, 0 for the organisation. */
  readonly at: ReadonlyMap<number, PlaceRules>
  /** In the order of paths, which makes uniting them cheap. */
  readonly vaults: ReadonlyMap<string, readonly PlacedRules[]>
  /** On tags. */
  readonly tags: PlaceRules
}

const groupPrefix = 'group:'
export const everyone = 'group:everyone'

/** Null for those who do not exist or are suspended. Made on first use and kept. */
export type FindProfile = (principal: string) => Profile | null

export function createProfiles(world: World, roles: Roles, numbers: ReadonlyMap<string, number>): FindProfile {
  const members = collectMembers(world)
  const parents = new Map(world.groups.map(({ id, memberOf }) => [id, memberOf]))
  const statements = collectStatements(world, roles)
  const made = new Map<string, Profile | null>()
  return (principal) => {
    const known = made.get(principal)
    if (known !== undefined) return known
    const groups = members.get(principal)
    // The unknown are not remembered: there is no end of them.
    if (groups === undefined) return null
    const profile = makeProfile(principal, findWays(principal, groups, parents), statements, numbers)
    made.set(principal, profile)
    return profile
  }
}

/** Groups of all who may act at all, by principal. */
function collectMembers({ users, services }: World): Map<string, readonly string[]> {
  const members = new Map<string, readonly string[]>()
  for (const { id, groups, suspended } of users) if (!suspended) members.set(`user:${id}`, groups)
  for (const { id, groups, suspended } of services) if (!suspended) members.set(`service:${id}`, groups)
  return members
}

/** Breadth first, so that the way told is a shortest one; a ring of groups ends where it began. */
export function findWays(
  principal: string,
  groups: readonly string[],
  parents: ReadonlyMap<string, readonly string[]>,
): Map<string, readonly string[]> {
  const ways = new Map<string, readonly string[]>([[principal, [principal]]])
  if (principal.startsWith('user:')) ways.set(everyone, [principal, everyone])
  let level = groups.map((group) => ({ group, way: [principal] as readonly string[] }))
  while (level.length > 0) {
    const next: typeof level = []
    for (const { group, way } of level) {
      const id = `group:${group}`
      // Nobody becomes one of everyone by a membership: services are not.
      if (ways.has(id) || id === everyone) continue
      const here = [...way, id]
      ways.set(id, here)
      for (const parent of parents.get(group) ?? []) next.push({ group: parent, way: here })
    }
    level = next
  }
  return ways
}

/** Of an active person or service, without `everyone`; in order. */
export function groupsOf({ profileOf }: { readonly profileOf: FindProfile }, principal: string): string[] {
  const via = [...(profileOf(principal)?.via.keys() ?? [])]
  return via
    .flatMap((each) => (each.startsWith(groupPrefix) && each !== everyone ? each.slice(groupPrefix.length) : []))
    .sort()
}

interface Statements {
  readonly grants: ReadonlyMap<string, readonly GrantRule[]>
  readonly denies: ReadonlyMap<string, readonly { readonly rule: DenyRule; readonly except: readonly string[] }[]>
}

function collectStatements({ policy, delegations }: World, roles: Roles): Statements {
  const grants = new Map<string, GrantRule[]>()
  const denies = new Map<string, { rule: DenyRule; except: readonly string[] }[]>()
  for (const grant of policy.grants) add(grants, grant.principal, compileGrant(grant, roles))
  // A group cannot be delegated to, so that it stays with the one who was named.
  for (const delegation of delegations)
    if (!delegation.to.startsWith('group:')) add(grants, delegation.to, compileGrant(delegation, roles))
  for (const deny of policy.denies) add(denies, deny.principal, withExceptions(deny))
  return { grants, denies }
}

function withExceptions(deny: Deny): { rule: DenyRule; except: readonly string[] } | null {
  const rule = compileDeny(deny)
  return rule === null ? null : { rule, except: deny.except ?? [] }
}

function add<Rule>(lists: Map<string, Rule[]>, principal: string, rule: Rule | null): void {
  if (rule === null) return
  const list = lists.get(principal)
  if (list === undefined) lists.set(principal, [rule])
  else list.push(rule)
}

function makeProfile(
  principal: string,
  via: ReadonlyMap<string, readonly string[]>,
  statements: Statements,
  numbers: ReadonlyMap<string, number>,
): Profile {
  const at = new Map<number, PlaceRules>()
  const vaults = new Map<string, PlacedRules[]>()
  const tags = noRules()
  const placeOf = ({ scope }: GrantRule | DenyRule): PlaceRules | null => {
    if (scope.type === 'tag') return tags
    const number = numbers.get(scope.id)
    if (number === undefined) return null
    const known = at.get(number)
    if (known !== undefined) return known
    const rules = 'vault' in scope ? { ...noRules(), scope, paths: rangeOf(scope) } : noRules()
    at.set(number, rules)
    if ('scope' in rules) add(vaults, rules.scope.vault, rules)
    return rules
  }
  for (const each of via.keys()) {
    for (const rule of statements.grants.get(each) ?? []) placeOf(rule)?.grants.push(rule)
    for (const { rule, except } of statements.denies.get(each) ?? [])
      if (!except.some((excepted) => via.has(excepted))) placeOf(rule)?.denies.push(rule)
  }
  for (const places of vaults.values()) places.sort((a, b) => ((a.paths[0] ?? '') < (b.paths[0] ?? '') ? -1 : 1))
  return { principal, via, at, vaults, tags }
}

/** The notes at or below a place of its vault. */
export function rangeOf(scope: Extract<Resource, { vault: string }>): PathRanges {
  if (scope.type === 'vault') return everyPath
  return scope.type === 'folder' ? folderRange(scope.path) : pathRange(scope.path)
}

function noRules(): PlaceRules {
  return { grants: [], denies: [] }
}
