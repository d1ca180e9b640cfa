/** Handlers of keys, sessions and signing in. */
import type { KeyCreate, SessionInfo } from '@cairn/contract'
import { findCanonicalEmail, openIdFlowMs, type SignedIn } from '../../access/index.ts'
import { CairnError, fail, toCairnError } from '../../base/index.ts'
import { findOpenIdCookie, formatOpenIdCookie, formatSessionCookie } from '../credentials.ts'
import { json, noContent, type HttpReply } from '../reply.ts'
import type { ProtectedInput, PublicInput, RouteServices } from '../route.ts'
import { listActions } from './access.ts'
import { recordCall } from './record.ts'
import { refuseOtherOrigin, sessionCookie, visitorOf } from './visitor.ts'

type Input<B = undefined> = ProtectedInput<string, B, undefined>
type OpenInput<B = undefined> = PublicInput<string, B, undefined>

export async function listKeys({ call, services }: Input): Promise<HttpReply> {
  return json({ keys: await services.access.listKeys(call.principal) })
}

export async function createKey({ call, services, body }: Input<KeyCreate>): Promise<HttpReply> {
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

export async function signIn({ exchange, services, body }: OpenInput<{ token: string }>): Promise<HttpReply> {
  const { remoteAddress } = exchange
  refuseOtherOrigin(exchange)
  const waitMs = services.signInLimit.take(remoteAddress)
  if (waitMs > 0) {
    fail('server.busy', {
      retryAfterMs: waitMs,
      message: `Too many attempts to sign in; try again in ${Math.ceil(waitMs / 1_000)} seconds.`,
    })
  }
  const { session, expiresAt, principal } = await services.access.signIn(body.token, visitorOf(exchange))
  services.signInLimit.giveBack(remoteAddress)
  await recordSignIn(exchange, services, { actor: principal.id, method: 'link' })
  return noContent({ 'set-cookie': sessionCookie(exchange, services, { session, expiresAt }) })
}

export async function signInWithPassword(
  input: OpenInput<{ email: string; password: string; code?: string | undefined }>,
): Promise<HttpReply> {
  const { exchange, services, body } = input
  refuseOtherOrigin(exchange)
  const { people, signIn: ways } = services.access.identity
  const signedIn = await ways.withPassword(body, visitorOf(exchange)).catch(async (thrown: unknown) => {
    const email = isRecorded(thrown) ? findCanonicalEmail(body.email) : null
    const person = email === null ? null : await people.findByEmail(email)
    return recordRefusal(input, { method: 'password', user: person?.id ?? null }, thrown)
  })
  return enter(input, signedIn, 'password')
}

/** What the page for signing in offers; the same for everybody. */
export async function describeSignIn({ services: { access } }: OpenInput): Promise<HttpReply> {
  return json({ password: await access.identity.hasPasswords(), openid: access.identity.openIdName })
}

export async function describeLink({ exchange, services, body }: OpenInput<{ token: string }>): Promise<HttpReply> {
  refuseOtherOrigin(exchange)
  return json(await services.access.identity.signIn.describeLink(body.token))
}

export async function redeemLink(input: OpenInput<{ token: string; password: string }>): Promise<HttpReply> {
  const { exchange, services, body } = input
  refuseOtherOrigin(exchange)
  const { signIn: ways } = services.access.identity
  const { person, signedIn } = await ways.redeemLink(body.token, body.password, visitorOf(exchange))
  await services.audit.record({
    type: 'password.changed',
    actor: person.id,
    requestId: exchange.requestId,
    outcome: 'ok',
    fields: { user: person.id, how: 'link' },
  })
  if (signedIn === null) return json({ signedIn: false })
  const { headers } = await enter(input, signedIn, 'link')
  return json({ signedIn: true }, 200, headers)
}

export async function beginOpenId({ exchange, services }: OpenInput): Promise<HttpReply> {
  const { url, flow } = await services.access.identity.signIn.beginOpenId(exchange.ownOrigin)
  return redirect(url, formatOpenIdCookie(flow, openIdFlowMs, { ownOrigin: exchange.ownOrigin, port: services.port() }))
}

/**
 * The browser comes back from the provider. Its cookies of `SameSite=Strict` do not come along, and need not: the cookie
 * of the flow is `Lax`, and the page that the reply leads to is everybody’s and asks for its session from here.
 */
export async function finishOpenId(input: OpenInput): Promise<HttpReply> {
  const { exchange, services } = input
  const { ownOrigin, request, url } = exchange
  const place = { ownOrigin, port: services.port() }
  try {
    const flow = findOpenIdCookie(request.headers, place)
    const signedIn = await services.access.identity.signIn
      .finishOpenId({ origin: ownOrigin, query: url.search, flow }, visitorOf(exchange))
      .catch((thrown: unknown) => recordRefusal(input, { method: 'openid' }, thrown))
    const { headers } = await enter(input, signedIn, 'openid')
    // The cookie of the flow stays its ten minutes: its state is spent.
    return redirect('/', headers['set-cookie'] ?? '')
  } catch (thrown) {
    const { code } = toCairnError(thrown)
    if (!code.startsWith('access.')) throw thrown
    return redirect(`/#sign-in-failed=${code}`, formatOpenIdCookie('', 0, place))
  }
}

/** The token stands in the fragment, which browsers send to no server and keep out of Referer. */
export function formatSignInUrl(origin: string, token: string): string {
  return `${origin}/#sign-in=${token}`
}

export async function createSignInLink({ call, exchange, services }: Input): Promise<HttpReply> {
  const { token, expiresAt } = await services.access.createSignInToken(call.principal)
  await recordCall(services, call, 'link.created', { purpose: 'sign-in', user: call.principal.id, isConfirmed: true })
  return json({ url: formatSignInUrl(exchange.ownOrigin, token), expiresAt }, 201)
}

export async function describeSession({ call, services }: Input): Promise<HttpReply> {
  const { id, name, kind, via, mfa = false, mfaNeeded = 'no' } = call.principal
  return json({
    principal: { id, name, roles: [kind] },
    can: await listActions(call, services, services.access.policy.engine().world.org),
    via: via === 'internal' ? 'local' : via,
    mfa,
    mfaNeeded,
    server: services.server,
  } satisfies SessionInfo)
}

/** A key is not a session: for a caller with a key there is nothing to end. */
export async function signOut({ call, exchange, services }: Input): Promise<HttpReply> {
  const over = {
    'set-cookie': formatSessionCookie('', 0, { ownOrigin: exchange.ownOrigin, port: services.port() }),
  }
  if (call.principal.via !== 'session') return noContent(over)
  const { signIn: ways } = services.access.identity
  const endSessionUrl = await ways.endSessionUrl(call.principal, exchange.ownOrigin)
  await services.access.signOut(call.principal)
  await recordCall(services, call, 'session.ended', {})
  return endSessionUrl ? json({ endSessionUrl }, 200, over) : noContent(over)
}

async function enter(
  { exchange, services }: OpenInput<unknown>,
  { session, person }: SignedIn,
  method: string,
): Promise<HttpReply> {
  await recordSignIn(exchange, services, { actor: person.id, method })
  return noContent({ 'set-cookie': sessionCookie(exchange, services, session) })
}

async function recordSignIn(
  { requestId }: OpenInput['exchange'],
  { audit }: RouteServices,
  { actor, method }: { actor: string; method: string },
): Promise<void> {
  await audit.record({ type: 'session.created', actor, requestId, outcome: 'ok', fields: { method } })
}

/**
 * Who it was is not known, only that somebody tried, and whose address they gave. What costs nothing to try again and
 * again is not written down.
 */
async function recordRefusal(
  { exchange, services }: OpenInput<unknown>,
  about: { readonly method: string; readonly user?: string | null },
  thrown: unknown,
): Promise<never> {
  if (isRecorded(thrown))
    await services.audit.record({
      type: 'sign-in.refused',
      actor: 'anonymous',
      requestId: exchange.requestId,
      outcome: 'refused',
      fields: { ...about, code: thrown.code },
    })
  throw thrown
}

function isRecorded(thrown: unknown): thrown is CairnError {
  return thrown instanceof CairnError && recordedRefusals.has(thrown.code)
}

const recordedRefusals: ReadonlySet<string> = new Set(['access.sign-in-refused', 'access.openid-refused'])

function redirect(location: string, cookie: string): HttpReply {
  return { status: 303, headers: { location, 'set-cookie': cookie }, body: null }
}
