/**
 * Pages of other origins that may use the API: the origins of `server.corsOrigins`, with an API key of theirs and never
 * with a cookie. The origin is echoed, so that a page of any other origin learns nothing, not even that there is a list.
 *
 * Which request headers are allowed is what the official clients send: a preflight that misses one of them is the
 * commonest reason why an OpenAI client does not work in Obsidian. WHATWG Fetch, “CORS protocol”; for the private
 * network, WICG Private Network Access.
 */

import { apiLevel, apiLevelHeader } from '@cairn/contract/tables'

export interface Cors {
  /** The request’s origin when its page may read the reply, else null. */
  findOrigin(request: Request, pathname: string): string | null
  /** What every reply of this address carries, whatever the origin. */
  headersOf(pathname: string): Readonly<Record<string, string>>
}

const nothing: Readonly<Record<string, string>> = {}
const varies: Readonly<Record<string, string>> = { vary: 'Origin' }

export function createCors(origins: readonly string[]): Cors {
  const allowed = new Set(origins.map((origin) => origin.toLowerCase()))
  return {
    findOrigin({ headers }, pathname) {
      const origin = headers.get('origin')
      return origin !== null && isShared(pathname) && allowed.has(origin.toLowerCase()) ? origin : null
    },
    headersOf: (pathname) => (allowed.size > 0 && isShared(pathname) ? varies : nothing),
  }
}

/** The console, sign-in, metrics and the rest are for this server’s own pages. */
function isShared(pathname: string): boolean {
  return /^\/(?:v1|api)(?:\/|$)/.test(pathname)
}

/** Sent by the clients of OpenAI and Anthropic in a browser, by callers of ours, and by tracing that they may have on. */
const requestHeaders = [
  'accept',
  'anthropic-beta',
  'anthropic-dangerous-direct-browser-access',
  'anthropic-user-profile-id',
  'anthropic-version',
  'anthropic-workspace-id',
  'authorization',
  'baggage',
  'cache-control',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'openai-beta',
  'openai-organization',
  'openai-project',
  'traceparent',
  'tracestate',
  'user-agent',
  'x-api-key',
  'x-cairn-cache',
  'x-cairn-label',
  'x-request-id',
  'x-stainless-arch',
  'x-stainless-custom-poll-interval',
  'x-stainless-helper',
  'x-stainless-helper-method',
  'x-stainless-lang',
  'x-stainless-os',
  'x-stainless-package-version',
  'x-stainless-poll-helper',
  'x-stainless-read-timeout',
  'x-stainless-retry-count',
  'x-stainless-runtime',
  'x-stainless-runtime-version',
  'x-stainless-timeout',
] as const

/** What a later version of these clients may send besides. */
const familyHeader = /^(?:anthropic|openai|x-cairn|x-stainless)-[a-z0-9-]{1,60}$/
const longestAsked = 4_096
/** Chromium keeps a preflight for two hours at most, Firefox for a day. */
const maxAgeSeconds = 7_200

/** Whether a browser asks before it sends what a page wants to send. */
export function isPreflight({ method, headers }: Request): boolean {
  return method === 'OPTIONS' && headers.has('origin') && headers.has('access-control-request-method')
}

/** What a preflight is answered, beside what `shareHeaders` gives. */
export function preflightHeaders({ headers }: Request, methods: readonly string[]): Record<string, string> {
  const asked = headers.get('access-control-request-headers')?.toLowerCase() ?? ''
  const names = asked.length > longestAsked ? [] : asked.split(',').map((name) => name.trim())
  const known = new Set<string>([...requestHeaders, ...names.filter((name) => familyHeader.test(name))])
  return {
    'access-control-allow-methods': methods.join(', '),
    'access-control-allow-headers': [...known].join(', '),
    'access-control-max-age': String(maxAgeSeconds),
    ...(headers.get('access-control-request-private-network') === 'true'
      ? { 'access-control-allow-private-network': 'true' }
      : {}),
    vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network',
  }
}

/** Methods of addresses that do not exist, so that a page gets to read that they do not. */
export const anyMethod = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'] as const

const alwaysExposed = [
  'x-request-id',
  'x-cairn-request-id',
  'request-id',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  'etag',
  'allow',
]

/** What lets the page of `origin` read a reply with these headers. */
export function shareHeaders(origin: string, reply: Readonly<Record<string, string>>): Record<string, string> {
  const ours = [...Object.keys(reply).filter((name) => name.startsWith('x-cairn-')), apiLevelHeader]
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': [...alwaysExposed, ...ours].join(', '),
    'cross-origin-resource-policy': 'cross-origin',
    [apiLevelHeader]: String(apiLevel),
  }
}
