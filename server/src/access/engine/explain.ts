/**
 * Why a decision is as it is, what nearly changed it, and what would. Three kinds of reader: the one who asked is told
 * of nothing they may not know to exist, so that a hidden note reads like a missing one; who shares a place sees the
 * statements of that place; who may see the policy sees all.
 */
import {
  isValidOn,
  parseResource,
  parseScope,
  type Action,
  type Audience,
  type Explanation,
  type World,
} from '@cairn/contract'
import type { Compiled } from './compiled.ts'
import { beginTrace, isAllowed, judge } from './judge.ts'
import { sayDeny, sayGrant, sayWhen } from './sentences.ts'
import type { Question, Subject, Trace } from './types.ts'

/** Who reads it, and for a curator which places are theirs. */
export type Reader =
  | { readonly audience: 'auditor' }
  /** `isHidden`: the index shows them nothing there, whatever the rules would say of such a place. */
  | { readonly audience: 'requester'; readonly isHidden?: boolean }
  | { readonly audience: 'curator'; readonly subject: Subject }

export function explain(compiled: Compiled, question: Question, reader: Reader): Explanation {
  const trace = beginTrace()
  const decision = judge(compiled, question, trace)
  const { audience } = reader
  const isHidden = reader.audience === 'requester' && (reader.isHidden === true || !mayKnow(compiled, question))
  if (isHidden) return describeHidden(compiled, question)
  const sees = createSight(compiled, question, reader)
  const principal = principalOf(compiled, question.subject)
  const index = indexStatements(compiled, principal)
  // Where the note is allowed now, what keeps it back are the rules of places it was in.
  const refusing = [trace, ...trace.places.filter((place) => !isAllowed(place.reason))]
  const denies = [...new Set(refusing.flatMap((place) => place.denies))]
  const deny = denies.map((id) => index.deny(id, sees))
  const overriding = denies[0]
  const grants = trace.grants.map((id) => ({
    ...index.grant(id, sees),
    ...(overriding !== undefined && deny[0]?.id !== undefined ? { overriddenBy: overriding } : {}),
  }))
  const misses = refusing
    .flatMap((place) => place.misses)
    .filter(({ id, at }) => sees(index.scopeOf(id)) && (at === undefined || sees(at)))
  return {
    ...describe(compiled, question, audience),
    decision,
    reason: trace.reason,
    deny,
    grants,
    bounds: trace.bounds.map(({ of, holds, why }) => ({ of, holds, why: boundWords[why] })),
    near_misses: misses.map(({ id, why, at }) => ({ id, why: index.miss(id, why, at) })),
    ...describePlaces(trace, sees),
    fix: decision ? [] : suggest({ compiled, question, trace, audience, principal, deny }),
  }
}

/** Whether the reader may know of a former place is asked like of any other. */
function describePlaces({ places }: Trace, sees: Sight): Pick<Explanation, 'places'> {
  if (places.length === 0) return {}
  return { places: places.map(({ id, reason }) => ({ ...(sees(id) ? { at: id } : {}), holds: isAllowed(reason) })) }
}

/** The audience that a reader may claim for a question; null where it is none of their business. */
export function audienceOf(compiled: Compiled, reader: Subject, question: Question): Audience | null {
  const { context, now, facts } = question
  const holds = (action: Action, resource: string) =>
    judge(compiled, { subject: reader, action, resource, facts, context, now })
  if (holds('policy.view', compiled.org)) return 'auditor'
  if (holds('share', question.resource)) return 'curator'
  const mine = principalOf(compiled, reader)
  return mine !== undefined && mine === principalOf(compiled, question.subject) ? 'requester' : null
}

function principalOf({ keys }: Compiled, { principal, key }: Subject): string | undefined {
  return key === undefined ? principal : keys.get(key)?.owner
}

// --- What may be known ------------------------------------------------------------------------------------------------

