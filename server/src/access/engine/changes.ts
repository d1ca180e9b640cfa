/**
 * Changes of notes and policies that would lift a deny or lock people out. A deny by tag, label or property is only as
 * strong as what keeps these in place, and a move is a way around a deny by folder.
 */
import { isUnderTag, parseResource, parseScope, type Condition } from '@cairn/contract'
import { judgeNote, type NoteFacts } from '../../base/index.ts'
import { actorOf, refuse } from './administration.ts'
import type { Compiled } from './compiled.ts'
import { judge } from './judge.ts'
import { compileDeny, covers, type DenyRule } from './rules.ts'
import type { Circumstances, Subject, Verdict } from './types.ts'

const allowed: Verdict = { ok: true }

/** What editors may add but not take away: denies look at it. */
export interface ProtectedFacts {
  readonly tags: readonly string[]
  /** `resource.label`, `resource.owner`, `resource.property.NAME`. */
  readonly attributes: readonly string[]
}

export function protectedFacts({ world }: Compiled): ProtectedFacts {
  const tags = new Set<string>()
  const attributes = new Set<string>()
  for (const { scope, when = [] } of world.policy.denies) {
    if (scope.startsWith('tag:')) tags.add(scope.slice('tag:'.length))
    for (const [attribute] of when as readonly Condition[])
      if (attribute.startsWith('resource.')) attributes.add(attribute)
  }
  return { tags: [...tags].sort(), attributes: [...attributes].sort() }
}

/** A tag is protected when a deny names it or one above it. */
export function isProtectedTag(compiled: Compiled, tag: string): boolean {
  return protectedFacts(compiled).tags.some((each) => isUnderTag(tag, each))
}

interface PlacedNote {
  readonly resource: string
  readonly facts: NoteFacts
}

/** Ids of the denies that hold for the note before and not after, whoever they are about. */
export function liftedDenies({ world, org }: Compiled, before: PlacedNote, after: PlacedNote): string[] {
  const rules = world.policy.denies.map(compileDeny).filter((rule) => rule !== null)
  return rules.filter((rule) => concerns(rule, before, org) && !concerns(rule, after, org)).map(({ id }) => id)
}

function concerns({ scope, note }: DenyRule, { resource: id, facts }: PlacedNote, org: string): boolean {
  const resource = parseResource(id)
  if (resource === null) return false
  const isThere =
    scope.type === 'tag' ? facts.tags.some((tag) => isUnderTag(tag, scope.tag)) : covers(scope, resource, org)
  return isThere && judgeNote(note, facts) !== false
}

export interface FactsChange extends Circumstances {
  readonly subject: Subject
  readonly resource: string
  readonly before: NoteFacts
  readonly after: NoteFacts
}

/**
 * Whether tags, label and properties of a note may be changed so. Changing tags needs `tag`, other properties `write`;
 * whatever lifts a deny needs `restrict`. What disappears outside this rule, by an edit in a watched folder, stays in
 * force until somebody with `restrict` confirms it.
 */
export function mayChangeFacts(compiled: Compiled, change: FactsChange): Verdict {
  const { subject, resource, before, after, context, now } = change
  const holds = (action: string) => judge(compiled, { subject, action, resource, facts: before, context, now })
  const isSameTags = before.tags.length === after.tags.length && before.tags.every((tag) => after.tags.includes(tag))
  if (!holds(isSameTags ? 'write' : 'tag'))
    return refuse('not-permitted', `You need \`${isSameTags ? 'write' : 'tag'}\` on this note.`)
  const lifted = liftedDenies(compiled, { resource, facts: before }, { resource, facts: after })
  return lifted.length === 0 || holds('restrict')
    ? allowed
    : refuse('protected', 'A rule depends on what you would remove; you need `restrict` on this note.')
}

export interface Move extends Circumstances {
  readonly subject: Subject
  readonly from: string
  readonly to: string
  readonly facts?: NoteFacts | null | undefined
}

