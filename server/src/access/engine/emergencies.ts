/** Second persons: who approves what another proposed, and emergency access from request to review. */
import { accessLimits, isAction, isValidOn, parseResource } from '@cairn/contract'
import { actorOf, isTeam, refuse } from './administration.ts'
import type { Compiled } from './compiled.ts'
import { judge } from './judge.ts'
import { toMs } from './rules.ts'
import type { Circumstances, Subject, Verdict } from './types.ts'

const allowed: Verdict = { ok: true }

export interface Approval extends Circumstances {
  readonly approver: Subject
  /** Principal of the person whose proposal, key or emergency it is. */
  readonly requestedBy: string
}

/** Policies and keys for the whole organisation. */
export function mayApprove(compiled: Compiled, { approver, requestedBy, context, now }: Approval): Verdict {
  const by = actorOf(compiled, approver, now)
  if (by === null) return refuse('not-permitted', 'Your credential is not valid.')
  if (by === requestedBy && isTeam(compiled)) return refuse('own-request', 'Somebody else has to approve this.')
  return judge(compiled, { subject: approver, action: 'policy.approve', resource: compiled.org, context, now })
    ? allowed
    : refuse('not-permitted', 'You need `policy.approve`.')
}

export interface EmergencyRequest extends Circumstances {
  readonly subject: Subject
  readonly actions: readonly string[]
  readonly scope: string
  /** ISO 8601. */
  readonly from: string
  readonly until: string
  /** For those who review it. */
  readonly reason: string
}

/** Asked for in person, by a member of the groups that may, with a reason and an end. */
export function mayRequestEmergency(compiled: Compiled, request: EmergencyRequest): Verdict {
  const { subject, actions, now } = request
  const by = actorOf(compiled, subject, now)
  if (by === null || !by.startsWith('user:') || subject.key !== undefined || subject.agent !== undefined)
    return refuse('not-permitted', 'Ask in person, not through a key or an agent.')
  const via = compiled.profileOf(by)?.via
  if (!compiled.world.policy.breakGlass.some((principal) => via?.has(principal) === true))
    return refuse('not-eligible', 'You are in no group that may ask for emergency access.')
  if (request.reason.trim().length < leastReason) return refuse('malformed', 'Say in a sentence why it is needed.')
  const [from, until] = [toMs(request.from), toMs(request.until)]
  if (!(from < until && until > now && until - from <= accessLimits.breakGlassMs))
    return refuse('bad-window', 'Emergency access lasts four hours at most and ends in the future.')
  const type = parseResource(request.scope)?.type
  if (type === undefined || actions.length === 0 || !actions.every((each) => isAction(each) && isValidOn(each, type)))
    return refuse('malformed', 'List actions that mean something on the scope.')
  return allowed
}

const leastReason = 10

export interface EmergencyApproval extends Approval {
  /** Only for a review. */
  readonly approvedBy?: string | undefined
}

/** Needs a second person even where everything else does not: an emergency of one is a grant to oneself. */
export function mayApproveEmergency(compiled: Compiled, { approver, requestedBy, context, now }: Approval): Verdict {
  const by = actorOf(compiled, approver, now)
  if (by === null || approver.key !== undefined || approver.agent !== undefined)
    return refuse('not-permitted', 'Approve in person, not through a key or an agent.')
  if (by === requestedBy) return refuse('own-request', 'Somebody else has to approve this.')
  return judge(compiled, { subject: approver, action: 'policy.approve', resource: compiled.org, context, now })
    ? allowed
    : refuse('not-permitted', 'You need `policy.approve`.')
}

/** A third person looks at what was done. */
export function mayReviewEmergency(
  compiled: Compiled,
  { approver: reviewer, requestedBy, approvedBy, context, now }: EmergencyApproval,
): Verdict {
  const by = actorOf(compiled, reviewer, now)
  if (by === null) return refuse('not-permitted', 'Your credential is not valid.')
  if (by === requestedBy || by === approvedBy)
    return refuse('own-request', 'Somebody who neither asked nor approved has to review this.')
  return judge(compiled, { subject: reviewer, action: 'policy.view', resource: compiled.org, context, now })
    ? allowed
    : refuse('not-permitted', 'You need `policy.view`.')
}
