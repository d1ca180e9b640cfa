/** A world made ready: what every question looks things up in. Made once for an epoch, never changed. */
import {
  accessLimits,
  parseResource,
  parseScope,
  type AccessKey,
  type Bound,
  type Resource,
  type World,
} from '@cairn/contract'
import { folderRange, unite, type PathRanges } from '../../base/index.ts'
import { createProfiles, type FindProfile } from './profile.ts'
import { actionSet, compileBound, compileRoles, toMs, type ActionSet, type BoundRule, type Roles } from './rules.ts'
import type { FindFacts } from './types.ts'

export interface Barriers {
  /** Whether the vault itself is one. */
  readonly root: boolean
  readonly folders: ReadonlySet<string>
  /** Folders in the order of their ranges. */
  readonly sorted: readonly string[]
  /** Everything behind a folder that is one. */
  readonly ranges: PathRanges
}

export interface KeyRule {
  readonly id: string
  readonly owner: string
  readonly parent: string | undefined
  readonly revoked: boolean
  readonly until: number
  readonly bound: BoundRule
}

export interface BreakGlassRule {
  readonly id: string
  readonly actions: ActionSet
  readonly scope: Resource
  readonly from: number
  readonly until: number
}

/** A resource, and the numbers of all scopes it is in that a statement names, from the nearest. */
export interface Place {
  readonly resource: Resource
  readonly scopes: readonly number[]
}

/** Null for what is no resource. */
export type FindPlace = (id: string) => Place | null

export interface Compiled {
  readonly world: World
  readonly org: string
  readonly roles: Roles
  readonly profileOf: FindProfile
  /** By vault. */
  readonly barriers: ReadonlyMap<string, Barriers>
  /** By number of a scope: its id where it is a barrier. */
  readonly barrierAt: readonly (string | undefined)[]
  readonly keys: ReadonlyMap<string, KeyRule>
  readonly agents: ReadonlyMap<string, BoundRule>
  /** Of a person, what a second one approved. */
  readonly breakGlass: ReadonlyMap<string, readonly BreakGlassRule[]>
  readonly factsOf: FindFacts
  readonly placeOf: FindPlace
  /** The compiled form of a bound that a subject brings along. */
  readonly boundOf: (bound: Bound) => BoundRule
}

export function compileWorld(world: World, factsOf: FindFacts = () => undefined): Compiled {
  const roles = compileRoles(world.policy)
  const bounds = new WeakMap<Bound, BoundRule>()
  const numbers = numberScopes(world)
  const barrierAt: (string | undefined)[] = []
  for (const { scope } of world.policy.barriers) barrierAt[numbers.get(scope) ?? 0] = scope
  return {
    world,
    org: world.org,
    roles,
    profileOf: createProfiles(world, roles, numbers),
    barriers: compileBarriers(world),
    barrierAt,
    keys: new Map(world.keys.map((key) => [key.id, compileKey(key)])),
    agents: new Map(world.agents.map(({ id, bound }) => [id, compileBound(`agent ${id}`, bound)])),
    breakGlass: compileBreakGlass(world),
    factsOf,
    placeOf: createPlaces(world.org, numbers),
    boundOf(bound) {
      const compiled = bounds.get(bound) ?? compileBound('session', bound)
      bounds.set(bound, compiled)
      return compiled
    },
  }
}

function numberScopes({ org, policy, delegations }: World): Map<string, number> {
  const named = [...policy.grants, ...policy.denies, ...policy.barriers, ...delegations].map(({ scope }) => scope)
  return new Map([org, ...new Set(named.filter((scope) => scope !== org))].map((scope, at) => [scope, at]))
}

const mostPlaces = 20_000

/**
 * Keeps what was parsed: cutting a path into its folders and looking these up costs more than all the rest of a check.
 * When there are too many, all are forgotten; to tell the used ones would cost more than it saves.
 */
function createPlaces(org: string, numbers: ReadonlyMap<string, number>): FindPlace {
  const known = new Map<string, Place>()
  return (id) => {
    const found = known.get(id)
    if (found !== undefined) return found
    const resource = parseResource(id)
    if (resource === null || (resource.type === 'org' && id !== org)) return null
    if (known.size >= mostPlaces) known.clear()
    const scopes = [...scopesOf(resource), org].map((scope) => numbers.get(scope)).filter((at) => at !== undefined)
    const place = { resource, scopes: [...new Set(scopes)] }
    known.set(id, place)
    return place
  }
}

/** The resource and what it is in, from the nearest, without the organisation. */
export function scopesOf(resource: Resource): string[] {
  const { type, id } = resource
  if (type === 'org') return []
  if (type === 'vault') return [id]
  if (type === 'model' || type === 'cache')
    return [id, ...(resource.family === null ? [] : [resource.family]), `${type}:*`]
  const { vault, path } = resource
  const scopes = [id]
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
    scopes.push(`folder:${vault}/${path.slice(0, end)}`)
  return [...scopes, `vault:${vault}`]
}

function compileKey({ id, owner, parent, bound, until, revoked }: AccessKey): KeyRule {
  const end = until === undefined ? Infinity : toMs(until)
  return { id, owner, parent, revoked, until: end, bound: compileBound(`key ${id}`, bound) }
}

function compileBarriers({ policy }: World): Map<string, Barriers> {
  const vaults = new Map<string, { root: boolean; folders: Set<string> }>()
  for (const { scope: id } of policy.barriers) {
    const scope = parseScope(id)
    if (scope === null || (scope.type !== 'vault' && scope.type !== 'folder')) continue
    const vault = vaults.get(scope.vault) ?? { root: false, folders: new Set() }
    vaults.set(scope.vault, vault)
    if (scope.type === 'vault') vault.root = true
    else vault.folders.add(scope.path)
  }
  return new Map(
    [...vaults].map(([vault, { root, folders }]) => {
      const sorted = [...folders].sort((a, b) => (`${a}/` < `${b}/` ? -1 : 1))
      return [vault, { root, folders, sorted, ranges: unite(sorted.map(folderRange)) }]
    }),
  )
}

/** Void without a second person, for longer than the limit, or for services: emergencies are people’s. */
function compileBreakGlass({ breakGlass }: World): Map<string, BreakGlassRule[]> {
  const rules = new Map<string, BreakGlassRule[]>()
  for (const { id, user, approvedBy, actions, scope: scopeId, from: start, until: end } of breakGlass) {
    const scope = parseScope(scopeId)
    const [from, until] = [toMs(start), toMs(end)]
    const isApproved = approvedBy !== undefined && approvedBy !== user
    const isShort = until - from <= accessLimits.breakGlassMs
    if (!isApproved || !isShort || scope === null || scope.type === 'tag' || !user.startsWith('user:')) continue
    rules.set(user, [...(rules.get(user) ?? []), { id, actions: actionSet(actions), scope, from, until }])
  }
  return rules
}