/** Deleting there and creating here. Across a barrier or a deny, either way, it needs `restrict` on both sides. */
export function mayMove(compiled: Compiled, { subject, from, to, facts, context, now }: Move): Verdict {
  if (actorOf(compiled, subject, now) === null) return refuse('not-permitted', 'Your credential is not valid.')
  const [source, target] = [parseResource(from), parseResource(to)]
  if (source === null || target === null || source.type !== target.type || !['folder', 'note'].includes(source.type))
    return refuse('malformed', 'Move a note to a note’s path, a folder to a folder’s.')
  const holds = (action: string, resource: string) =>
    judge(compiled, { subject, action, resource, facts, context, now })
  for (const [action, resource] of [
    ['move', from],
    ['delete', from],
    ['create', to],
  ] as const)
    if (!holds(action, resource))
      return refuse('not-permitted', `You need \`${action}\` at ${action === 'create' ? 'the target' : 'the source'}.`)
  const crossed = crossedPlaces(compiled, source, target)
  return crossed.length === 0 || (holds('restrict', from) && holds('restrict', to))
    ? allowed
    : refuse('barrier-crossed', 'A barrier or a deny holds on one side only; you need `restrict` on both.')
}

/** Scopes of barriers and denies that one of the two is in and the other is not. */
function crossedPlaces(
  { world, org }: Compiled,
  source: NonNullable<ReturnType<typeof parseResource>>,
  target: NonNullable<ReturnType<typeof parseResource>>,
): string[] {
  const scopes = [...world.policy.barriers, ...world.policy.denies].map(({ scope }) => parseScope(scope))
  return scopes
    .filter(
      (scope) => scope !== null && scope.type !== 'tag' && covers(scope, source, org) !== covers(scope, target, org),
    )
    .map((scope) => scope?.id ?? '')
}

// --- Lockouts ---------------------------------------------------------------------------------------------------------

export interface Lockout {
  readonly kind: 'no-owner' | 'orphaned-barrier'
  readonly scope: string
}

/** Where nobody can administer any more: no active person owns the organisation, nobody holds a grant inside a barrier. */
export function findLockouts(compiled: Compiled, now: number): Lockout[] {
  const { world, org } = compiled
  const owns = ({ id }: { id: string }) =>
    judge(compiled, { subject: { principal: `user:${id}` }, action: 'org.configure', resource: org, now })
  const lockouts: Lockout[] = world.users.some(owns) ? [] : [{ kind: 'no-owner', scope: org }]
  for (const { scope } of world.policy.barriers)
    if (!isInhabited(compiled, scope, now)) lockouts.push({ kind: 'orphaned-barrier', scope })
  return lockouts
}

/** Whether anybody active has a grant that counts at or inside the barrier, not counting barriers further in. */
function isInhabited(compiled: Compiled, barrier: string, now: number): boolean {
  const { world } = compiled
  const everybody = [...world.users.map(({ id }) => `user:${id}`), ...world.services.map(({ id }) => `service:${id}`)]
  const place = parseScope(barrier)
  if (place === null || place.type === 'tag') return false
  const inner = world.policy.barriers.filter(({ scope }) => scope !== barrier).map(({ scope }) => parseScope(scope))
  const isInside = (id: string) => {
    const scope = parseScope(id)
    if (scope === null || scope.type === 'tag' || !covers(place, scope, compiled.org)) return false
    return !inner.some(
      (each) =>
        each !== null && each.type !== 'tag' && covers(place, each, compiled.org) && covers(each, scope, compiled.org),
    )
  }
  const inside = world.policy.grants.filter(
    ({ scope, until }) => isInside(scope) && (until === undefined || Date.parse(until) > now),
  )
  return inside.some(({ principal }) => everybody.some((each) => compiled.profileOf(each)?.via.has(principal) === true))
}

/** Lockouts that a change would bring; a change that brings none may be made. */
export function newLockouts(before: readonly Lockout[], after: readonly Lockout[]): Lockout[] {
  const had = new Set(before.map(({ kind, scope }) => `${kind} ${scope}`))
  return after.filter(({ kind, scope }) => !had.has(`${kind} ${scope}`))
}

/** A barrier is lifted from inside, or by the owner, on record, when nobody is left inside. */
export function mayLiftBarrier(
  compiled: Compiled,
  { subject, scope, context, now }: Circumstances & { readonly subject: Subject; readonly scope: string },
): Verdict {
  const holds = (action: string, resource: string) => judge(compiled, { subject, action, resource, context, now })
  if (holds('restrict', scope) || holds('barrier.repair', compiled.org)) return allowed
  return refuse('not-permitted', 'You need `restrict` inside the barrier, or `barrier.repair`.')
}
