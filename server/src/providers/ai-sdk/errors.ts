/**
 * Turns a vendor’s errors into `UpstreamFailure`: those of its HTTP replies, those inside its streams, and those of the
 * package that reads them. The package’s own error objects hold whole requests, so none of them goes on as a cause.
 */
import { UnsupportedFunctionalityError } from '@ai-sdk/provider'
import { CairnError, fail, isRecord } from '../../base/index.ts'
import { UpstreamFailure, type FailureKind } from '../failure.ts'
import { brokenStream, clean, convertStatus, malformed, messageFor, type ErrorSource } from '../openai/errors.ts'
import { parseObject } from '../openai/replies.ts'
import type { Vendor, VendorError } from './vendor.ts'

/** A reply that is no success. `body` is its beginning. */
export function convertVendorStatus(
  response: Response,
  body: Uint8Array,
  source: ErrorSource,
  vendor: Pick<Vendor, 'kindOf'>,
): UpstreamFailure {
  const usual = convertStatus(response, body, source)
  const told = readVendorError(parseObject(body), response.status)
  const kind = (told && vendor.kindOf(told)) ?? usual.kind
  const retryAfterMs = usual.retryAfterMs ?? (told ? readRetryDelay(told) : null)
  if (!told || (kind === usual.kind && retryAfterMs === usual.retryAfterMs)) return usual
  return failureOf(kind, told, source, retryAfterMs)
}

/** An error object inside a stream or a reply with status 200. Before any content its kind counts; after it, none. */
export function convertVendorError(
  error: unknown,
  source: ErrorSource,
  vendor: Pick<Vendor, 'kindOf'>,
  hasContent: boolean,
): UpstreamFailure {
  if (hasContent) return brokenStream(source, 'an error inside the stream')
  const told = isRecord(error) ? readVendorError(error, readStatus(error)) : undefined
  if (!told) return malformed(source, 'an event that cannot be read')
  return failureOf(vendor.kindOf(told) ?? kindOfStatus(told.status), told, source, readRetryDelay(told))
}

/** What the package threw. `sent` tells whether a request had left. */
export function convertPackageError(
  thrown: unknown,
  source: ErrorSource,
  vendor: Vendor,
  { sent, hasContent }: { sent: boolean; hasContent: boolean },
): unknown {
  const ours = findOurs(thrown)
  if (ours) return ours
  if (!sent) return refusal(thrown, vendor)
  if (!isRecord(thrown)) return thrown
  // The first event of a stream was an error, and the package threw it as if it were a reply's status.
  if (typeof thrown['responseBody'] === 'string' && typeof thrown['statusCode'] === 'number') {
    const told = readVendorError(parseObject(new TextEncoder().encode(thrown['responseBody'])), thrown['statusCode'])
    if (told && thrown['statusCode'] !== 200)
      return failureOf(vendor.kindOf(told) ?? kindOfStatus(told.status), told, source, readRetryDelay(told))
  }
  if (thrown['name'] === 'AbortError') return thrown
  return hasContent ? brokenStream(source, 'an event that cannot be read') : malformed(source, nameOf(thrown))
}

/** The package may have wrapped what our own fetch threw. */
function findOurs(thrown: unknown): CairnError | undefined {
  let current = thrown
  for (let depth = 0; depth < 6 && current instanceof Error; depth += 1) {
    if (current instanceof CairnError) return current
    current = current.cause
  }
  return undefined
}

/** Nothing was sent: the package could not say the request in the vendor’s dialect. */
function refusal(thrown: unknown, vendor: Vendor): unknown {
  if (UnsupportedFunctionalityError.isInstance(thrown))
    return invalid(`${vendor.name} cannot do this: ${thrown.functionality.slice(0, 120)}.`)
  return invalid(`The request cannot be said in the dialect of ${vendor.name} (${nameOf(thrown)}).`)
}

function invalid(message: string): unknown {
  try {
    fail('request.invalid', { message })
  } catch (refused) {
    return refused
  }
}

function nameOf(thrown: unknown): string {
  return isRecord(thrown) && typeof thrown['name'] === 'string' ? thrown['name'].slice(0, 60) : 'no error'
}

function failureOf(
  kind: FailureKind,
  told: VendorError,
  source: ErrorSource,
  retryAfterMs: number | null,
): UpstreamFailure {
  const isCallers = kind === 'rejected' || kind === 'context-length' || kind === 'content-policy'
  return new UpstreamFailure(kind, {
    message:
      isCallers && told.message !== ''
        ? clean(told.message, source)
        : messageFor(kind, source.provider, told.status ?? undefined),
    internal: told.status === null ? 'error inside the stream' : `status ${told.status}`,
    ...(told.status === null ? {} : { status: told.status }),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  })
}

function kindOfStatus(status: number | null): FailureKind {
  if (status === 429) return 'rate-limited'
  if (status === 401 || status === 402 || status === 403) return 'credentials'
  return status !== null && status >= 400 && status < 500 ? 'rejected' : 'failed'
}

/** Both vendors put an object under `error`; inside a stream the package gives that object alone. */
function readVendorError(value: Record<string, unknown> | undefined, status: number | null): VendorError | undefined {
  if (!value) return undefined
  const detail = isRecord(value['error']) ? value['error'] : value
  if (typeof detail['message'] !== 'string') return undefined
  const type = [detail['type'], detail['status']].find((name) => typeof name === 'string')
  return { status, type: typeof type === 'string' ? type : '', message: detail['message'], detail }
}

function readStatus(error: Record<string, unknown>): number | null {
  const status = error['statusCode'] ?? error['code']
  return typeof status === 'number' ? status : null
}

/** Google tells how long to wait inside the error: `{"@type": "…RetryInfo", "retryDelay": "17s"}`. */
function readRetryDelay({ detail }: VendorError): number | null {
  const data = isRecord(detail['data']) ? detail['data'] : detail
  const list = Array.isArray(data['details']) ? data['details'].filter(isRecord) : []
  const delay = list.map(({ retryDelay }) => retryDelay).find((value) => typeof value === 'string')
  const seconds = Number.parseFloat(typeof delay === 'string' ? delay : '')
  return seconds >= 0 ? Math.min(seconds * 1_000, 86_400_000) : null
}
