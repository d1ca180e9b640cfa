/**
 * From a request to its reply. Every request takes the same steps in the same order: host, address, method,
 * credentials, permission, query, body, handler.
 */
import { CairnError, fail, type Principal } from '../base/index.ts'
import { anyMethod, isPreflight, preflightHeaders } from './cors.ts'
import { underAudit } from './audited.ts'
import { readCredentials } from './credentials.ts'
import { readEpoch, refusesCache } from './headers.ts'
import { findOwnOrigin, isLoopbackAddress } from './origin.ts'
import { parseInput } from './parse-input.ts'
import { parseJson } from './parse-json.ts'
import { readBody, requireJsonType } from './read-body.ts'
import { noContent, type HttpReply } from './reply.ts'
import { audienceOf, respondError } from './respond-error.ts'
import { isProtected, type Exchange, type ProtectedInput, type Route, type RouteServices } from './route.ts'
import { createRouter } from './router.ts'
import { routes } from './routes.ts'

/** What is learned about a request on its way, for the log and the metrics. */
export interface Trace {
  template: string
  actor: string
  isBodyRead: boolean
}

export type Arrival = Omit<Exchange, 'ownOrigin'> & {
  /** Of this machine or of a proxy of ours. */
  readonly isExpectedPeer: boolean
}

export function createAnswer(services: RouteServices): (arrival: Arrival, trace: Trace) => Promise<HttpReply> {
  const { settings } = services
  const router = createRouter(routes)

  return async function answer(arrival, trace) {
    const { request, url } = arrival
    const ownOrigin = findOwnOrigin(request.headers.get('host'), {
      port: services.port(),
      publicUrl: settings.publicUrl,
      isTls: services.certificate !== undefined,
    })
    if (ownOrigin === null)
      fail('request.host', {
        message: 'This server does not answer for that host name. Start it with --public-url to give it another.',
      })
    if (!arrival.isExpectedPeer)
      fail('request.host', { message: 'This server is reached through its proxy only. Use its public address.' })
    const exchange: Exchange = { ...arrival, ownOrigin }

    const match = router.match(request.method, url.pathname)
    if (match.kind === 'none') return await answerElsewhere(exchange, services, trace)
    if (match.kind === 'wrong-method') {
      trace.template = match.path
      return refuseMethod(exchange, match.allow)
    }
    const { route, params } = match
    trace.template = route.path
    if (arrival.stopping.aborted && !isOperational(route)) fail('server.stopping', { retryAfterMs: 2_000 })

    // Before anybody is let in: also who is refused came from somewhere.
    const noted = services.audit.aboutCall(exchange.requestId, { address: exchange.remoteAddress })
    exchange.onClose(noted.end)
    const principal = await identify(services, exchange, route, params, ({ id, via, credentialId }) => {
      trace.actor = id
      noted.add({ via, credential: credentialId })
    })
    const query = readQuery(route, url)
    const { bytes, body } = await takeBody(exchange, route, services, trace)
    const input = { exchange, services, params, query, body, bytes }
    const audited = { route, exchange, actor: principal?.id ?? 'anonymous' }
    if (!isProtected(route)) return await underAudit(audited, services, () => route.handle(input))
    if (!principal) fail('access.unauthenticated')
    const call = {
      requestId: exchange.requestId,
      principal,
      signal: exchange.signal,
      startedAtMs: exchange.startedAtMs,
      ...(refusesCache(request.headers) ? { cache: 'bypass' as const } : {}),
    }
    const whole = { ...input, call } satisfies ProtectedInput<string, unknown, unknown>
    return await underAudit(audited, services, () => route.handle(whole))
  }
}

