/**
 * The edge as a whole: takes requests from the socket, has them answered (`answer.ts`), and stops in good order. A
 * client that leaves aborts its own work; a stop waits for open work, then aborts it.
 */
import {
  CairnError,
  createId,
  createLonePeers,
  errorFields,
  toCairnError,
  withDeadline,
  type HostPeers,
} from '../base/index.ts'
import { listenHttp, type HttpListener, type HttpPeer } from '../platform/index.ts'
import { createAnswer, mustClose, type Trace } from './answer.ts'
import { createConsoleAssets } from './console-assets.ts'
import { createCors, shareHeaders } from './cors.ts'
import { createResponse } from './create-response.ts'
import type { HttpDependencies } from './dependencies.ts'
import { readClientRequestId } from './headers.ts'
import { createInFlight, type InFlight } from './in-flight.ts'
import { createMetricsRegistry, metricsTopic } from './metrics.ts'
import { findClientAddress, isExpectedPeer, isPublicName } from './origin.ts'
import { createOpenApi } from './openapi.ts'
import { createRateLimit, type RateLimit } from './rate-limit.ts'
import { hasBody } from './read-body.ts'
import { createReport, type Report } from './report.ts'
import type { HttpReply } from './reply.ts'
import { audienceOf, respondError } from './respond-error.ts'
import type { RouteServices } from './route.ts'
import { routes } from './routes.ts'
import { createAccessWatches } from './watch-access.ts'

export interface HttpServer {
  /** Answers one request without a socket. Never rejects. */
  fetch(request: Request, peer: HttpPeer): Promise<Response>
  /** Throws what the system says when the address cannot be used. */
  listen(): { hostname: string; port: number; url: string }
  /** No new work; what is open gets `graceMs` milliseconds, then it is aborted. */
  stop(graceMs: number): Promise<void>
}

/** RFC 6797: browsers come by TLS alone for a year. */
const strictTransport = { 'strict-transport-security': 'max-age=31536000' }
/** How long an idle connection is kept, and how long a client may take to send its request's head. */
const idleSeconds = 60
/** What aborted work may take to tell its client and end. */
const lastWordsMs = 1_500

export function createHttpServer(deps: HttpDependencies): HttpServer {
  const { settings, clock, logger, certificate } = deps
  const inFlight = createInFlight()
  const stopping = new AbortController()
  const metrics = createMetricsRegistry()
  const report = createReport({ metrics, clock, logger, audit: deps.audit, inFlight: inFlight.size })
  for (const source of deps.metricSources ?? []) metrics.register(source)
  const peers = deps.peers ?? createLonePeers()
  peers.answer(metricsTopic, () => metrics.families())
  let listener: HttpListener | null = null
  const port = () => listener?.port ?? settings.port
  const services = createServices(deps, { peers, port, stopping: stopping.signal })
  certificate?.onRenewed((pair) => {
    if (listener?.renew(pair) === false) logger.warn('the new TLS certificate is used from the next start on')
  })
  const fetch = createFetch(services, { inFlight, report, stopping: stopping.signal })

  return {
    fetch,
    listen() {
      const { host, port: asked, reusePort = false } = settings
      const onError = (thrown: unknown) => logger.error('a request failed outside its handler', errorFields(thrown))
      listener = listenHttp({
        hostname: host,
        port: asked,
        reusePort,
        ...(certificate ? { tls: certificate.current() } : {}),
        idleTimeoutSeconds: idleSeconds,
        handle: fetch,
        onError,
      })
      const name = host.includes(':') ? `[${host}]` : host
      const scheme = certificate ? 'https' : 'http'
      return { hostname: listener.hostname, port: listener.port, url: `${scheme}://${name}:${listener.port}` }
    },
    async stop(graceMs) {
      if (stopping.signal.aborted) return
      stopping.abort(new CairnError('server.stopping'))
      const closed = listener?.stopAccepting() ?? Promise.resolve()
      if (!(await inFlight.drain(graceMs))) {
        inFlight.abortAll(new CairnError('server.stopping'))
        await inFlight.drain(lastWordsMs)
      }
      // The last replies are made, but may still be on their way.
      await withDeadline(closed, lastWordsMs, 'server.stopping').catch(() => undefined)
      await listener?.closeAll()
    },
  }
}

