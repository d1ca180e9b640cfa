/** Handlers for those who run the server: health, metrics, the OpenAPI document, and the console's files. */
import { fail } from '../../base/index.ts'
import { mergeFamilies, metricsTopic, renderFamilies, type MetricFamily } from '../metrics.ts'
import { json, type HttpReply } from '../reply.ts'
import type { PublicInput, RouteServices } from '../route.ts'

type Input = PublicInput<string, undefined, undefined>

/** Alive: it answers. */
export function health({ services }: Input): HttpReply {
  return json({ status: services.readiness() === 'stopping' ? 'stopping' : 'ok', ...describeAudit(services) })
}

function describeAudit({ audit, auditWitnesses }: RouteServices): Record<string, string> {
  const witnesses = auditWitnesses.loads()
  const isBehind = witnesses.some(({ isFailing }) => isFailing)
  return {
    audit: audit.health().state,
    ...(witnesses.length > 0 ? { auditWitnesses: isBehind ? 'behind' : 'ok' } : {}),
  }
}

/** Ready: it can be sent work. */
export function ready({ services }: Input): HttpReply {
  const status = services.readiness()
  return json({ status, ...describeAudit(services) }, status === 'ok' ? 200 : 503)
}

/** Those of all processes of this host. */
export async function metrics({ services }: Input): Promise<HttpReply> {
  const lists = await services.peers.collect(metricsTopic)
  return {
    status: 200,
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
    body: renderFamilies(mergeFamilies(lists as MetricFamily[][])),
  }
}

export function openApi({ services }: Input): HttpReply {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: services.openApi() }
}

export async function consoleAsset({ exchange, services }: Input): Promise<HttpReply> {
  const asset = await services.assets.find(exchange.request, exchange.url.pathname)
  return (
    asset ??
    fail(
      'request.not-found',
      exchange.url.pathname === '/' ? { message: 'The console is not built. Run “npm run build”.' } : {},
    )
  )
}
