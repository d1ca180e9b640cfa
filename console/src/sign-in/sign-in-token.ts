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

/** Takes the token out of the address, so that neither history, nor a bookmark, nor a glance gives it away. */
export function takeSignInToken(): string | null {
  if (!location.hash.startsWith('#sign-in=')) return null
  const token = parseSignInToken(location.hash)
  history.replaceState(null, '', `${location.pathname}#/ask`)
  return token ?? ''
}