function createServices(
  deps: HttpDependencies,
  { peers, port, stopping }: { peers: HostPeers; port: () => number; stopping: AbortSignal },
): RouteServices {
  let openApi: string | null = null
  return {
    ...deps,
    peers,
    port,
    assets: createConsoleAssets(deps.consoleDirectory),
    signInLimit: createSignInLimit(deps),
    watches: createAccessWatches(deps),
    heartbeatMs: deps.settings.heartbeatMs ?? 15_000,
    openApi: () => (openApi ??= JSON.stringify(createOpenApi(routes, { version: deps.server.version }))),
    readiness: () => (stopping.aborted ? 'stopping' : deps.health()),
  }
}

/** Ten attempts at once and one every six seconds, for all processes on the port together. */
function createSignInLimit({ clock, settings: { workers = 1 } }: HttpDependencies): RateLimit {
  return createRateLimit({ clock, burst: Math.ceil(10 / workers), refillMs: 6_000 * workers })
}

function createFetch(
  services: RouteServices,
  { inFlight, report, stopping }: { inFlight: InFlight; report: Report; stopping: AbortSignal },
): HttpServer['fetch'] {
  const { clock, settings, certificate } = services
  const answer = createAnswer(services)
  const cors = createCors(settings.corsOrigins ?? [])

  return async function fetch(request, peer) {
    const startedAtMs = clock.monotonic()
    const requestId = createId('req')
    const clientRequestId = readClientRequestId(request.headers)
    const open = inFlight.open(request.signal)
    // Unreadable only with a Host header that is refused anyway.
    const url = URL.parse(request.url) ?? new URL('http://host.invalid/')
    // A long wait for a model is no idle connection.
    peer.setIdleTimeout?.(0)
    const trace: Trace = { template: 'unmatched', actor: 'anonymous', isBodyRead: !hasBody(request.headers) }
    const audience = audienceOf(url.pathname)
    const sharedWith = cors.findOrigin(request, url.pathname)
    const arrival = {
      request,
      url,
      sharedWith,
      requestId,
      startedAtMs,
      remoteAddress: findClientAddress(peer.remoteAddress, request.headers, settings.trustedProxies ?? []),
      isExpectedPeer: isExpectedPeer(peer.remoteAddress, settings.trustedProxies ?? []),
      signal: open.signal,
      end: open.abort,
      onClose: open.onClose,
      stopping,
    }
    let reply: HttpReply
    try {
      reply = await answer(arrival, trace)
    } catch (thrown) {
      const error =
        open.signal.aborted && open.signal.reason instanceof CairnError ? open.signal.reason : toCairnError(thrown)
      if (!request.signal.aborted) report.failed(error, { requestId, route: trace.template, actor: trace.actor })
      reply = respondError(error, { audience, requestId })
    }
    const finish = (status: number) => {
      open.close()
      const cut: unknown = reply.body instanceof ReadableStream ? open.signal.reason : null
      if (cut instanceof CairnError) report.cut(cut, { requestId, route: trace.template, actor: trace.actor })
      peer.setIdleTimeout?.(idleSeconds)
      const route = trace.template
      report.answered({ method: request.method, route, status, requestId, clientRequestId, startedAtMs })
    }
    const stallMs = settings.stallMs ?? 60_000
    return createResponse(reply, {
      request,
      requestId,
      edgeHeaders: {
        'x-request-id': clientRequestId ?? requestId,
        ...(clientRequestId === null ? {} : { 'x-cairn-request-id': requestId }),
        ...(audience === 'anthropic' ? { 'request-id': requestId } : {}),
        // Not for loopback names: there the browser would turn to TLS for every other program of the machine.
        ...(certificate && isPublicName(request.headers.get('host'), settings.publicUrl) ? strictTransport : {}),
        ...(reply.headers['vary'] === undefined ? cors.headersOf(url.pathname) : {}),
        ...(sharedWith === null ? {} : shareHeaders(sharedWith, reply.headers)),
      },
      open,
      stallMs,
      finish,
      report,
      mustClose: mustClose(request, trace),
    })
  }
}
