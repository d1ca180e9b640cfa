/** Handlers of people, service accounts and groups, for those who administer the server. */
import type { UserLink } from '@cairn/contract'
import { fail } from '../../base/index.ts'
import { json, noContent, type HttpReply } from '../reply.ts'
import type { ProtectedInput, RouteServices } from '../route.ts'
import { recordCall } from './record.ts'

type Input<B = undefined> = ProtectedInput<string, B, undefined>
type IdInput<B = undefined> = ProtectedInput<'/:id', B, undefined>

const identityOf = ({ access }: RouteServices) => access.identity

export async function listUsers({ services }: Input): Promise<HttpReply> {
  return json({ users: await identityOf(services).people.list() })
}

export async function inviteUser({
  call,
  exchange,
  services,
  body,
}: Input<{ name: string; email: string }>): Promise<HttpReply> {
  const { accounts, people } = identityOf(services)
  const { id, link } = await accounts.invite(body, services.access.linkMaker(call.principal))
  const { isConfirmed } = link
  await recordCall(services, call, 'user.created', { user: id, kind: 'user' })
  await recordCall(services, call, 'link.created', { purpose: 'invitation', user: id, isConfirmed })
  return json({ user: await people.describe(id), link: showLink(exchange.ownOrigin, link) }, 201)
}

export async function createService({ call, services, body }: Input<{ name: string }>): Promise<HttpReply> {
  const { people } = identityOf(services)
  const id = await people.addService(body.name)
  await recordCall(services, call, 'user.created', { user: id, kind: 'service' })
  return json(await people.describe(id), 201)
}

export async function listServiceKeys({ services, params }: IdInput): Promise<HttpReply> {
  const { people, keys } = identityOf(services)
  const { id } = await people.describe(params.id)
  return json({ keys: await keys.list(id) })
}

interface UserChange {
  readonly name?: string | undefined
  readonly email?: string | undefined
  readonly status?: 'active' | 'suspended' | undefined
  readonly isOwner?: boolean | undefined
}

export async function changeUser({ call, services, params, body }: IdInput<UserChange>): Promise<HttpReply> {
  const { people } = identityOf(services)
  await services.access.requireManage(call.principal, params.id, {
    makesOwner: body.isOwner === true,
    changesAddress: body.email !== undefined,
  })
  const epoch = await people.change(params.id, body)
  await recordCall(services, call, 'user.changed', { user: params.id, changes: Object.keys(body).sort() })
  return json({ user: await people.describe(params.id), epoch })
}

export async function removeUser({ call, services, params }: IdInput): Promise<HttpReply> {
  await services.access.requireManage(call.principal, params.id)
  const epoch = await identityOf(services).people.remove(params.id)
  await recordCall(services, call, 'user.removed', { user: params.id })
  return json({ epoch })
}

/** A link to set a password, for whoever has forgotten it or lost the invitation. */
export async function createResetLink({ call, exchange, services, params }: IdInput): Promise<HttpReply> {
  const { access } = services
  await access.requireManage(call.principal, params.id)
  const link = await access.identity.accounts.resetLink(params.id, access.linkMaker(call.principal))
  const { isConfirmed } = link
  await recordCall(services, call, 'link.created', { purpose: 'reset', user: params.id, isConfirmed })
  return json(showLink(exchange.ownOrigin, link), 201)
}

export async function confirmLink({ call, services, params, body }: IdInput<{ link: string }>): Promise<HttpReply> {
  const { purpose, madeBy } = await services.access.confirmLink(call.principal, params.id, body.link)
  const confirmedBy = call.principal.id
  await recordCall(services, call, 'link.confirmed', { purpose, user: params.id, madeBy, confirmedBy })
  return json(await identityOf(services).people.describe(params.id))
}

export async function clearTotp({ call, services, params }: IdInput): Promise<HttpReply> {
  await services.access.requireManage(call.principal, params.id)
  await identityOf(services).accounts.clearTotp(params.id)
  await recordCall(services, call, 'totp.changed', { user: params.id, change: 'removed by an administrator' })
  return noContent()
}

export async function endUserSessions({ call, services, params }: IdInput): Promise<HttpReply> {
  const { people, sessions } = identityOf(services)
  const { id } = await people.describe(params.id)
  await services.access.requireManage(call.principal, id)
  await recordCall(services, call, 'session.revoked', { sessions: await sessions.revokeOthers(id, null) })
  return noContent()
}

/** In the fragment, as for signing in: browsers send it to no server. */
function showLink(origin: string, { token, ...link }: { token: string; expiresAt: number; isConfirmed: boolean }) {
  return { url: `${origin}/#set-password=${token}`, ...link } satisfies UserLink
}

// --- Groups -----------------------------------------------------------------------------------------------------------

export async function listGroups({ services }: Input): Promise<HttpReply> {
  return json({ groups: await identityOf(services).groups.list() })
}

export async function createGroup({ call, services, body }: Input<{ name: string }>): Promise<HttpReply> {
  const { groups } = identityOf(services)
  const { id } = await groups.add(body.name)
  await recordCall(services, call, 'group.changed', { group: id, change: 'added' })
  return json(await groups.describe(id), 201)
}

export async function renameGroup({ call, services, params, body }: IdInput<{ name: string }>): Promise<HttpReply> {
  const { groups } = identityOf(services)
  await groups.rename(params.id, body.name)
  await recordCall(services, call, 'group.changed', { group: params.id, change: 'renamed' })
  return json(await groups.describe(params.id))
}

export async function removeGroup({ call, services, params }: IdInput): Promise<HttpReply> {
  const epoch = await identityOf(services).groups.remove(params.id)
  await recordCall(services, call, 'group.changed', { group: params.id, change: 'removed' })
  return json({ epoch })
}

export async function addGroupMember({
  call,
  services,
  params,
  body,
}: IdInput<{ kind: 'user' | 'group'; id: string }>): Promise<HttpReply> {
  services.access.requireJoin(call.principal, { group: params.id, member: body })
  const epoch = await identityOf(services).groups.addMember(params.id, body)
  await recordCall(services, call, 'group.changed', { group: params.id, change: 'member added', member: body.id })
  return json({ epoch })
}

export async function removeGroupMember({
  call,
  services,
  params,
}: ProtectedInput<'/:id/:kind/:member', undefined, undefined>): Promise<HttpReply> {
  const kind = params.kind === 'groups' ? 'group' : params.kind === 'users' ? 'user' : fail('request.not-found')
  const epoch = await identityOf(services).groups.removeMember(params.id, { kind, id: params.member })
  await recordCall(services, call, 'group.changed', {
    group: params.id,
    change: 'member removed',
    member: params.member,
  })
  return json({ epoch })
}
