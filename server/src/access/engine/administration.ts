/**
 * Who may change who may do what. Each rule answers with a sentence instead of throwing: a refusal here is an expected
 * outcome, and the one who asked is told which rule it was.
 */
import { isAction, isValidOn, parseScope, type Action, type Bound, type Scope } from '@cairn/contract'
import type { NoteFacts } from '../../base/index.ts'
import type { Compiled } from './compiled.ts'
import { beginTrace, findAsker, judge } from './judge.ts'
import { everyone, findWays } from './profile.ts'
import { toMs } from './rules.ts'
import type { Circumstances, RefusalCode, Subject, Verdict } from './types.ts'

const allowed: Verdict = { ok: true }

export const needsShare = 'You need `share` on this scope, or `user.assign`.'

export function refuse(code: RefusalCode, why: string): Verdict {
  return { ok: false, code, why }
}

/** The principal that a subject acts for; null when its credential is not valid. */
export function actorOf(compiled: Compiled, subject: Subject, now: number): string | null {
  const asker = findAsker(compiled, subject, now)
  return typeof asker === 'string' ? null : asker.profile.principal
}

/** Whether more than one person is active; rules that need two are off while there is one. */
export function isTeam({ world }: Compiled): boolean {
  return world.users.filter(({ suspended }) => !suspended).length > 1
}

// --- Roles ------------------------------------------------------------------------------------------------------------

export interface Assignment extends Circumstances {
  readonly actor: Subject
  /** `user:`, `service:` or `group:`. */
  readonly to: string
  readonly role: string
  readonly scope: string
  /** Of the note, where the scope is one. */
  readonly facts?: NoteFacts | null | undefined
}

/**
 * Who holds `user.assign` gives any role; who holds `share` on the scope gives what they hold there themselves. Nobody
 * gives to themselves or to a group they are in, and nobody is given two roles that are kept apart.
 */
export function mayAssign(compiled: Compiled, assignment: Assignment): Verdict {
  const { actor, to, role, now } = assignment
  const scope = parseScope(assignment.scope)
  const gives = compiled.roles.actionsOf(role)
  if (scope === null) return refuse('malformed', 'The scope is not written as one.')
  if (gives === null) return refuse('unknown-role', `There is no role “${role}”.`)
  const given = [...gives].filter((action) => isValidOn(action, scope.type))
  if (given.length === 0) return refuse('nothing-there', `The role ${role} gives nothing on a ${scope.type}.`)
  const by = actorOf(compiled, actor, now)
  if (by === null) return refuse('not-permitted', 'Your credential is not valid.')
  const isAdmin = holds(compiled, assignment, 'user.assign', compiled.org)
  if (!isAdmin && !mayShareAt(compiled, assignment, scope)) return refuse('not-permitted', needsShare)
  // Only now: whoever may give nothing there does not learn who exists.
  if (!existsPrincipal(compiled, to)) return refuse('unknown-principal', `There is no ${to}.`)
  const missing = given.filter((action) => !holds(compiled, assignment, action, assignment.scope))
  // Through a group one would gain what one does not hold; who holds it already gains nothing.
  const gains = by === to || (missing.length > 0 && isOneOf(compiled, by, to))
  if (gains && isTeam(compiled)) return refuse('self-assignment', 'Somebody else has to give you a role.')
  if (!isAdmin && missing.length > 0)
    return refuse('exceeds-own', `You cannot give what you do not hold there: ${missing.join(', ')}.`)
  const broken = findSeparation(compiled, to, role, now)
  return broken === null
    ? allowed
    : refuse('separation-of-duty', `The rule “${broken}” keeps these roles in different hands.`)
}

/** Tags reach over all vaults, so only `user.assign` gives roles on them. */
function mayShareAt(compiled: Compiled, assignment: Assignment, scope: Scope): boolean {
  return scope.type !== 'tag' && holds(compiled, assignment, 'share', scope.id)
}

function holds(compiled: Compiled, assignment: Assignment, action: Action, resource: string): boolean {
  const { actor: subject, facts, context, now } = assignment
  return judge(compiled, { subject, action, resource, facts, context, now })
}

