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
import type { Engine } from '../engine/index.ts'

/** What an administrator should look at. */
export function listFindings(engine: Engine, now: number): Finding[] {
  const { world } = engine
  const lockouts = engine.findLockouts(now).map(({ kind, scope }): Finding => ({
    kind,
    about: scope,
    message:
      kind === 'no-owner' ? 'No active person owns this server.' : `Nobody can enter ${scope}: grant a role inside it.`,
  }))
  const isAlone = world.users.filter(({ suspended }) => !suspended).length < 2
  const breaches = isAlone
    ? []
    : engine.findBreaches(now).map(({ principal, rule }): Finding => ({
        kind: 'separation',
        about: principal,
        message: `Holds roles that the rule “${rule}” keeps in different hands. Give one of them to somebody else.`,
      }))
  return [...lockouts, ...breaches, ...listOrphans(engine)]
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

/**
 * Statements on a vault, folder or note that is not there. Rules go with the notes that were under them, as long as
 * nobody confirms that they are gone; grants do not, and hold for whatever comes under the name.
 */
export function listLostScopes({ world }: Engine, isThere: (scope: Scope) => boolean): Finding[] {
  const { grants, denies, barriers } = world.policy
  const ruled = new Set([...denies, ...barriers].map(({ scope }) => scope))
  const given = Map.groupBy(grants, ({ scope }) => scope)
  return [...new Set([...given.keys(), ...ruled])].flatMap((id) => {
    const scope = parseScope(id)
    const isPlace = scope?.type === 'vault' || scope?.type === 'folder' || scope?.type === 'note'
    if (!isPlace || isThere(scope)) return []
    return {
      kind: 'unknown-scope' as const,
      about: id,
      message: [
        `Statements name ${id}, where no note is.`,
        ...(ruled.has(id) && scope.type !== 'vault'
          ? ['Notes that were there stay restricted wherever they are now.']
          : []),
        ...sayGiven(given.get(id) ?? []),
      ].join(' '),
    }
  })
}

const mostGrantsSaid = 5

function sayGiven(grants: readonly Grant[]): string[] {
  if (grants.length === 0) return []
  const said = grants.slice(0, mostGrantsSaid).map(({ principal, role }) => `${role} to ${principal}`)
  const more = grants.length > mostGrantsSaid ? ` and ${grants.length - mostGrantsSaid} more` : ''
  return [`What comes under that name is given by: ${said.join(', ')}${more}. Take these back if that is not meant.`]
}

/** Everything that holds on a scope: what stands on it, and what comes from above. */
export function listStatements({ world }: Engine, scope: string): Omit<Statements, 'may'> {
  const asked = parseScope(scope)
  const above = asked === null ? [scope] : ancestors(asked, world.org)
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

/** The scope itself and what it lies in. */
function ancestors(scope: Scope, org: string): string[] {
  if (scope.type === 'tag' || scope.type === 'org') return [scope.id]
  if (scope.type === 'vault') return [scope.id, org]
  if (scope.type === 'model' || scope.type === 'cache')
    return [scope.id, ...(scope.family === null ? [] : [scope.family]), `${scope.type}:*`, org]
  const folders: string[] = []
  for (let at = scope.path.lastIndexOf('/'); at > 0; at = scope.path.lastIndexOf('/', at - 1))
    folders.push(`folder:${scope.vault}/${scope.path.slice(0, at)}`)
  return [scope.id, ...folders, `vault:${scope.vault}`, org]
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

/** Everybody who is allowed, each with the statements that allow it. */
export function listWho(engine: Engine, { action, resource, facts, now }: WhoQuestion): Who {
  const question = { action, resource, facts, now }
  const subjects = engine.whoCan(question).map((principal, at) => ({
    principal,
    because:
      at < mostExplained
        ? engine
            .explain({ ...question, subject: { principal } }, { audience: 'auditor' })
            .grants.map(({ sentence }) => sentence)
        : [],
  }))
  return { subjects }
}