/** The organisation is no secret; a place is known to who may discover or read it; a model to who may do something with it. */
function mayKnow(compiled: Compiled, question: Question): boolean {
  const type = parseResource(question.resource)?.type
  if (type === 'org') return true
  if (type === undefined) return false
  if (type === 'model' || type === 'cache') return judge(compiled, question)
  const facts = question.facts === undefined ? compiled.factsOf(question.resource) : question.facts
  if (type === 'note' && facts === null) return false
  // Whoever may read it knows of it, as with a key that is for reading alone.
  return judge(compiled, { ...question, action: 'discover' }) || judge(compiled, { ...question, action: 'read' })
}

/** The same for everything hidden and everything missing: nothing of it depends on what is there. */
function describeHidden(compiled: Compiled, question: Question): Explanation {
  return {
    ...describe(compiled, question, 'requester'),
    decision: false,
    reason: 'hidden',
    deny: [],
    grants: [],
    bounds: [],
    near_misses: [],
    fix: [requestAccess],
  }
}

const requestAccess = { do: 'request access', href: '/access/requests' }

function describe(
  { world }: Compiled,
  { subject, action, resource, context = {} }: Question,
  audience: Audience,
): Pick<Explanation, 'epoch' | 'revision' | 'request' | 'audience'> {
  return {
    audience,
    epoch: world.epoch,
    revision: world.revision,
    request: {
      subject: subject.principal ?? '',
      ...(subject.key === undefined ? {} : { key: subject.key }),
      ...(subject.agent === undefined ? {} : { agent: subject.agent }),
      action,
      resource,
      context,
    },
  }
}

/** Whether the reader may see statements that stand at a scope. */
function createSight(compiled: Compiled, question: Question, reader: Reader): (scope: string | undefined) => boolean {
  if (reader.audience === 'auditor') return () => true
  const subject = reader.audience === 'curator' ? reader.subject : question.subject
  const action: Action = reader.audience === 'curator' ? 'share' : 'discover'
  const { context, now } = question
  return (id) => {
    const scope = id === undefined ? null : parseScope(id)
    if (scope === null) return false
    // The tags of a note one may discover are no secret, and they are why the statement matters here.
    if (scope.type === 'tag') return true
    if (!isValidOn(action, scope.type)) return judge(compiled, question)
    if (scope.type === 'org' && reader.audience === 'requester') return true
    return judge(compiled, { subject, action, resource: scope.id, context, now })
  }
}

// --- Statements in words ----------------------------------------------------------------------------------------------

const unseen = 'A rule that you may not see decides this.'

type Sight = (scope: string | undefined) => boolean

/** Made when a world is first explained, and kept as long as it is. */
const indexes = new WeakMap<World, ReturnType<typeof indexById>>()

function indexById(world: World) {
  const grants = new Map(world.policy.grants.map((grant) => [grant.id, grant]))
  const denies = new Map(world.policy.denies.map((deny) => [deny.id, deny]))
  const delegations = new Map(
    world.delegations.map((each) => [each.id, { ...each, principal: each.to, delegatedBy: each.by }]),
  )
  const emergencies = new Map(world.breakGlass.map((each) => [each.id, each]))
  return { grants, denies, delegations, emergencies }
}

