/** The same organisation in other engines, each prepared as well as its interface allows; a check is one call. */
import { loadPeer } from '../cache/load-peer.ts'
import { denyImplications, type Action, type World } from '../../contract/src/index.ts'
import { createCedar } from '../../server/src/access/testing/cedar.ts'
import { compileRoles } from '../../server/src/access/engine/rules.ts'
import type { Office } from './office.ts'

export type Query = Office['queries'][number]

export interface Peer {
  readonly name: string
  /** `at` is the place of the query in the office’s list. */
  readonly check: (query: Query, at: number) => boolean | Promise<boolean>
  /** How many queries it is given a chance to answer. */
  readonly share: number
}

/** Groups of a person with nesting, and what a note is in. */
function flatten(world: World): {
  of: (principal: string) => readonly string[]
  above: (resource: string) => readonly string[]
} {
  const parents = new Map(world.groups.map(({ id, memberOf }) => [id, memberOf]))
  const of = new Map(
    world.users.map(({ id, groups }) => {
      const all = new Set(groups)
      for (const group of all) for (const parent of parents.get(group) ?? []) all.add(parent)
      return [`user:${id}`, [`user:${id}`, 'group:everyone', ...[...all].map((group) => `group:${group}`)]]
    }),
  )
  const cache = new Map<string, readonly string[]>()
  const above = (resource: string) => {
    const known = cache.get(resource)
    if (known !== undefined) return known
    const parts = resource.slice('note:'.length).split('/')
    const folders = parts.slice(2).map((_, at) => `folder:${parts.slice(0, at + 2).join('/')}`)
    const chain = [resource, ...folders.toReversed(), `vault:${parts[0]}`, world.org]
    cache.set(resource, chain)
    return chain
  }
  return { of: (principal) => of.get(principal) ?? [], above }
}

function deniedBy(actions: readonly Action[]): Action[] {
  return [...new Set(actions.flatMap((action) => [action, ...(denyImplications[action] ?? [])]))]
}

/** What is used of the libraries; they are installed with the benchmarks only. */
interface Ability {
  readonly can: (action: string, subject: object) => boolean
}
interface Casl {
  readonly createMongoAbility: (rules: readonly object[]) => Ability
  readonly subject: (type: string, object: object) => object
}
interface Enforcer {
  readonly enableLog: (on: boolean) => void
  readonly addPolicies: (rows: readonly (readonly string[])[]) => Promise<boolean>
  readonly addNamedGroupingPolicies: (name: string, rows: readonly (readonly string[])[]) => Promise<boolean>
  readonly enforce: (...request: readonly string[]) => Promise<boolean>
}
interface Casbin {
  readonly newModelFromString: (text: string) => object
  readonly newEnforcer: (model: object) => Promise<Enforcer>
}

/** One ability for each person, kept; objects carry their ancestors. */
export async function openCasl({ world }: Office): Promise<Peer> {
  const { createMongoAbility, subject: asSubject } = await loadPeer<Casl>('@casl/ability')
  const { of, above } = flatten(world)
  const roles = compileRoles(world.policy)
  const abilities = new Map<string, Ability>()
  const objects = new Map<string, object>()
  const build = (principal: string): Ability => {
    const names = new Set(of(principal))
    const can = world.policy.grants
      .filter((grant) => names.has(grant.principal))
      .map(({ role, scope }) => ({
        action: [...(roles.actionsOf(role) ?? [])],
        subject: 'Node',
        conditions: { ancestors: scope },
      }))
    const cannot = world.policy.denies
      .filter((deny) => names.has(deny.principal))
      .map(({ actions, scope }) => ({
        action: deniedBy(actions),
        subject: 'Node',
        conditions: { ancestors: scope },
        inverted: true,
      }))
    return createMongoAbility([...can, ...cannot])
  }
  return {
    name: 'casl',
    share: 1,
    check({ principal, action, resource }) {
      const ability = abilities.get(principal) ?? build(principal)
      abilities.set(principal, ability)
      const object = objects.get(resource) ?? asSubject('Node', { ancestors: above(resource) })
      objects.set(resource, object)
      return ability.can(action, object)
    },
  }
}

const model = `
[request_definition]
r = sub, act, obj
[policy_definition]
p = sub, act, obj, eft
[role_definition]
g = _, _
g2 = _, _
g3 = _, _
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = g(r.sub, p.sub) && g3(r.act, p.act) && g2(r.obj, p.obj)`

export async function openCasbin({ world, queries }: Office): Promise<Peer> {
  const { newEnforcer, newModelFromString } = await loadPeer<Casbin>('casbin')
  const { of, above } = flatten(world)
  const roles = compileRoles(world.policy)
  const enforcer = await newEnforcer(newModelFromString(model))
  enforcer.enableLog(false)
  const { grants, denies } = world.policy
  await enforcer.addPolicies([
    ...grants.map(({ principal, role, scope }) => [principal, `role ${role}`, scope, 'allow']),
    ...denies.map(({ id, principal, scope }) => [principal, `deny ${id}`, scope, 'deny']),
  ])
  const links = (pairs: string[][]) => [...new Map(pairs.map((pair) => [pair.join(' '), pair])).values()]
  const asked = new Set(queries.map(({ principal }) => principal))
  await enforcer.addNamedGroupingPolicies(
    'g',
    links(
      [...asked].flatMap((user) =>
        of(user)
          .slice(1)
          .map((group) => [user, group]),
      ),
    ),
  )
  const parents = queries.flatMap(({ resource }) =>
    above(resource)
      .slice(1)
      .map((parent, at) => [above(resource)[at] ?? '', parent]),
  )
  await enforcer.addNamedGroupingPolicies('g2', links(parents))
  const sets = [
    ...world.policy.roles.flatMap(({ id }) => [...(roles.actionsOf(id) ?? [])].map((action) => [action, `role ${id}`])),
    ...denies.flatMap(({ id, actions }) => deniedBy(actions).map((action) => [action, `deny ${id}`])),
  ]
  await enforcer.addNamedGroupingPolicies('g3', links(sets))
  return {
    name: 'casbin',
    share: 0.02,
    check: ({ principal, action, resource }) => enforcer.enforce(principal, action, resource),
  }
}

/** Policies parsed beforehand; entities go over with each call, only those of the person and the note. */
export function openCedar({ world }: Office): Peer {
  const decide = createCedar(world, { onlyOwn: true })
  return {
    name: 'cedar',
    share: 0.02,
    check: ({ principal, action, resource }) =>
      decide({ subject: { principal }, action, resource, facts: null, now: 0 }),
  }
}
