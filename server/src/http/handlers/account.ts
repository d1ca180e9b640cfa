/** Handlers of one’s own account: name, password, second factor, sessions, and devices that ask to be paired. */
import { fail, type Principal } from '../../base/index.ts'
import { json, noContent, type HttpReply } from '../reply.ts'
import type { ProtectedInput, PublicInput, RouteServices } from '../route.ts'
import { recordCall } from './record.ts'
import { visitorOf } from './visitor.ts'

type Input<B = undefined> = ProtectedInput<string, B, undefined>
type OpenInput<B = undefined> = PublicInput<string, B, undefined>

/** A key is for programs: it changes no account, whoever’s it is. Throws `access.forbidden`, `access.mfa-needed`. */
export function requireSession(
  { via, mfaNeeded }: Principal,
  isFor: 'anything' | 'the second factor' = 'anything',
): void {
  if (via !== 'session')
    fail('access.forbidden', { message: 'This takes somebody who is signed in to the console, not a key.' })
  if (mfaNeeded !== undefined && isFor === 'anything')
    fail('access.mfa-needed', { message: 'This server asks for a second factor first.' })
}

/** What is one’s own has no permission beyond being somebody; here it is made sure that it is a signed-in person. */
const accountsOf = ({ access }: RouteServices) => access.identity.accounts

export async function describeAccount({ call, services }: Input): Promise<HttpReply> {
  requireSession(call.principal, 'the second factor')
  return json(await accountsOf(services).describe(call.principal))
}

export async function changeAccount({
  call,
  services,
  body,
}: Input<{ name?: string | undefined; email?: string | undefined }>): Promise<HttpReply> {
  requireSession(call.principal)
  await accountsOf(services).change(call.principal, body)
  await recordCall(services, call, 'user.changed', { user: call.principal.id, changes: Object.keys(body).sort() })
  return json(await accountsOf(services).describe(call.principal))
}

export async function changePassword({
  call,
  services,
  body,
}: Input<{ current?: string | undefined; password: string }>): Promise<HttpReply> {
  requireSession(call.principal)
  await accountsOf(services).changePassword(call.principal, body)
  await recordCall(services, call, 'password.changed', { user: call.principal.id, how: 'self' })
  return noContent()
}

export async function beginTotp({
  call,
  services,
  body,
}: Input<{ password?: string | undefined }>): Promise<HttpReply> {
  requireSession(call.principal, 'the second factor')
  // One that is only to be shown is not to be set up anew.
  if (call.principal.mfaNeeded === 'verify') requireSession(call.principal)
  return json(await accountsOf(services).beginTotp(call.principal, body.password))
}

export async function confirmTotp({ call, services, body }: Input<{ code: string }>): Promise<HttpReply> {
  requireSession(call.principal, 'the second factor')
  const codes = await accountsOf(services).confirmTotp(call.principal, body.code)
  await recordCall(services, call, 'totp.changed', { user: call.principal.id, change: 'set up' })
  return json(codes)
}

export async function removeTotp({ call, services, body }: Input<{ code: string }>): Promise<HttpReply> {
  requireSession(call.principal)
  await accountsOf(services).removeTotp(call.principal, body.code)
  await recordCall(services, call, 'totp.changed', { user: call.principal.id, change: 'removed' })
  return noContent()
}

export async function renewRecoveryCodes({ call, services, body }: Input<{ code: string }>): Promise<HttpReply> {
  requireSession(call.principal)
  const codes = await accountsOf(services).renewRecoveryCodes(call.principal, body.code)
  await recordCall(services, call, 'totp.changed', { user: call.principal.id, change: 'new recovery codes' })
  return json(codes)
}

export async function raiseSession({ call, exchange, services, body }: Input<{ code: string }>): Promise<HttpReply> {
  requireSession(call.principal, 'the second factor')
  await services.access.identity.signIn.raise(call.principal, body.code, visitorOf(exchange))
  await recordCall(services, call, 'session.confirmed', {})
  return noContent()
}

// --- Sessions ---------------------------------------------------------------------------------------------------------

export async function listSessions({ call, services }: Input): Promise<HttpReply> {
  requireSession(call.principal)
  const { id, credentialId } = call.principal
  return json({ sessions: await services.access.identity.sessions.list(id, credentialId) })
}

export async function revokeSession({
  call,
  services,
  params,
}: ProtectedInput<'/:id', undefined, undefined>): Promise<HttpReply> {
  requireSession(call.principal)
  await services.access.identity.sessions.revoke(call.principal.id, params.id)
  await recordCall(services, call, 'session.revoked', { sessions: 1 })
  return noContent()
}

