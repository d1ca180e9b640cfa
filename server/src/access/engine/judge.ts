/**
 * THE decision. Allowed when the subject is active, its credential valid, no deny matches, some grant reaches through the
 * barriers, and every bound contains action and resource. Nothing depends on an order of statements: a grant adds, a deny
 * always wins, the nearest barrier keeps grants from above out. What cannot be told never helps the one who asks. A note
 * that was elsewhere must be allowed there too, as if it were in both places: so a rule on a folder holds on for what was
 * taken out of it, until somebody with `restrict` in both lets it go. Emergency access counts at the place it names.
 *
 * `check` and `explain` are this one walk, from the resource up to the organisation, without and with a trace.
 */
import { accessLimits, isUnderTag, type DecisionReason, type Resource } from '@cairn/contract'
import { allOf, judgeNote, type NoteFacts, type Truth } from '../../base/index.ts'
import type { Compiled } from './compiled.ts'
import type { PlaceRules, Profile } from './profile.ts'
import {
  covers,
  has,
  isApplicable,
  judgeRequest,
  numberOf,
  type BoundRule,
  type DenyRule,
  type Environment,
  type GrantRule,
  type SplitConditions,
} from './rules.ts'
import type { BoundMiss, Miss, PlaceReason, Question, Subject, Trace } from './types.ts'

export function beginTrace(): Trace {
  return { reason: 'no-grant', denies: [], grants: [], misses: [], bounds: [], places: [] }
}

export function judge(compiled: Compiled, question: Question, trace: Trace | null = null): boolean {
  const reason = decide(compiled, question, trace)
  if (trace !== null) trace.reason = reason
  return isAllowed(reason)
}

function decide(compiled: Compiled, question: Question, trace: Trace | null): DecisionReason {
  const { subject, context, now } = question
  const action = numberOf(question.action)
  if (action === undefined) return 'unknown-action'
  const place = compiled.placeOf(question.resource)
  if (place === null) return 'malformed-resource'
  const { resource, scopes } = place
  if (!isApplicable(action, resource.type)) return 'not-applicable'
  const asker = findAsker(compiled, subject, now)
  if (typeof asker === 'string') return asker
  const environment = { context, now, agent: subject.agent }
  const matter: Matter = {
    compiled,
    question,
    resource,
    scopes,
    action,
    environment,
    trace,
    facts: undefined,
  }
  if (asker.bounds.length > 0 && !isWithinBounds(matter, asker.bounds)) return 'outside-bound'
  const here = decideAt(matter, asker)
  return isAllowed(here) && resource.type === 'note' && !isAllowedBefore(matter, asker) ? 'former-place' : here
}

export function isAllowed(reason: DecisionReason): boolean {
  return reason === 'granted' || reason === 'break-glass'
}

/** Bounds apart: they were asked for the place where the note is, and are about no other. */
function decideAt(matter: Matter, { profile, isInPerson }: Asker): PlaceReason {
  if (isInPerson && hasBreakGlass(matter, profile.principal)) return 'break-glass'
  const { isDenied, isGranted } = judgeRules(matter, profile, false)
  return isDenied ? 'denied' : isGranted ? 'granted' : 'no-grant'
}

/** Whether the note would be allowed at each of its former places, all else being as it is. */
function isAllowedBefore(matter: Matter, asker: Asker): boolean {
  const places = factsOf(matter)?.places ?? []
  const vault = 'vault' in matter.resource ? matter.resource.vault : ''
  let isAllowedAtAll = true
  for (const path of places) {
    const id = `note:${vault}/${path}`
    const place = matter.compiled.placeOf(id)
    const trace = matter.trace === null ? null : beginTrace()
    const reason = place === null ? 'no-grant' : decideAt({ ...matter, ...place, trace }, asker)
    if (trace !== null) matter.trace?.places.push({ ...trace, id, reason })
    if (isAllowed(reason)) continue
    isAllowedAtAll = false
    if (trace === null) return false
  }
  return isAllowedAtAll
}

