/** What people are shown of the policy: findings, statements on a scope, the matrix of roles, who can and why. */
import {
  actionTable,
  actions,
  parseScope,
  roleTable,
  rolesBelow,
  type Action,
  type Finding,
  type Grant,
  type Matrix,
  type Scope,
  type Statements,
  type Who,
} from '@cairn/contract'
import type { NoteFacts } from '../../base/index.ts'
import { scopesOf, type Engine, type Reader } from '../engine/index.ts'
import { listApprovers } from './administration.ts'

/** What an administrator should look at. */
export function listFindings(engine: Engine, now: number): Finding[] {
  const lockouts = engine.findLockouts(now).map(({ kind, scope }): Finding => ({
    kind,
    about: scope,
    message:
      kind === 'no-owner' ? 'No active person owns this server.' : `Nobody can enter ${scope}: grant a role inside it.`,
  }))
  const orphans = listOrphans(engine)
  if (!engine.isTeam()) return [...lockouts, ...orphans]
  const breaches = engine.findBreaches(now).map(({ principal, rule }): Finding => ({
    kind: 'separation',
    about: principal,
    message: `Holds roles that the rule “${rule}” keeps in different hands. Give one of them to somebody else.`,
  }))
  return [...lockouts, ...breaches, ...listSoleApprover(engine, now), ...orphans]
}

/** One who approves alone has nobody who looks at what they change. */
function listSoleApprover(engine: Engine, now: number): Finding[] {
  const [only, second] = listApprovers(engine, now)
  if (only === undefined || second !== undefined) return []
  return [
    {
      kind: 'sole-approver',
      about: only,
      message: `Only ${only} may approve changes of the policy, so theirs count at once. Let a second person approve too.`,
    },
  ]
}

/** Grants to somebody who is gone give nothing to anybody, also when another gets the same name. */
function listOrphans({ world }: Engine): Finding[] {
  const known = new Set([
    'group:everyone',
    ...world.users.map(({ id }) => `user:${id}`),
    ...world.services.map(({ id }) => `service:${id}`),
    ...world.groups.map(({ id }) => `group:${id}`),
  ])
  const named = [...world.policy.grants, ...world.policy.denies].map(({ principal }) => principal)
  return [...new Set(named.filter((principal) => !known.has(principal)))].map((principal) => ({
    kind: 'unknown-principal' as const,
    about: principal,
    message: `Statements name ${principal}, which does not exist any more.`,
  }))
}

/** A vault, or a folder or note in one. */
export type Place = Extract<Scope, { readonly vault: string }>

/** The places that statements stand on, each once. */
export function listPlaces({ world }: Pick<Engine, 'world'>): Place[] {
  const { grants, denies, barriers } = world.policy
  const named = new Set([...grants, ...denies, ...barriers].map(({ scope }) => scope))
  return [...named].flatMap((id) => {
    const scope = parseScope(id)
    return scope !== null && 'vault' in scope ? scope : []
  })
}

/**
 * Statements on places where no note is. Rules go with the notes that were under them, as long as nobody confirms that
 * they are gone; grants do not, and hold for whatever comes under the name.
 */
export function listLostPlaces({ world }: Pick<Engine, 'world'>, isThere: (place: Place) => boolean): Finding[] {
  const { grants, denies, barriers } = world.policy
  const ruled = new Set([...denies, ...barriers].map(({ scope }) => scope))
  const given = Map.groupBy(grants, ({ scope }) => scope)
  return listPlaces({ world })
    .filter((place) => !isThere(place))
    .map(({ id, type }) => ({
      kind: 'unknown-scope' as const,
      about: id,
      message: [
        `Statements name ${id}, where no note is.`,
        ...(ruled.has(id) && type !== 'vault' ? ['Notes that were there stay restricted wherever they are now.'] : []),
        ...sayGiven(given.get(id) ?? []),
      ].join(' '),
    }))
}