function indexStatements({ world, profileOf }: Compiled, principal: string | undefined) {
  const index = indexes.get(world) ?? indexById(world)
  indexes.set(world, index)
  const { grants, denies, delegations, emergencies } = index
  const via = principal === undefined ? undefined : profileOf(principal)?.via
  const wayTo = (named: string) => [...(via?.get(named) ?? [])]
  const find = (id: string) => grants.get(id) ?? delegations.get(id)
  const scopeOf = (id: string) => (find(id) ?? emergencies.get(id) ?? denies.get(id))?.scope
  return {
    scopeOf,
    deny(id: string, sees: Sight): Explanation['deny'][number] {
      const deny = denies.get(id)
      if (deny === undefined || !sees(deny.scope)) return { sentence: unseen, via: [] }
      return { id, sentence: sayDeny(deny), via: wayTo(deny.principal), at: deny.scope }
    },
    grant(id: string, sees: Sight): Explanation['grants'][number] {
      const emergency = emergencies.get(id)
      if (emergency !== undefined && !grants.has(id))
        return {
          id,
          sentence: `Emergency access until ${emergency.until}.`,
          via: [emergency.user],
          at: emergency.scope,
        }
      const grant = find(id)
      if (grant === undefined || !sees(grant.scope)) return { sentence: unseen, via: [] }
      const by = 'delegatedBy' in grant ? { delegatedBy: grant.delegatedBy } : {}
      return { id, sentence: sayGrant(grant), via: wayTo(grant.principal), at: grant.scope, role: grant.role, ...by }
    },
    miss(id: string, why: Trace['misses'][number]['why'], at: string | undefined): string {
      const grant = find(id)
      if (why === 'expired') return `expired ${grant?.until ?? ''}`
      if (why === 'not-yet') return `begins ${grant?.from ?? ''}`
      if (why === 'barrier') return `stopped by barrier ${at ?? ''}`
      if (why === 'delegator') return 'the one who delegated it may not do this'
      return `only${sayWhen(grants.get(id)?.when)}`
    },
  }
}

const boundWords = {
  holds: 'holds',
  action: 'does not contain the action',
  scope: 'does not contain the resource',
  condition: 'its condition does not hold',
}

// --- What would help --------------------------------------------------------------------------------------------------

interface Suggestion {
  readonly compiled: Compiled
  readonly question: Question
  readonly trace: Trace
  readonly audience: Audience
  readonly principal: string | undefined
  readonly deny: Explanation['deny']
}

function suggest({
  compiled,
  question,
  trace,
  audience,
  principal = 'the subject',
  deny,
}: Suggestion): Explanation['fix'] {
  const { reason } = trace
  if (['unknown-action', 'not-applicable', 'malformed-resource'].includes(reason)) return []
  if (reason === 'unknown-credential') return [{ do: 'use a key or agent that is valid' }]
  if (reason === 'inactive-subject')
    return audience === 'requester' ? [] : [{ do: `resume ${principal}`, needs: 'user.manage' }]
  const fixes: Explanation['fix'] = []
  for (const { of, holds } of trace.bounds)
    if (!holds) fixes.push({ do: of === 'session' ? 'use another session' : `use other credentials than ${of}` })
  if (audience === 'requester') return [...fixes, requestAccess]
  for (const { id } of deny)
    if (id !== undefined) fixes.push({ do: `add exception for ${principal} to ${id}`, needs: 'policy.propose' })
  if (reason === 'former-place') fixes.push({ do: 'confirm that the note was moved', needs: 'restrict' })
  if (trace.grants.length === 0 && reason !== 'outside-bound')
    fixes.push(...suggestGrant(compiled, question, trace, principal))
  return [...fixes, requestAccess]
}

function suggestGrant(
  { roles }: Compiled,
  { action, resource }: Question,
  { misses }: Trace,
  principal: string,
): Explanation['fix'] {
  const expired = misses
    .filter(({ why }) => why === 'expired')
    .map(({ id }) => ({ do: `renew ${id}`, needs: 'user.assign' }))
  const barrier = misses.find(({ why }) => why === 'barrier')?.at
  // The least role: the one with the fewest actions that has this one.
  const sizes = roles.names.flatMap((role) => {
    const held = roles.actionsOf(role)
    return held?.has(action as Action) === true ? [{ role, size: held.size }] : []
  })
  const [least] = sizes.sort((a, b) => a.size - b.size)
  if (least === undefined) return expired
  return [...expired, { do: `give ${principal} the role ${least.role} on ${barrier ?? resource}`, needs: 'share' }]
}
