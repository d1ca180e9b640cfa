/**
 * What a request offers to say who it is from: an API key in a header, or the session cookie. The cookie's name holds
 * the port because browsers send a cookie to every port of a host.
 */
import type { Credentials } from './dependencies.ts'
import { fail } from '../base/index.ts'
import { isSameOrigin } from './origin.ts'

export interface CookiePlace {
  readonly ownOrigin: string
  readonly port: number
}

/** A key wins over a cookie. Throws `request.origin` when all there is, is a cookie from another origin's page. */
export function readCredentials(headers: Headers, place: CookiePlace): Credentials {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.get('authorization') ?? '')?.[1]
  const key = bearer ?? (headers.get('x-api-key')?.trim() || null)
  if (key !== null) return { key, session: null }
  const session = findCookie(headers.get('cookie') ?? '', cookieName(place))
  if (session !== null && !isSameOrigin(headers, place.ownOrigin)) fail('request.origin')
  return { key: null, session }
}

export function formatSessionCookie(session: string, maxAgeMs: number, place: CookiePlace): string {
  const seconds = Math.max(0, Math.floor(maxAgeMs / 1_000))
  return `${cookieName(place)}=${session}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${isSecure(place) ? '; Secure' : ''}`
}

/**
 * What a sign-in with OpenID Connect keeps while the browser is at the provider. `Lax`, since it is the provider’s page
 * that sends the browser back; a `Strict` cookie would stay behind.
 */
export function formatOpenIdCookie(flow: string, maxAgeMs: number, place: CookiePlace): string {
  const seconds = Math.floor(maxAgeMs / 1_000)
  return `${openIdCookieName(place)}=${flow}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${isSecure(place) ? '; Secure' : ''}`
}

export function findOpenIdCookie(headers: Headers, place: CookiePlace): string | null {
  return findCookie(headers.get('cookie') ?? '', openIdCookieName(place))
}

function openIdCookieName(place: CookiePlace): string {
  return `${isSecure(place) ? '__Host-' : ''}cairn_openid_${place.port}`
}

function cookieName(place: CookiePlace): string {
  return `${isSecure(place) ? '__Host-' : ''}cairn_session_${place.port}`
}

function isSecure({ ownOrigin }: CookiePlace): boolean {
  return ownOrigin.startsWith('https:')
}

function findCookie(header: string, name: string): string | null {
  for (const part of header.split(';')) {
    const equals = part.indexOf('=')
    if (equals > 0 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim() || null
  }
  return null
}