const mostGrantsSaid = 5

function sayGiven(grants: readonly Grant[]): string[] {
  if (grants.length === 0) return []
  const said = grants.slice(0, mostGrantsSaid).map(({ principal, role }) => `${role} to ${principal}`)
  const more = grants.length > mostGrantsSaid ? ` and ${grants.length - mostGrantsSaid} more` : ''
  return [`What comes under that name is given by: ${said.join(', ')}${more}. Take these back if that is not meant.`]
}

/** What holds on a scope: what stands on it, and what comes from above, as far as the reader sees statements there. */
export function listStatements(
  { world }: Engine,
  scope: string,
  sees: (place: string) => boolean,
): Omit<Statements, 'may'> {
  const asked = parseScope(scope)
  const above = (asked === null ? [scope] : withAbove(asked, world.org)).filter(sees)
  const own = <T extends { readonly scope: string }>(items: readonly T[]) =>
    items.filter((each) => above.includes(each.scope)).map((each) => ({ ...each, isInherited: each.scope !== scope }))
  const restricted = above.filter((each) => world.policy.barriers.some((barrier) => barrier.scope === each))
  return {
    scope,
    grants: own(world.policy.grants).map((grant) => ({
      ...grant,
      stoppedAt: restricted.find((each) => above.indexOf(each) < above.indexOf(grant.scope)) ?? null,
    })),
    denies: own(world.policy.denies),
    barrier: world.policy.barriers.find((each) => each.scope === scope) ?? null,
  }
}

/** The scope itself and what it lies in, from the nearest. */
function withAbove(scope: Scope, org: string): string[] {
  return scope.type === 'tag' || scope.type === 'org' ? [scope.id] : [...scopesOf(scope), org]
}

/** Roles with what they give, and who holds them. Without `sees` every grant is shown. */
export function makeMatrix({ world }: Engine, sees: (grant: Grant) => boolean): Omit<Matrix, 'may' | 'reader'> {
  const custom = new Map(world.policy.roles.map((role) => [role.id, role]))
  const find = (id: string) => (Object.hasOwn(roleTable, id) ? roleTable[id as keyof typeof roleTable] : custom.get(id))
  const holders = new Map<string, Matrix['roles'][number]['holders']>()
  for (const grant of world.policy.grants.filter(sees)) {
    const of = holders.get(grant.role) ?? []
    of.push({ grant: grant.id, principal: grant.principal, scope: grant.scope })
    holders.set(grant.role, of)
  }
  const ids = [...Object.keys(roleTable), ...custom.keys()]
  return {
    org: world.org,
    roles: ids.map((id) => {
      const role = find(id)
      const below = rolesBelow(id, (each) => find(each)?.inherits)
      const all = new Set(below.flatMap((each): readonly string[] => find(each)?.actions ?? []))
      return {
        id,
        builtIn: Object.hasOwn(roleTable, id),
        inherits: [...(role?.inherits ?? [])],
        description: role?.description ?? '',
        own: [...(role?.actions ?? [])],
        all: actions.filter((action) => all.has(action)),
        holders: holders.get(id) ?? [],
      }
    }),
    actions: actions.map((id) => ({ id, on: [...actionTable[id].on], description: actionTable[id].description })),
  }
}

interface WhoQuestion {
  readonly action: Action
  readonly resource: string
  readonly facts: NoteFacts | null | undefined
  readonly now: number
}

const mostExplained = 500

/** Everybody who is allowed, each with the statements that allow it, as far as the reader sees these. */
export function listWho(engine: Engine, { action, resource, facts, now }: WhoQuestion, reader: Reader): Who {
  const question = { action, resource, facts, now }
  const subjects = engine.whoCan(question).map((principal, at) => ({
    principal,
    because:
      at < mostExplained
        ? engine.explain({ ...question, subject: { principal } }, reader).grants.map(({ sentence }) => sentence)
        : [],
  }))
  return { subjects }
}