/** Null for a route that needs nobody. Throws the codes of `access`, also after `known` was told who it is. */
async function identify(
  { access, port }: RouteServices,
  exchange: Exchange,
  route: Route,
  params: Record<string, string>,
  known: (principal: Principal) => void,
): Promise<Principal | null> {
  if (route.permission === 'public') return null
  const { headers } = exchange.request
  if (typeof route.permission !== 'string' && isLocal(exchange)) return null
  const credentials = readCredentials(headers, { ownOrigin: exchange.ownOrigin, port: port() })
  const principal = await access.authenticate({ ...credentials, ...readEpoch(headers) })
  known(principal)
  if (!isProtected(route)) {
    access.require(principal, route.permission.unlessLocal)
    return principal
  }
  if (route.beforeMfa !== true) access.requireSignedIn(principal)
  const vault = route.on === 'vault' ? (params['id'] ?? '') : null
  // In the same words as for one that is missing.
  if (vault !== null && !access.seesVault(principal, vault)) fail('vault.not-found')
  if (route.permission !== 'signed-in')
    access.require(principal, route.permission, vault === null ? undefined : `vault:${vault}`)
  return principal
}

/** On this machine and not forwarded by a proxy for somebody else. */
function isLocal({ remoteAddress, ownOrigin, request }: Exchange): boolean {
  const isForwarded = request.headers.has('forwarded') || request.headers.has('x-forwarded-for')
  return isLoopbackAddress(remoteAddress) && !isForwarded && /^https?:\/\/(?:localhost|127\.|\[::1\])/.test(ownOrigin)
}

function isOperational({ path }: Route): boolean {
  return path === '/healthz' || path === '/readyz' || path === '/metrics'
}

/** Files and pages of the console, where no row of the table and none of its families is. */
async function answerElsewhere(exchange: Exchange, { assets }: RouteServices, trace: Trace): Promise<HttpReply> {
  const { request, url, sharedWith } = exchange
  // Or else the page would see a failure of CORS where it has a wrong address.
  if (sharedWith !== null && isPreflight(request)) return noContent(preflightHeaders(request, anyMethod))
  if (/^\/(?:v1|api|auth|access|mcp|\.well-known)(?:\/|$)/.test(url.pathname)) fail('request.not-found')
  if (request.method !== 'GET' && request.method !== 'HEAD') fail('request.not-found')
  const asset = await assets.find(request, url.pathname)
  if (!asset) fail('request.not-found')
  trace.template = '/'
  return asset
}

/** Preflights learn nothing but the methods, unless they come from a page that may read replies. */
function refuseMethod({ request, url, requestId, sharedWith }: Exchange, allow: readonly string[]): HttpReply {
  const headers = { allow: allow.join(', ') }
  if (sharedWith !== null && isPreflight(request)) return noContent({ ...headers, ...preflightHeaders(request, allow) })
  if (request.method === 'OPTIONS') return noContent(headers)
  const error = new CairnError('request.method', { message: `This address takes ${allow.join(', ')}.` })
  const reply = respondError(error, { audience: audienceOf(url.pathname), requestId })
  return { ...reply, headers: { ...reply.headers, ...headers } }
}

function readQuery(route: Route, url: URL): unknown {
  if (!route.query) return undefined
  const values: Record<string, string> = {}
  for (const [name, value] of url.searchParams) {
    if (Object.hasOwn(values, name))
      fail('request.invalid', { param: name.slice(0, 40), message: 'A query parameter stands there twice.' })
    values[name] = value
  }
  return parseInput(route.query, values)
}

async function takeBody(
  { request, signal }: Exchange,
  route: Route,
  { settings }: RouteServices,
  trace: Trace,
): Promise<{ bytes: Uint8Array; body: unknown }> {
  if (!route.body) return { bytes: new Uint8Array(0), body: undefined }
  requireJsonType(request.headers)
  const bytes = await readBody(request, { maxBytes: settings.maxBodyBytes, timeoutMs: settings.bodyTimeoutMs, signal })
  trace.isBodyRead = true
  return { bytes, body: parseInput(route.body, parseJson(bytes)) }
}

/**
 * Whether the connection must end with the reply. A body of known length is drained by the runtime, so that a client
 * that is still sending gets to read its refusal; one without an announced end, or a slow one, would hold the socket.
 */
export function mustClose(request: Request, { isBodyRead }: Trace): boolean {
  if (isBodyRead) return false
  const length = Number(request.headers.get('content-length') ?? Number.NaN)
  return !(length <= 256 * 1_024 * 1_024) || request.bodyUsed
}
