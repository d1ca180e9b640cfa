/** Handlers of keys and sessions. */
import type { SessionInfo } from '@cairn/contract'
import { fail } from '../../base/index.ts'
import { formatSessionCookie } from '../credentials.ts'
import { isCrossOrigin } from '../origin.ts'
import { json, noContent, type HttpReply } from '../reply.ts'
import type { ProtectedInput, PublicInput } from '../route.ts'
import { recordCall } from './record.ts'

type Input<B = undefined> = ProtectedInput<string, B, undefined>

export async function listKeys({ call, services }: Input): Promise<HttpReply> {
  return json({ keys: await services.access.listKeys(call.principal) })
}

export async function createKey({
  call,
  services,
  body,
}: Input<{ name: string; expiresInDays?: number | undefined }>): Promise<HttpReply> {
  const key = await services.access.createKey(call.principal, body)
  await recordCall(services, call, 'key.created', { keyId: key.id, name: key.name })
  return json(key, 201)
}

export async function revokeKey({
  call,
  services,
  params,
}: ProtectedInput<'/:id', undefined, undefined>): Promise<HttpReply> {
  await services.access.revokeKey(call.principal, params.id)
  await recordCall(services, call, 'key.revoked', { keyId: params.id })
  return noContent()
}

/** Only a page of ours, or no browser at all, may sign this browser in: another page could sign it in as somebody else. */
export async function signIn({
  exchange,
  services,
  body,
}: PublicInput<string, { token: string }, undefined>): Promise<HttpReply> {
  const { request, remoteAddress, ownOrigin, requestId } = exchange
  if (isCrossOrigin(request.headers, ownOrigin)) fail('request.origin')
  const waitMs = services.signInLimit.take(remoteAddress)
  if (waitMs > 0) {
    fail('server.busy', {
      retryAfterMs: waitMs,
      message: `Too many attempts to sign in; try again in ${Math.ceil(waitMs / 1_000)} seconds.`,
    })
  }
  const { session, expiresAt, principal } = await services.access.signIn(body.token)
  services.signInLimit.giveBack(remoteAddress)
  await services.audit.record({
    type: 'session.created',
    actor: principal.id,
    requestId,
    outcome: 'ok',
    fields: { method: 'link' },
  })
  const place = { ownOrigin, port: services.port() }
  return noContent({ 'set-cookie': formatSessionCookie(session, expiresAt - services.clock.now(), place) })
}

/** The token stands in the fragment, which browsers send to no server and keep out of Referer. */
export function formatSignInUrl(origin: string, token: string): string {
  return `${origin}/#sign-in=${token}`
}

export async function createSignInLink({ exchange, services }: Input): Promise<HttpReply> {
  const { token, expiresAt } = await services.access.createSignInToken()
  return json({ url: formatSignInUrl(exchange.ownOrigin, token), expiresAt }, 201)
}

export function describeSession({ call: { principal }, services }: Input): HttpReply {
  const { id, name, kind } = principal
  return json({ principal: { id, name, roles: [kind] }, server: services.server } satisfies SessionInfo)
}

/** A key is not a session: for a caller with a key there is nothing to end. */
export async function signOut({ call, exchange, services }: Input): Promise<HttpReply> {
  if (call.principal.via === 'session') {
    await services.access.signOut(call.principal)
    await recordCall(services, call, 'session.ended', {})
  }
  return noContent({
    'set-cookie': formatSessionCookie('', 0, { ownOrigin: exchange.ownOrigin, port: services.port() }),
  })
}
