/**
 * Turns whatever went wrong at an OpenAI-dialect server into one `UpstreamFailure`. Words of the provider reach the
 * caller only for the caller's own mistakes, bounded and with our key taken out; they never reach the log.
 */
import { CairnError, isRecord, type Clock, type Secret } from '../../base/index.ts'
import { UpstreamFailure, type FailureKind } from '../failure.ts'

const messageChars = 500

export interface ErrorSource {
  readonly provider: string
  readonly apiKey: Secret | null
  readonly clock: Clock
}

/** What the outbound door or a reading of the body threw. An abort by the caller is given back as it is. */
export function convertThrown(
  thrown: unknown,
  { provider }: ErrorSource,
  caller: AbortSignal,
  otherwise: FailureKind = 'unreachable',
): unknown {
  if (caller.aborted) return caller.reason
  if (thrown instanceof UpstreamFailure) return thrown
  const kind = thrown instanceof CairnError ? doorKinds[thrown.code] : undefined
  const internal = thrown instanceof CairnError ? thrown.internal : null
  if (kind)
    return new UpstreamFailure(kind, {
      message: messageFor(kind, provider),
      ...(internal ? { internal } : {}),
      cause: thrown,
    })
  return new UpstreamFailure(otherwise, { message: messageFor(otherwise, provider), cause: thrown })
}

const doorKinds: Readonly<Record<string, FailureKind>> = {
  'egress.denied': 'denied',
  'upstream.redirect': 'redirect',
  'upstream.timeout': 'timeout',
  'upstream.unreachable': 'unreachable',
}

/** A reply that is no success. `body` is its beginning. */
export function convertStatus(response: Response, body: Uint8Array, source: ErrorSource): UpstreamFailure {
  const { status } = response
  const told = readError(body)
  const kind = kindOf(status, told)
  const retryAfterMs = readRetryAfter(response.headers, source.clock)
  const message =
    isCallersMistake(kind) && told ? clean(told.message, source) : messageFor(kind, source.provider, status)
  return new UpstreamFailure(kind, {
    status,
    message,
    internal: `status ${status}`,
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
    ...(isCallersMistake(kind) && told?.param ? { param: redact(told.param, source).slice(0, 80) } : {}),
  })
}

/** An `{"error": …}` that came with status 200 or inside a stream. */
export function convertInBand(source: ErrorSource): UpstreamFailure {
  return new UpstreamFailure('failed', {
    message: messageFor('failed', source.provider),
    internal: 'error object in a reply of status 200',
  })
}

export function malformed(source: ErrorSource, internal: string): UpstreamFailure {
  return new UpstreamFailure('malformed', { message: messageFor('malformed', source.provider), internal })
}

export function brokenStream(source: ErrorSource, internal: string): UpstreamFailure {
  return new UpstreamFailure('broken-stream', { message: messageFor('broken-stream', source.provider), internal })
}

function isCallersMistake(kind: FailureKind): boolean {
  return kind === 'rejected' || kind === 'context-length' || kind === 'content-policy'
}

interface ToldError {
  readonly message: string
  readonly code: string
  readonly param: string | null
}

function kindOf(status: number, told: ToldError | undefined): FailureKind {
  if (status === 429) return 'rate-limited'
  // 402: our account there is not paid. Like a refused key, nothing that the caller can repair.
  if (status === 401 || status === 402 || status === 403) return 'credentials'
  if (status === 408) return 'timeout'
  // An address without an error in the dialect is no model server: the configured address is wrong, not the request.
  if ((status === 404 || status === 405) && !told) return 'failed'
  if (status < 400 || status >= 500 || status === 409 || status === 425) return 'failed'
  if (told && /context_length|context length|maximum context/i.test(`${told.code} ${told.message}`))
    return 'context-length'
  if (told && /content_policy|content_filter|content management policy/i.test(`${told.code} ${told.message}`))
    return 'content-policy'
  return 'rejected'
}

/** OpenAI's shape, Ollama's `{"error": "text"}`, and `{"message": "text"}` of vLLM and Mistral. */
function readError(body: Uint8Array): ToldError | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body))
    if (!isRecord(value)) return undefined
    const error = isRecord(value['error']) ? value['error'] : value
    const message = typeof value['error'] === 'string' ? value['error'] : error['message']
    if (typeof message !== 'string') return undefined
    const code = [error['code'], error['type']].filter((part) => typeof part === 'string').join(' ')
    return { message, code, param: typeof error['param'] === 'string' ? error['param'] : null }
  } catch {
    return undefined
  }
}

/** Words of the provider for the caller: bounded, on one line, without keys. */
export function clean(message: string, source: ErrorSource): string {
  const text = redact(message.slice(0, 4 * messageChars), source)
  return `${source.provider}: ${text.length > messageChars ? `${text.slice(0, messageChars)}…` : text}`
}

function redact(told: string, { apiKey }: ErrorSource): string {
  const text = apiKey ? told.replaceAll(apiKey.reveal(), '[secret]') : told
  // Providers like to repeat the beginning and the end of a key.
  return text.replace(/\b(?:(?:sk|pk|gsk|xai)[-_]|AIza)[\w*.-]{8,}/gi, '[secret]').replace(/\p{Cc}+/gu, ' ')
}

/** Our own words for what went wrong. */
export function messageFor(kind: FailureKind, provider: string, status?: number): string {
  return `Provider ${provider} ${words[kind]}${status !== undefined && kind === 'failed' ? ` (status ${status})` : ''}.`
}

const words: Record<FailureKind, string> = {
  unreachable: 'cannot be reached; see that it runs and that its address is right',
  timeout: 'did not answer in time',
  'rate-limited': 'limits the rate of requests; try again later',
  credentials: 'refused our credentials; its API key must be changed in the configuration',
  failed: 'failed',
  malformed: 'sent something that cannot be read',
  'broken-stream': 'broke off in the middle of the answer',
  redirect: 'answered with a redirect, which is never followed; configure the address it points to',
  'queue-full': 'has too many requests waiting; try again later',
  denied: 'has an address to which connections are never made',
  rejected: 'refused the request',
  'context-length': 'refused the request: it is longer than the model’s context window',
  'content-policy': 'refused the request by its content policy',
}

function readRetryAfter(headers: Headers, clock: Clock): number | null {
  const ms = Number.parseFloat(headers.get('retry-after-ms') ?? '')
  if (ms >= 0) return Math.min(ms, dayMs)
  const text = headers.get('retry-after')
  if (text === null) return null
  const seconds = Number(text)
  const wait = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(text) - clock.now()
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), dayMs) : null
}

const dayMs = 86_400_000