// --- Who asks ---------------------------------------------------------------------------------------------------------

export interface Asker {
  readonly profile: Profile
  /** All of them cap. */
  readonly bounds: readonly BoundRule[]
  /** Neither through a key nor through an agent. */
  readonly isInPerson: boolean
}

const noBounds: readonly BoundRule[] = []

/** Or the reason why nobody does. */
export function findAsker(
  compiled: Compiled,
  { principal, key, agent, bounds }: Subject,
  now: number,
): Asker | 'inactive-subject' | 'unknown-credential' {
  const isPlain = key === undefined && agent === undefined && bounds === undefined
  const chain = key === undefined ? noBounds : findChain(compiled, key, now)
  if (chain === null) return 'unknown-credential'
  const owner = key === undefined ? principal : compiled.keys.get(key)?.owner
  if (owner === undefined || (principal !== undefined && principal !== owner)) return 'unknown-credential'
  const profile = compiled.profileOf(owner)
  if (profile === null) return 'inactive-subject'
  if (isPlain) return { profile, bounds: noBounds, isInPerson: true }
  const acting = agent === undefined ? undefined : compiled.agents.get(agent)
  if (agent !== undefined && acting === undefined) return 'unknown-credential'
  return {
    profile,
    bounds: [...chain, ...(acting === undefined ? [] : [acting]), ...(bounds ?? []).map(compiled.boundOf)],
    isInPerson: key === undefined && agent === undefined,
  }
}

/** The bounds of a key and of all keys above it. Null when one of them is missing, over, or somebody else’s. */
function findChain({ keys }: Compiled, id: string, now: number): BoundRule[] | null {
  const owner = keys.get(id)?.owner
  const bounds: BoundRule[] = []
  for (let at: string | undefined = id; at !== undefined;) {
    const key = keys.get(at)
    if (key === undefined || key.revoked || key.owner !== owner || !(now < key.until)) return null
    if (bounds.push(key.bound) > accessLimits.keyDepth + 1) return null
    at = key.parent
  }
  return bounds
}

// --- Bounds and emergencies -------------------------------------------------------------------------------------------

/** One question, taken apart. */
interface Matter {
  readonly compiled: Compiled
  readonly question: Question
  readonly resource: Resource
  /** Numbers of those it is in, from the nearest. */
  readonly scopes: readonly number[]
  readonly action: number
  readonly environment: Environment
  readonly trace: Trace | null
  /** Looked up when first needed; null: nothing is known. */
  facts: NoteFacts | null | undefined
}

const noSuchNote: NoteFacts = { tags: [] }

function factsOf(matter: Matter): NoteFacts | null {
  if (matter.facts !== undefined) return matter.facts
  const { question, resource, compiled } = matter
  if (resource.type !== 'note') return (matter.facts = null)
  const facts = question.facts === undefined ? compiled.factsOf(question.resource) : question.facts
  return (matter.facts = facts === null ? noSuchNote : (facts ?? null))
}

function isWithinBounds(matter: Matter, bounds: readonly BoundRule[]): boolean {
  let isWithin = true
  for (const bound of bounds) {
    const why = exceeds(matter, bound)
    matter.trace?.bounds.push({ of: bound.of, holds: why === null, why: why ?? 'holds' })
    if (why === null) continue
    isWithin = false
    if (matter.trace === null) return false
  }
  return isWithin
}

function exceeds(matter: Matter, bound: BoundRule): BoundMiss | null {
  if (!has(bound, matter.action)) return 'action'
  if (!bound.scopes.some((scope) => covers(scope, matter.resource, matter.compiled.org))) return 'scope'
  return judgeConditions(matter, bound) === true ? null : 'condition'
}

function hasBreakGlass(
  { compiled, resource, action, environment: { now }, trace }: Matter,
  principal: string,
): boolean {
  const rules = compiled.breakGlass.get(principal)
  const rule = rules?.find(
    ({ actions, scope, from, until }) =>
      has(actions, action) && now >= from && now < until && covers(scope, resource, compiled.org),
  )
  if (rule === undefined) return false
  trace?.grants.push(rule.id)
  return true
}

