/**
 * Whose pages and host names are ours. A name in the Host header that is not ours is refused (DNS rebinding), and a
 * page of another origin cannot use the session cookie.
 */

/** The server's origin under the name the request used, or null when it is not a name of ours. */
export function findOwnOrigin(
  host: string | null,
  { port, publicUrl, isTls }: { port: number; publicUrl: string | undefined; isTls: boolean },
): string | null {
  if (host === null) return null
  const name = host.toLowerCase()
  if (publicUrl !== undefined) {
    const publicAddress = new URL(publicUrl)
    if (name === publicAddress.host) return publicAddress.origin
  }
  const match = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::(\d{1,5}))?$/.exec(name)
  if (!match || Number(match[2] ?? (isTls ? 443 : 80)) !== port) return null
  return `${isTls ? 'https' : 'http'}://${name}`
}

/** Whether the Host header names the address that others use. */
export function isPublicName(host: string | null, publicUrl: string | undefined): boolean {
  return host !== null && publicUrl !== undefined && host.toLowerCase() === new URL(publicUrl).host
}

/**
 * Whether the browser says that one of our own pages, or the user, made this request. Without `Sec-Fetch-Site` (no
 * browser, or a page without TLS on another machine) only an Origin of ours counts.
 */
export function isSameOrigin(headers: Headers, ownOrigin: string): boolean {
  const origin = headers.get('origin')
  if (origin !== null && origin !== ownOrigin) return false
  const site = headers.get('sec-fetch-site')
  return site === null ? origin !== null : site === 'same-origin' || site === 'none'
}

/** Whether the browser says that a page of another origin made this request. */
export function isCrossOrigin(headers: Headers, ownOrigin: string): boolean {
  const origin = headers.get('origin')
  const site = headers.get('sec-fetch-site')
  return (origin !== null && origin !== ownOrigin) || site === 'cross-site' || site === 'same-site'
}

/**
 * Who is at the other end: the address of the connection, or, where that is a proxy of ours, the last one of
 * `X-Forwarded-For` that is none of ours. What a client wrote there itself stands further left, and is not believed.
 */
export function findClientAddress(remoteAddress: string, headers: Headers, proxies: readonly string[]): string {
  const isProxy = (address: string) => proxies.includes(address.replace(/^::ffff:/, ''))
  if (!isProxy(remoteAddress)) return remoteAddress
  const named = (headers.get('x-forwarded-for') ?? '').split(',').map((part) => part.trim())
  return named.findLast((address) => address !== '' && !isProxy(address))?.slice(0, 64) ?? remoteAddress
}

/** Whether the connection comes from this machine or from a proxy of ours. Without proxies everybody may connect. */
export function isExpectedPeer(remoteAddress: string, proxies: readonly string[]): boolean {
  return (
    proxies.length === 0 || isLoopbackAddress(remoteAddress) || proxies.includes(remoteAddress.replace(/^::ffff:/, ''))
  )
}

export function isLoopbackAddress(address: string): boolean {
  return /^(?:::ffff:)?127\./.test(address) || address === '::1'
}
