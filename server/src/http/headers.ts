/** Headers that every reply carries, and the request id. */
import { labels, type Label } from '@cairn/contract'
import { fail, quote } from '../base/index.ts'

/** The console loads nothing from elsewhere, and nothing may frame it. */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

export const baseHeaders = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const

/**
 * The client's own id of the request, when it is harmless in logs and headers. It goes back with the reply and into the
 * log of the server; nothing is ever looked up by it, since two clients can choose the same.
 */
export function readClientRequestId(headers: Headers): string | null {
  const own = headers.get('x-request-id')
  return own !== null && /^[A-Za-z0-9._-]{8,64}$/.test(own) ? own : null
}

/** Whether the caller wants a reply that is made for it and not kept (RFC 9111, section 5.2.1). */
export function refusesCache(headers: Headers): boolean {
  const wishes = headers.get('cache-control')?.toLowerCase().split(',') ?? []
  const isRefused = wishes.some((wish) => wish.trim() === 'no-store' || wish.trim() === 'no-cache')
  return isRefused || headers.get('x-cairn-cache')?.trim().toLowerCase() === 'bypass'
}

/** The label that the caller gives to what the request holds. Throws `request.invalid`. */
export function readLabel(headers: Headers): Label | undefined {
  const given = headers.get('x-cairn-label')
  if (given === null) return undefined
  const label = labels.find((each) => each === given.trim().toLowerCase())
  return (
    label ??
    fail('request.invalid', {
      param: 'x-cairn-label',
      message: `The header x-cairn-label takes ${labels.join(', ')}, not ${quote(given)}.`,
    })
  )
}

/** The headers of Anthropic’s dialect that belong to the request itself. Throws `request.invalid`. */
export function readAnthropicHeaders(headers: Headers): Record<string, string> {
  const read: Record<string, string> = {}
  for (const name of ['anthropic-version', 'anthropic-beta']) {
    const value = headers.get(name)
    if (value === null) continue
    if (!/^[\x20-\x7e]{0,1000}$/.test(value))
      fail('request.invalid', { param: name, message: `The header ${name} takes at most 1000 ASCII characters.` })
    read[name] = value
  }
  return read
}

/** What a provider's reply may add: the type, when to try again, and our own words. Cookies, hop-by-hop and CORS stay behind. */
export function passHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const passed: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase()
    if (lower === 'content-type' || lower === 'retry-after' || lower.startsWith('x-cairn-')) passed[lower] = value
  }
  return passed
}

/** The epoch of access that the caller has heard of, from a reply to a change. Throws `request.invalid`. */
export function readEpoch(headers: Headers): { epoch?: number } {
  const given = headers.get('x-cairn-epoch')
  if (given === null) return {}
  if (!/^\d{1,15}$/.test(given))
    fail('request.invalid', { param: 'x-cairn-epoch', message: 'The header x-cairn-epoch takes a whole number.' })
  return { epoch: Number(given) }
}