function judgeConditions(matter: Matter, { request, note }: SplitConditions): Truth {
  if (request.length === 0 && note.length === 0) return true
  const told = judgeRequest(request, matter.environment)
  return told === false || note.length === 0 ? told : allOf([told, judgeNote(note, factsOf(matter))])
}

// --- The walk ---------------------------------------------------------------------------------------------------------

interface Standing {
  isGranted: boolean
  isDenied: boolean
  readonly isPassedOn: boolean
  /** The nearest barrier passed on the way up: grants from here on do not count. */
  barrier: string | undefined
}

/** What the statements come to for one person. `isPassedOn`: on behalf of a delegate, whose delegations do not count. */
function judgeRules(matter: Matter, profile: Profile, isPassedOn: boolean): Standing {
  const standing: Standing = { isGranted: false, isDenied: false, isPassedOn, barrier: undefined }
  const { barrierAt } = matter.compiled
  for (const scope of matter.scopes) {
    const rules = profile.at.get(scope)
    if (rules !== undefined) judgePlace(matter, rules, standing)
    if (standing.isDenied && matter.trace === null) return standing
    standing.barrier ??= barrierAt[scope]
  }
  if (matter.resource.type === 'note') judgeTags(matter, profile.tags, standing)
  return standing
}

function judgePlace(matter: Matter, rules: PlaceRules, standing: Standing): void {
  for (const deny of rules.denies) if (isDeniedBy(matter, deny)) standing.isDenied = true
  // One grant is enough, unless somebody wants to know of all.
  if (standing.isGranted && matter.trace === null) return
  for (const grant of rules.grants) judgeGrant(matter, grant, standing)
}

/** A tag nobody can tell counts for a deny, and not for a grant. Barriers stop grants by tag like those from above. */
function judgeTags(matter: Matter, { grants, denies }: PlaceRules, standing: Standing): void {
  if (grants.length === 0 && denies.length === 0) return
  const facts = factsOf(matter)
  const carries = ({ scope }: GrantRule | DenyRule) =>
    facts === null ? null : facts.tags.some((tag) => scope.type === 'tag' && isUnderTag(tag, scope.tag))
  for (const deny of denies) if (carries(deny) !== false && isDeniedBy(matter, deny)) standing.isDenied = true
  for (const grant of grants) if (carries(grant) === true) judgeGrant(matter, grant, standing)
}

function isDeniedBy(matter: Matter, deny: DenyRule): boolean {
  if (!has(deny, matter.action) || judgeConditions(matter, deny) === false) return false
  matter.trace?.denies.push(deny.id)
  return true
}

function judgeGrant(matter: Matter, grant: GrantRule, standing: Standing): void {
  if (!has(grant, matter.action) || (standing.isPassedOn && grant.by !== null)) return
  const why = findMiss(matter, grant, standing)
  if (why === null) {
    standing.isGranted = true
    matter.trace?.grants.push(grant.id)
  } else if (matter.trace !== null) {
    const at = why === 'barrier' ? standing.barrier : undefined
    matter.trace.misses.push({ id: grant.id, why, at })
  }
}

function findMiss(matter: Matter, grant: GrantRule, standing: Standing): Miss | null {
  const { now } = matter.environment
  if (standing.barrier !== undefined) return 'barrier'
  if (!(now >= grant.from)) return 'not-yet'
  if (!(now < grant.until)) return 'expired'
  if (judgeConditions(matter, grant) !== true) return 'condition'
  return grant.by === null || isAllowedTo(grant.by, matter) ? null : 'delegator'
}

/** Whether the one who passed it on may do it, with their own denies and without what others passed on to them. */
function isAllowedTo(delegator: string, matter: Matter): boolean {
  const profile = matter.compiled.profileOf(delegator)
  if (profile === null) return false
  const { isGranted, isDenied } = judgeRules({ ...matter, trace: null }, profile, true)
  return isGranted && !isDenied
}
