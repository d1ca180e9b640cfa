/**
 * What a policy would give to whoever puts it in force alone. Where nobody else could approve it, it gives its author no
 * role that a single grant could not: nobody gives to themselves, once there are two people.
 */
import { actions, isValidOn, parseScope, roleTable, rolesBelow, type Grant, type PolicyDocument } from '@cairn/contract'
import type { Circumstances, Engine } from '../engine/index.ts'

export interface Author extends Circumstances {
  /** `user:ID` or `service:ID`. */
  readonly principal: string
}

/** After any time that a statement can name: the last one of the calendar of JavaScript (ECMA-262, section 21.4.1.1). */
const lastMs = 8.64e15

/**
 * Whether a grant of the document, to the author or a group of theirs, gives what they do not hold now, or not for as
 * long. Grants and roles that stand in the policy as they are count as held.
 */
export function givesAuthor(engine: Engine, document: PolicyDocument, author: Author): boolean {
  if (!engine.isTeam()) return false
  const { world } = engine
  const via = new Set([
    author.principal,
    ...(author.principal.startsWith('user:') ? ['group:everyone'] : []),
    ...engine.groupsOf(author.principal).map((group) => `group:${group}`),
  ])
  const known = new Set(world.policy.grants.map((grant) => describe(grant, world.policy)))
  return document.grants.some(
    (grant) =>
      via.has(grant.principal) && !known.has(describe(grant, document)) && !holds(engine, grant, document, author),
  )
}

/** A grant by what it gives, without its id and note. */
function describe({ id: _id, note: _note, ...grant }: Grant, policy: PolicyDocument): string {
  const { principal, role, scope, from, until, when, delegable } = grant
  return JSON.stringify([principal, [...actionsOf(policy, role)].sort(), scope, from, until, when, delegable])
}

function holds(engine: Engine, grant: Grant, document: PolicyDocument, { principal, context, now }: Author): boolean {
  const type = parseScope(grant.scope)?.type
  const given = actions.filter((action) => type !== undefined && actionsOf(document, grant.role).has(action))
  const begin = Math.max(now, grant.from === undefined ? now : Date.parse(grant.from))
  const end = grant.until === undefined ? lastMs : Date.parse(grant.until) - 1
  return [now, begin, end].every((at) =>
    given.every(
      (action) =>
        type === undefined ||
        !isValidOn(action, type) ||
        engine.check({ subject: { principal }, action, resource: grant.scope, context, now: at }),
    ),
  )
}

function actionsOf({ roles }: Pick<PolicyDocument, 'roles'>, role: string): ReadonlySet<string> {
  const find = (id: string) =>
    Object.hasOwn(roleTable, id) ? roleTable[id as keyof typeof roleTable] : roles.find((each) => each.id === id)
  const below = rolesBelow(role, (id) => find(id)?.inherits)
  return new Set(below.flatMap((id): readonly string[] => find(id)?.actions ?? []))
}
