/** The server's address as a person writes it, and whether this device may use it. Pure. */

export type ServerAddress =
  | {
      readonly ok: true
      /** Scheme, host and port, without a slash at the end. */
      readonly origin: string
      readonly isLoopback: boolean
      readonly isEncrypted: boolean
    }
  | { readonly ok: false; readonly message: string }

/**
 * Takes `localhost:8484`, `https://cairn.example` and an address copied from the browser with what follows the host.
 * Without a scheme a loopback name is plain and every other one encrypted.
 */
export function parseServerAddress(text: string): ServerAddress {
  const written = text.trim()
  const refuse = (message: string): ServerAddress => ({ ok: false, message })
  if (written === '') return refuse('Give the address of your server, such as http://127.0.0.1:8484.')
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(written)?.[1]?.toLowerCase()
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https')
    return refuse('Give an address that begins with http:// or https://.')
  const rest = written.replace(/^[a-z]+:\/\//i, '')
  const url = tryParseUrl(`https://${rest}`)
  if (url === null || url.hostname === '')
    return refuse('This is no address. Give one such as http://127.0.0.1:8484 or https://cairn.example.')
  if (url.username !== '' || url.password !== '')
    return refuse('Leave the name and password out of the address; a key is made by pairing.')
  const isLoopback = isLoopbackHost(url.hostname)
  const isEncrypted = scheme === undefined ? !isLoopback : scheme === 'https'
  // Once more, since a port that is usual for one scheme is not for the other.
  const { host } = new URL(`${isEncrypted ? 'https' : 'http'}://${rest}`)
  return { ok: true, origin: `${isEncrypted ? 'https' : 'http'}://${host}`, isLoopback, isEncrypted }
}

/** `URL.parse` is missing in web views of iOS before 18. */
function tryParseUrl(text: string): URL | null {
  try {
    return new URL(text)
  } catch {
    return null
  }
}

/** Names and addresses that never leave this device. RFC 6761 section 6.3, RFC 1122 section 3.2.1.3, RFC 4291. */
function isLoopbackHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase()
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

/** Why this device does not use an address although it is one; null when it does. */
export function judgeAddress(
  address: Extract<ServerAddress, { ok: true }>,
  device: { readonly isMobile: boolean; readonly allowPlainHttp: boolean },
): string | null {
  if (address.isEncrypted || address.isLoopback) return null
  if (device.isMobile)
    return 'Phones and tablets open only encrypted addresses. Give the server a certificate and use its https:// address.'
  return device.allowPlainHttp
    ? null
    : 'Everyone on the network between could read your questions and the key. Use an https:// address, or allow it below.'
}