function existsPrincipal({ world }: Compiled, principal: string): boolean {
  const [kind, id] = splitPrincipal(principal)
  if (principal === everyone) return true
  const list = kind === 'user' ? world.users : kind === 'service' ? world.services : world.groups
  return list.some((each) => each.id === id)
}

function splitPrincipal(principal: string): [kind: string, id: string] {
  const colon = principal.indexOf(':')
  return [principal.slice(0, colon), principal.slice(colon + 1)]
}

/** Whether a person is the principal or one of its members. */
function isOneOf(compiled: Compiled, person: string, principal: string): boolean {
  return compiled.profileOf(person)?.via.has(principal) === true
}

// --- Separation of duty -----------------------------------------------------------------------------------------------

/** Id of a rule that giving this role would break for somebody; null when none is. */
function findSeparation(compiled: Compiled, to: string, role: string, now: number): string | null {
  if (!isTeam(compiled)) return null
  for (const person of membersOf(compiled, to)) {
    const before = breaches(compiled, rolesOf(compiled, person, now))
    const after = breaches(compiled, new Set([...rolesOf(compiled, person, now), ...compiled.roles.below(role)]))
    const broken = after.find((id) => !before.includes(id))
    if (broken !== undefined) return broken
    // Who holds two already gets no further one of the same set.
    const again = before.find((id) => isOfSet(compiled, id, role))
    if (again !== undefined) return again
  }
  return null
}

function isOfSet({ world, roles }: Compiled, id: string, role: string): boolean {
  const set = world.policy.separation.find((each) => each.id === id)?.roles ?? []
  return roles.below(role).some((each) => set.includes(each))
}

function breaches({ world }: Compiled, held: ReadonlySet<string>): string[] {
  return world.policy.separation
    .filter(({ roles }) => roles.filter((role) => held.has(role)).length > 1)
    .map(({ id }) => id)
}

/** Also those that are suspended: they may come back. */
function membersOf({ world }: Compiled, principal: string): string[] {
  const parents = new Map(world.groups.map(({ id, memberOf }) => [id, memberOf]))
  const everybody = [
    ...world.users.map(({ id, groups }) => ({ principal: `user:${id}`, groups })),
    ...world.services.map(({ id, groups }) => ({ principal: `service:${id}`, groups })),
  ]
  return everybody
    .filter((each) => findWays(each.principal, each.groups, parents).has(principal))
    .map((each) => each.principal)
}

/** Inherited, through groups, and delegated; without what is over. */
function rolesOf({ world, roles }: Compiled, person: string, now: number): Set<string> {
  const [kind, id] = splitPrincipal(person)
  const groups = (kind === 'user' ? world.users : world.services).find((each) => each.id === id)?.groups ?? []
  const via = findWays(person, groups, new Map(world.groups.map((group) => [group.id, group.memberOf])))
  const isOver = (until: string | undefined) => until !== undefined && toMs(until) <= now
  return new Set([
    ...world.policy.grants
      .filter(({ principal, until }) => via.has(principal) && !isOver(until))
      .flatMap(({ role }) => roles.below(role)),
    ...world.delegations
      .filter(({ to, until }) => to === person && !isOver(until))
      .flatMap(({ role }) => roles.below(role)),
  ])
}

/** People who hold what should be in different hands, to be shown; nothing is taken from them silently. */
export function findBreaches(compiled: Compiled, now: number): { readonly principal: string; readonly rule: string }[] {
  const { users, services } = compiled.world
  const everybody = [...users.map(({ id }) => `user:${id}`), ...services.map(({ id }) => `service:${id}`)]
  return everybody.flatMap((principal) =>
    breaches(compiled, rolesOf(compiled, principal, now)).map((rule) => ({ principal, rule })),
  )
}

// --- Delegation -------------------------------------------------------------------------------------------------------

export interface DelegationRequest extends Circumstances {
  readonly delegator: Subject
  /** A person. */
  readonly to: string
  readonly role: string
  readonly scope: string
  /** ISO 8601. */
  readonly from: string
  readonly until: string
}