export async function revokeOtherSessions({ call, services }: Input): Promise<HttpReply> {
  requireSession(call.principal)
  const { id, credentialId } = call.principal
  const sessions = await services.access.identity.sessions.revokeOthers(id, credentialId)
  await recordCall(services, call, 'session.revoked', { sessions })
  return noContent()
}

// --- Devices (RFC 8628) -----------------------------------------------------------------------------------------------

export async function authorizeDevice({
  exchange,
  services,
  body,
}: OpenInput<{ clientName: string; vault?: string | undefined }>): Promise<HttpReply> {
  const waitMs = services.signInLimit.take(exchange.remoteAddress)
  if (waitMs > 0)
    fail('server.busy', { retryAfterMs: waitMs, message: 'Too many devices ask from there. Wait a little.' })
  const { devices } = services.access.identity
  const asked = await devices.begin({ client: body.clientName, vault: body.vault ?? null })
  const page = `${exchange.ownOrigin}/#/pair`
  return json({
    device_code: asked.deviceCode,
    user_code: asked.userCode,
    verification_uri: page,
    verification_uri_complete: `${page}?code=${asked.userCode}`,
    expires_in: Math.floor(asked.expiresInMs / 1_000),
    interval: Math.ceil(asked.intervalMs / 1_000),
  })
}

const deviceErrorWords = {
  authorization_pending: 'Nobody has decided yet. Ask again after the interval.',
  slow_down: 'You ask too often. Wait five seconds longer between two questions from now on.',
  access_denied: 'The pairing was refused.',
  expired_token: 'The code is over or was used. Begin the pairing again.',
} as const

/** Errors have the shape of RFC 6749, section 5.2, as clients of RFC 8628 expect them. */
export async function grantDevice({
  exchange,
  services,
  body,
}: OpenInput<{ device_code: string }>): Promise<HttpReply> {
  const answer = await services.access.identity.devices.poll(body.device_code)
  if (answer.kind === 'error')
    return json({ error: answer.error, error_description: deviceErrorWords[answer.error] }, 400)
  const { key, keyId, principalId, vault } = answer.grant
  await services.audit.record({
    type: 'key.created',
    actor: principalId,
    requestId: exchange.requestId,
    outcome: 'ok',
    fields: { keyId, name: 'paired device' },
  })
  return json({ access_token: key, token_type: 'Bearer', keyId, vault })
}

export async function lookAtDevice({
  call,
  exchange,
  services,
  body,
}: Input<{ userCode: string }>): Promise<HttpReply> {
  requireSession(call.principal)
  return json(await withFewTries(services, exchange.remoteAddress, (devices) => devices.look(body.userCode)))
}

export async function decideDevice({
  call,
  exchange,
  services,
  body,
}: Input<{ userCode: string; approve: boolean }>): Promise<HttpReply> {
  requireSession(call.principal)
  const { userCode, approve } = body
  const vault = await withFewTries(services, exchange.remoteAddress, async (devices) => {
    const shown = await devices.look(userCode)
    const id = shown.vault !== null && approve ? await findVaultId(services, call.principal, shown.vault) : shown.vault
    await devices.decide({ principalId: call.principal.id, userCode, approve, vault: id })
    return id
  })
  await recordCall(services, call, 'device.decided', { approved: approve, vault: vault ?? '' })
  return noContent()
}

/**
 * The device names a vault as a person would; only here, to somebody signed in, it shows whether there is one, and only
 * of those that they may know of.
 */
async function findVaultId({ access, vaults }: RouteServices, principal: Principal, named: string): Promise<string> {
  const all = (await vaults.list()).filter(({ id }) => access.seesVault(principal, id))
  const byId = all.find(({ id }) => id === named)
  const byName = all.filter(({ name }) => name === named)
  if (byId) return byId.id
  if (byName.length === 1 && byName[0]) return byName[0].id
  return fail('vault.not-found', {
    message:
      'The device asks for a vault that is not here, or for one of several of this name. Refuse it, and set the vault there.',
  })
}

/** RFC 8628, section 5.1: a wrong code counts against the address, a right one is given back. */
async function withFewTries<T>(
  { access }: RouteServices,
  address: string,
  work: (devices: RouteServices['access']['identity']['devices']) => Promise<T>,
): Promise<T> {
  const { attempts, devices } = access.identity
  const subjects = [{ kind: 'user-code' as const, value: address }]
  await attempts.take(subjects)
  const done = await work(devices)
  await attempts.giveBack(subjects)
  return done
}
