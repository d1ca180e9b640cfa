/**
 * Keys of service accounts. A service holds whatever roles it is given, so whoever has a key of it can come to more than
 * they hold themselves. A key for all of that is an owner’s to make; anybody else says what the key may do, and holds
 * every part of it.
 */
import { denyImplications, parseScope, type Action, type Bound, type Deny, type Scope } from '@cairn/contract'
import { fail } from '../base/index.ts'
import type { Circumstances, Engine, Subject } from './engine/index.ts'

export interface ServiceKeyMaker extends Circumstances {
  readonly engine: Engine
  readonly actor: Subject
  /** Calls with a key that has a bound: such a key of an owner makes none without. */
  readonly isBounded: boolean
}

/**
 * Throws `access.key-wider` for who is no owner, where the key says nothing of what it may do, or something that its
 * maker does not hold with every model and in every place and tag below.
 */
export function requireServiceKey(maker: ServiceKeyMaker, bound: Bound | undefined): void {
  const { engine, actor, isBounded, context, now } = maker
  const isOwner = engine.check({ subject: actor, action: 'org.configure', resource: engine.world.org, context, now })
  if (isOwner && !isBounded) return
  if (bound === undefined)
    refuse('bound: say what the key may do. Only an owner makes a key for everything that a service account may.')
  const verdict = engine.mayIssueKey({ actor, bound, context, now })
  if (!verdict.ok) refuse(`bound: ${verdict.why}`)
  for (const scope of bound.scopes) for (const action of bound.actions) requireBelow(maker, action, scope)
}

/** What is restricted or denied inside a scope is not held by holding the scope. */
function requireBelow(maker: ServiceKeyMaker, action: string, scope: string): void {
  const { engine, actor, context, now } = maker
  const { barriers, denies } = engine.world.policy
  const outer = parseScope(scope)
  if (outer === null || !('vault' in outer || outer.type === 'org')) return
  const holds = (resource: string) => engine.check({ subject: actor, action, resource, context, now })
  const isInside = (inner: Scope | null) => inner !== null && contains(outer, inner)
  const closed = [...barriers, ...denies]
    .map((each) => each.scope)
    .find((each) => isInside(parseScope(each)) && !holds(each))
  if (closed !== undefined) refuse(`bound: You do not hold ${action} everywhere in ${scope} yourself.`)
  const via = new Set(viaOf(engine, actor))
  if (denies.some((deny) => deny.scope.startsWith('tag:') && removes(deny, action) && via.has(deny.principal)))
    refuse(`bound: You do not hold ${action} on every note in ${scope} yourself.`)
}

function contains(outer: Scope, inner: Scope): boolean {
  if (!('vault' in inner)) return false
  if (outer.type === 'org') return true
  if (!('vault' in outer) || outer.vault !== inner.vault) return false
  if (outer.type === 'vault') return true
  return 'path' in outer && 'path' in inner && `${inner.path}/`.startsWith(`${outer.path}/`)
}

function removes({ actions }: Deny, action: string): boolean {
  return actions.some((each) => each === action || denyImplications[each as Action]?.some((name) => name === action))
}

function viaOf(engine: Engine, { principal = '' }: Subject): string[] {
  const groups = engine.groupsOf(principal).map((id) => `group:${id}`)
  return [principal, 'group:everyone', ...groups]
}

function refuse(message: string): never {
  fail('access.key-wider', { param: 'bound', message })
}
