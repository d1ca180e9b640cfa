/** Handlers of retention and legal holds. The log makes the entries about both itself, in the transaction that does it. */
import type { AuditHoldView, AuditHorizons, AuditCategory, AuditRetentionView } from '@cairn/contract'
import type { Call } from '../dependencies.ts'
import { json, type HttpReply } from '../reply.ts'
import type { ProtectedInput, RouteServices } from '../route.ts'
import { recordCall } from './record.ts'

type Input<B = undefined, P extends string = string> = ProtectedInput<P, B, undefined>
type Hold = Awaited<ReturnType<RouteServices['audit']['holds']['list']>>[number]

const keeper = ({ principal, requestId }: Call) => ({ actor: principal.id, requestId })

export async function describeRetention({ services }: Input): Promise<HttpReply> {
  return json(await readRetention(services))
}

export async function changeRetention({
  call,
  services,
  body,
}: Input<{ categories: Partial<Record<AuditCategory, AuditHorizons>>; asTheyStand: boolean }>): Promise<HttpReply> {
  await services.audit.retention.change(keeper(call), body.categories, body)
  return json(await readRetention(services))
}

export async function runRetention({ call, services }: Input): Promise<HttpReply> {
  const { periods, blocks, pruned } = await services.audit.retention.run(keeper(call))
  await recordCall(services, call, 'retention.run', {
    periods: periods.length,
    blocks,
    prunedTo: pruned?.to ?? null,
  })
  return json({ periods, blocks, pruned })
}

async function readRetention({ audit: { retention } }: RouteServices): Promise<AuditRetentionView> {
  const [categories, { at, periods, prune, waitsFor }] = [await retention.policy(), await retention.plan()]
  return { categories, plan: { at, periods: [...periods], prune, waitsFor } }
}

export async function listHolds({ services }: Input): Promise<HttpReply> {
  const holds = await services.audit.holds.list()
  return json({ holds: await Promise.all(holds.map((hold) => showHold(services, hold))) })
}

export async function placeHold({
  call,
  services,
  body: { reason, person, category, from, to },
}: Input<{
  reason: string
  person?: string | undefined
  category?: AuditCategory | undefined
  from?: string | undefined
  to?: string | undefined
}>): Promise<HttpReply> {
  const asked = { reason, ...(person ? { person } : {}), ...(category ? { category } : {}) }
  const months = { ...(from ? { from } : {}), ...(to ? { to } : {}) }
  const hold = await services.audit.holds.place(keeper(call), { ...asked, ...months })
  return json(await showHold(services, hold), 201)
}

export async function releaseHold({
  call,
  services,
  params: { id },
  body: { reason },
}: Input<{ reason: string }, '/:id'>): Promise<HttpReply> {
  return json(await showHold(services, await services.audit.holds.release(keeper(call), { id, reason })))
}

/** Whom it is about and why stands in its entries, encrypted for them and for who did it. */
async function showHold({ auditReader }: RouteServices, hold: Hold): Promise<AuditHoldView> {
  const { id, scope, placedAt, placedBy, releasedBy } = hold
  const { entry } = await auditReader.find(placedBy)
  const { about, reason } = entry?.fields ?? {}
  const released = releasedBy === null ? null : (await auditReader.find(releasedBy)).entry
  const releaseReason = released?.fields['reason']
  return {
    id,
    category: scope.category ?? null,
    from: scope.from ?? null,
    to: scope.to ?? null,
    person: typeof about === 'string' ? about : null,
    reason: typeof reason === 'string' ? reason : null,
    placedAt,
    placedBy,
    releasedBy,
    releaseReason: typeof releaseReason === 'string' ? releaseReason : null,
  }
}