/**
 * Passing on for a time what one holds by a grant that says it may be passed on. In person only, and what was delegated
 * is not delegated further.
 */
export function mayDelegate(compiled: Compiled, request: DelegationRequest): Verdict {
  const { delegator, to, role, now, context } = request
  const by = actorOf(compiled, delegator, now)
  if (by === null || delegator.key !== undefined || delegator.agent !== undefined || !by.startsWith('user:'))
    return refuse('not-permitted', 'Delegate in person, not through a key or an agent.')
  if (to === by) return refuse('self-assignment', 'You cannot delegate to yourself.')
  const [from, until] = [toMs(request.from), toMs(request.until)]
  if (!(from < until && until > now))
    return refuse('bad-window', 'A delegation ends after it begins, and not in the past.')
  const scope = parseScope(request.scope)
  const gives = compiled.roles.actionsOf(role)
  if (scope === null || scope.type === 'tag') return refuse('malformed', 'Delegate on a resource, not on a tag.')
  if (gives === null) return refuse('unknown-role', `There is no role “${role}”.`)
  const given = [...gives].filter((action) => isValidOn(action, scope.type))
  if (given.length === 0) return refuse('nothing-there', `The role ${role} gives nothing on a ${scope.type}.`)
  const missing = given.filter(
    (action) => !isDelegable(compiled, { by, action, scope: scope.id, from, until, request: { now, context } }),
  )
  if (missing.length > 0)
    return refuse('not-delegable', `No grant of yours lets you pass these on there: ${missing.join(', ')}.`)
  // Only now: whoever has nothing to pass on does not learn who exists.
  if (!to.startsWith('user:') || compiled.profileOf(to) === null)
    return refuse('unknown-principal', `${to} is no active person.`)
  const broken = findSeparation(compiled, to, role, now)
  return broken === null
    ? allowed
    : refuse('separation-of-duty', `The rule “${broken}” keeps these roles in different hands.`)
}

interface PassingOn {
  readonly by: string
  readonly action: string
  readonly scope: string
  readonly from: number
  readonly until: number
  readonly request: Circumstances
}

/** Allowed now, and by a delegable grant that lasts as long; that grant alone would allow it too. */
function isDelegable(compiled: Compiled, { by, action, scope, from, until, request }: PassingOn): boolean {
  const trace = beginTrace()
  if (!judge(compiled, { ...request, subject: { principal: by }, action, resource: scope }, trace)) return false
  return compiled.world.policy.grants.some(
    (grant) =>
      grant.delegable === true &&
      trace.grants.includes(grant.id) &&
      (grant.from === undefined || toMs(grant.from) <= from) &&
      (grant.until === undefined || toMs(grant.until) >= until),
  )
}

// --- Keys -------------------------------------------------------------------------------------------------------------

export interface KeyRequest extends Circumstances {
  /** The person or service, or the key above the new one. */
  readonly actor: Subject
  readonly bound: Bound
  readonly until?: string | undefined
}

/** No key holds more than who makes it, now; what they lose later the key loses with them. */
export function mayIssueKey(compiled: Compiled, { actor, bound, until, context, now }: KeyRequest): Verdict {
  if (actorOf(compiled, actor, now) === null) return refuse('not-permitted', 'Your credential is not valid.')
  if (actor.agent !== undefined) return refuse('not-permitted', 'An agent makes no keys.')
  if (until !== undefined && !(toMs(until) > now)) return refuse('bad-window', 'The key would have expired already.')
  for (const scope of bound.scopes)
    for (const action of bound.actions) {
      const type = parseScope(scope)?.type
      if (type === undefined || !isAction(action)) return refuse('malformed', 'The bound names something unknown.')
      // A bound lists actions for several kinds of resource at once.
      if (!isValidOn(action, type)) continue
      if (!judge(compiled, { subject: actor, action, resource: scope, context, now }))
        return refuse('exceeds-own', `You do not hold ${action} on ${scope} yourself.`)
    }
  return allowed
}

/** A key for everything is a second person’s matter as well. */
export function needsApproval(compiled: Compiled, bound: Bound): boolean {
  return isTeam(compiled) && bound.scopes.includes(compiled.org)
}
