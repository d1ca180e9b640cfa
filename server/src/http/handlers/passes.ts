/** Handlers of what extends access for a time: delegations, and emergency access from request to review. */
import type { Action } from '@cairn/contract'
import { fail, formatTime } from '../../base/index.ts'
import type { Call } from '../dependencies.ts'
import { json, noContent, type HttpReply } from '../reply.ts'
import type { ProtectedInput, RouteServices } from '../route.ts'
import { actorOf } from './access.ts'
import { recordCall } from './record.ts'

type Emergency = Awaited<ReturnType<RouteServices['access']['policy']['passes']['findEmergency']>>
type Input<B = undefined> = ProtectedInput<string, B, undefined>
type IdInput<B = undefined> = ProtectedInput<'/:id', B, undefined>

/** One’s own, given and received; all for who sees the policy. */
export async function listDelegations({ call, services }: Input): Promise<HttpReply> {
  const { access } = services
  const { principal } = actorOf(call, services)
  const seesAll = access.may(call.principal, 'policy.view')
  const all = await access.policy.passes.delegations()
  return json({ delegations: all.filter(({ by, to }) => seesAll || by === principal || to === principal) })
}

export async function createDelegation({
  call,
  services,
  body,
}: Input<{ to: string; role: string; scope: string; from: string; until: string }>): Promise<HttpReply> {
  const { access, clock } = services
  const { subject, principal, context } = actorOf(call, services)
  const verdict = access.policy.engine().mayDelegate({ ...body, delegator: subject, context, now: clock.now() })
  if (!verdict.ok) fail('access.forbidden', { message: verdict.why })
  const made = await access.policy.passes.delegate({ ...body, by: principal })
  await access.confirm(made.epoch)
  await recordCall(services, call, 'delegation.created', {
    delegation: made.delegation.id,
    to: personIn(body.to),
    role: body.role,
  })
  return json(made, 201)
}

/** The id of a person or service, as the log knows them; nothing for a group. */
function personIn(principal: string): string {
  return /^(?:user|service):(.+)$/.exec(principal)?.[1] ?? ''
}

/** By who gave it, who got it, and who assigns roles. */
export async function revokeDelegation({ call, services, params }: IdInput): Promise<HttpReply> {
  const { access } = services
  const { principal } = actorOf(call, services)
  const found = (await access.policy.passes.delegations()).find(({ id }) => id === params.id)
  const isOwn = found !== undefined && (found.by === principal || found.to === principal)
  if (!found || !(isOwn || access.may(call.principal, 'user.assign')))
    fail('access.delegation-missing', { message: 'There is no such delegation in force.' })
  await access.confirm(await access.policy.passes.revoke(params.id))
  await recordCall(services, call, 'delegation.revoked', { delegation: params.id })
  return noContent()
}

// --- Emergencies ------------------------------------------------------------------------------------------------------

/** One’s own; all for who approves or reviews. */
export async function listEmergencies({ call, services }: Input): Promise<HttpReply> {
  const { access } = services
  const { principal } = actorOf(call, services)
  const seesAll = access.may(call.principal, 'policy.view')
  const all = await access.policy.passes.emergencies()
  return json({ emergencies: all.filter((each) => seesAll || each.principal === principal) })
}

export async function requestEmergency({
  call,
  services,
  body,
}: Input<{
  actions: Action[]
  scope: string
  from?: string | undefined
  until: string
  reason: string
}>): Promise<HttpReply> {
  const { access, clock } = services
  const { subject, principal, context } = actorOf(call, services)
  const asked = { ...body, from: body.from ?? formatTime(clock.now()) }
  const verdict = access.policy.engine().mayRequestEmergency({ ...asked, subject, context, now: clock.now() })
  if (!verdict.ok) fail('access.forbidden', { message: verdict.why })
  const emergency = await access.policy.passes.request({ ...asked, principal })
  await recordCall(services, call, 'emergency.requested', { emergency: emergency.id, scope: body.scope })
  return json(emergency, 201)
}

/** For who may not see an emergency it is missing. Throws `access.emergency-missing`. */
async function findVisible(id: string, call: Call, services: RouteServices): Promise<Emergency> {
  const { access } = services
  const found = await access.policy.passes.findEmergency(id)
  const isOwn = found.principal === actorOf(call, services).principal
  if (!isOwn && !access.may(call.principal, 'policy.view'))
    fail('access.emergency-missing', { message: 'There is no such emergency access.' })
  return found
}

export async function approveEmergency({ call, services, params }: IdInput): Promise<HttpReply> {
  const { access, clock } = services
  const { subject, principal, context } = actorOf(call, services)
  const found = await findVisible(params.id, call, services)
  const approval = { approver: subject, requestedBy: found.principal, context, now: clock.now() }
  const verdict = access.policy.engine().mayApproveEmergency(approval)
  if (!verdict.ok) fail('access.forbidden', { message: verdict.why })
  await access.confirm(await access.policy.passes.approve(params.id, principal))
  await recordCall(services, call, 'emergency.approved', { emergency: params.id, by: call.principal.id })
  return json(await access.policy.passes.findEmergency(params.id))
}

/** Before its time, by who asked or who may approve. */
export async function endEmergency({ call, services, params }: IdInput): Promise<HttpReply> {
  const { access } = services
  const { principal } = actorOf(call, services)
  const found = await findVisible(params.id, call, services)
  if (found.principal !== principal) access.require(call.principal, 'policy.approve')
  await access.confirm(await access.policy.passes.end(params.id))
  await recordCall(services, call, 'emergency.ended', { emergency: params.id })
  return json(await access.policy.passes.findEmergency(params.id))
}

export async function reviewEmergency({
  call,
  services,
  params,
  body: { review },
}: IdInput<{ review: string }>): Promise<HttpReply> {
  const { access, clock } = services
  const { subject, principal, context } = actorOf(call, services)
  const { principal: requestedBy, approvedBy } = await findVisible(params.id, call, services)
  const verdict = access.policy.engine().mayReviewEmergency({
    approver: subject,
    requestedBy,
    approvedBy: approvedBy ?? undefined,
    context,
    now: clock.now(),
  })
  if (!verdict.ok) fail('access.forbidden', { message: verdict.why })
  await access.policy.passes.review(params.id, principal, review)
  await recordCall(services, call, 'emergency.reviewed', { emergency: params.id })
  return json(await access.policy.passes.findEmergency(params.id))
}
