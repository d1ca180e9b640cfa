/** Statements in the form in which they are judged: roles as sets of actions, times as numbers, conditions split. */
import {
  actions,
  denyImplications,
  findAttribute,
  isAction,
  isValidOn,
  parseScope,
  roleTable,
  rolesBelow,
  type AccessContext,
  type Action,
  type Bound,
  type Condition,
  type Deny,
  type PolicyDocument,
  type Resource,
  type ResourceType,
  type RoleSpec,
  type Scope,
} from '@cairn/contract'
import { allOf, compareValue, type Truth } from '../../base/index.ts'

/** A set of actions as bits: those with the numbers 0 to 31, and those from 32 on. In the statement itself, not in a list of its own, because a check looks at many. */
export interface ActionSet {
  readonly low: number
  readonly high: number
}

const numbers = new Map<string, number>(actions.map((action, at) => [action, at]))

export function numberOf(action: string): number | undefined {
  return numbers.get(action)
}

export function actionSet(named: Iterable<string>): ActionSet {
  let [low, high] = [0, 0]
  for (const action of named) {
    const at = numbers.get(action)
    if (at === undefined) continue
    if (at < 32) low |= 1 << at
    else high |= 1 << (at - 32)
  }
  return { low, high }
}

/** A shift counts modulo 32. */
export function has(set: ActionSet, action: number): boolean {
  return ((action < 32 ? set.low : set.high) & (1 << action)) !== 0
}

/** By the number of the action: the types of resource it can be asked on. */
const validTypes: readonly ReadonlySet<ResourceType>[] = actions.map(
  (action) =>
    new Set((['org', 'vault', 'folder', 'note', 'model', 'cache'] as const).filter((on) => isValidOn(action, on))),
)

export function isApplicable(action: number, type: ResourceType): boolean {
  return validTypes[action]?.has(type) === true
}

// --- Roles ------------------------------------------------------------------------------------------------------------

export interface Roles {
  /** A role and all it inherits from; empty for an unknown one. */
  readonly below: (role: string) => readonly string[]
  /** All actions of a role; null for an unknown one. */
  readonly actionsOf: (role: string) => ReadonlySet<Action> | null
  /** The same as flags. */
  readonly setOf: (role: string) => ActionSet | null
  readonly names: readonly string[]
}

export function compileRoles(policy: Pick<PolicyDocument, 'roles'>): Roles {
  const specs = new Map<string, Pick<RoleSpec, 'inherits'> & { readonly actions: readonly string[] }>(
    policy.roles.map((role) => [role.id, role]),
  )
  for (const [id, spec] of Object.entries(roleTable)) specs.set(id, spec)
  const below = new Map([...specs.keys()].map((role) => [role, rolesBelow(role, (id) => specs.get(id)?.inherits)]))
  const held = new Map(
    [...below].map(([role, juniors]) => [
      role,
      new Set(juniors.flatMap((junior) => specs.get(junior)?.actions ?? []).filter(isAction)),
    ]),
  )
  const sets = new Map([...held].map(([role, names]) => [role, actionSet(names)]))
  return {
    below: (role) => below.get(role) ?? [],
    actionsOf: (role) => held.get(role) ?? null,
    setOf: (role) => sets.get(role) ?? null,
    names: [...specs.keys()],
  }
}

// --- Conditions -------------------------------------------------------------------------------------------------------

/** Conditions, apart by whether the request or the note answers them. */
export interface SplitConditions {
  readonly request: readonly Condition[]
  readonly note: readonly Condition[]
}

const unconditional: SplitConditions = { request: [], note: [] }

export function splitConditions(when: readonly Condition[] | undefined): SplitConditions {
  if (when === undefined) return unconditional
  const isOfNote = ([attribute]: Condition) => findAttribute(attribute)?.of === 'note'
  return { request: when.filter((each) => !isOfNote(each)).map(readTimes), note: when.filter(isOfNote) }
}

function readTimes(condition: Condition): Condition {
  const [attribute, operator, value] = condition
  if (attribute !== 'now') return condition
  return [attribute, operator, Array.isArray(value) ? value.map((each) => toMs(String(each))) : toMs(String(value))]
}

/** Not a number for what is no time; nothing compares with that, so no window is open and no condition is told. */
export function toMs(instant: string): number {
  return Date.parse(instant)
}

export interface Environment {
  readonly context: AccessContext | undefined
  readonly now: number
  readonly agent: string | undefined
}

export function judgeRequest(conditions: readonly Condition[], environment: Environment): Truth {
  if (conditions.length === 0) return true
  return allOf(
    conditions.map(([attribute, operator, value]) =>
      compareValue(attributeOf(attribute, environment), operator, value),
    ),
  )
}

function attributeOf(name: string, { context, now, agent }: Environment): unknown {
  if (name === 'now') return now
  if (name === 'agent.id') return agent
  return context !== undefined && Object.hasOwn(context, name) ? context[name as keyof AccessContext] : undefined
}

// --- Statements -------------------------------------------------------------------------------------------------------

export interface GrantRule extends SplitConditions, ActionSet {
  readonly id: string
  readonly role: string
  readonly scope: Scope
  readonly from: number
  readonly until: number
  /** Whose access it passes on; null for a grant of the policy. */
  readonly by: string | null
}

export interface DenyRule extends SplitConditions, ActionSet {
  readonly id: string
  readonly scope: Scope
}

interface GrantSource {
  readonly id: string
  readonly role: string
  readonly scope: string
  readonly from?: string | undefined
  readonly until?: string | undefined
  readonly when?: readonly Condition[] | undefined
  readonly by?: string | undefined
}

/** Null for a grant that can never count. */
export function compileGrant(source: GrantSource, roles: Roles): GrantRule | null {
  const scope = parseScope(source.scope)
  const held = roles.setOf(source.role)
  if (scope === null || held === null) return null
  return {
    id: source.id,
    role: source.role,
    scope,
    ...held,
    from: source.from === undefined ? -Infinity : toMs(source.from),
    until: source.until === undefined ? Infinity : toMs(source.until),
    by: source.by ?? null,
    ...splitConditions(source.when),
  }
}

/** Null for a deny whose scope cannot be read, which a parsed policy does not have. */
export function compileDeny(deny: Pick<Deny, 'id' | 'scope' | 'actions' | 'when'>): DenyRule | null {
  const scope = parseScope(deny.scope)
  if (scope === null) return null
  const named = deny.actions.flatMap((action) => [action, ...(denyImplications[action as Action] ?? [])])
  return { id: deny.id, scope, ...actionSet(named), ...splitConditions(deny.when) }
}

export interface BoundRule extends SplitConditions, ActionSet {
  readonly of: string
  readonly scopes: readonly Resource[]
}

export function compileBound(of: string, bound: Bound): BoundRule {
  const scopes = bound.scopes.map(parseScope).filter((scope) => scope !== null && scope.type !== 'tag') as Resource[]
  return { of, scopes, ...actionSet(bound.actions), ...splitConditions(bound.when) }
}

/** Whether a resource is at or below another. */
export function covers(scope: Resource, resource: Resource, org: string): boolean {
  if (scope.type === 'org') return scope.id === org
  if (scope.id === resource.id) return true
  if (resource.type === 'model' || resource.type === 'cache')
    return scope.id === resource.family || scope.id === `${resource.type}:*`
  if (resource.type !== 'folder' && resource.type !== 'note') return false
  if (scope.type === 'vault') return scope.vault === resource.vault
  return scope.type === 'folder' && scope.vault === resource.vault && resource.path.startsWith(`${scope.path}/`)
}
