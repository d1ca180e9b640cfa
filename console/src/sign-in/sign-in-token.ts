/** The one-time token of a sign-in link: where it hides, and how it leaves the address bar at once. */

/** The token in a link (`http://…/#sign-in=TOKEN`), a fragment, or by itself; null when there is none. */
export function parseSignInToken(text: string): string | null {
  const trimmed = text.trim()
  const fragment = /#sign-in=([^&\s#]+)/.exec(trimmed)?.[1]
  const token = fragment === undefined ? trimmed : decode(fragment)
  return /^[\w.~+/=-]{20,200}$/.test(token) ? token : null
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The token of a link to set a password, taken out of the address; null when there is none. */
export function takeLinkToken(): string | null {
  const token = /^#set-password=([\w-]{20,200})$/.exec(location.hash)?.[1]
  if (token === undefined) return null
  forgetFragment()
  return token
}

/** The code with which the server sent the browser back from the provider, taken out of the address. */
export function takeFailure(): string | null {
  const code = /^#sign-in-failed=([a-z.-]{1,60})$/.exec(location.hash)?.[1]
  if (code === undefined) return null
  forgetFragment()
  return code
}

function forgetFragment(): void {
  history.replaceState(null, '', `${location.pathname}#/ask`)
}

/** Takes the token out of the address, so that neither history, nor a bookmark, nor a glance gives it away. */
export function takeSignInToken(): string | null {
  if (!location.hash.startsWith('#sign-in=')) return null
  const token = parseSignInToken(location.hash)
  forgetFragment()
  return token ?? ''
}
