/**
 * Finds the row of the route table for a path. Segments are compared as they came and a parameter is decoded once, so
 * that no encoding reaches a route that its plain form would not.
 */
import { fail } from '../base/index.ts'
import type { Method, Route } from './route.ts'

export type Match =
  | { readonly kind: 'route'; readonly route: Route; readonly params: Record<string, string> }
  | { readonly kind: 'wrong-method'; readonly path: string; readonly allow: readonly string[] }
  | { readonly kind: 'none' }

export interface Router {
  /** Throws `request.invalid` for a parameter that cannot be one. */
  match(method: string, pathname: string): Match
}

interface Place {
  readonly path: string
  readonly segments: readonly string[]
  readonly routes: Map<Method, Route>
}

export function createRouter(routes: readonly Route[]): Router {
  const places = new Map<string, Place>()
  for (const route of routes) {
    const place = places.get(route.path) ?? { path: route.path, segments: route.path.split('/'), routes: new Map() }
    place.routes.set(route.method, route)
    places.set(route.path, place)
  }
  // A rest parameter matches most, so it is tried last.
  const withParams = [...places.values()]
    .filter(({ path }) => /[:*]/.test(path))
    .sort((a, b) => Number(a.path.includes('*')) - Number(b.path.includes('*')))

  return {
    match(method, pathname) {
      const segments = pathname.split('/')
      const exact = /[:*]/.test(pathname) ? undefined : places.get(pathname)
      const place = exact ?? withParams.find((candidate) => fits(candidate.segments, segments))
      if (!place) return { kind: 'none' }
      const route = place.routes.get((method === 'HEAD' ? 'GET' : method) as Method)
      if (!route) return { kind: 'wrong-method', path: place.path, allow: allowOf(place) }
      return { kind: 'route', route, params: readParams(place.segments, segments) }
    },
  }
}

function allowOf({ routes }: Place): string[] {
  const methods: string[] = [...routes.keys()]
  if (routes.has('GET')) methods.push('HEAD')
  return [...methods, 'OPTIONS'].sort()
}

function fits(template: readonly string[], segments: readonly string[]): boolean {
  const hasRest = template.at(-1)?.startsWith('*') ?? false
  if (hasRest ? segments.length < template.length : segments.length !== template.length) return false
  return template.every((part, i) =>
    part.startsWith(':') ? segments[i] !== '' : part.startsWith('*') || part === segments[i],
  )
}

function readParams(template: readonly string[], segments: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {}
  template.forEach((part, i) => {
    if (part.startsWith(':')) params[part.slice(1)] = decodeId(segments[i] ?? '', part.slice(1))
    else if (part.startsWith('*')) params[part.slice(1)] = decodePath(segments.slice(i).join('/'), part.slice(1))
  })
  return params
}

const maxIdChars = 200
const maxPathChars = 4_096

function decodeId(raw: string, param: string): string {
  const id = decodeOnce(raw, maxIdChars, param)
  if (id === '' || id === '.' || id === '..' || id.includes('/'))
    fail('request.invalid', { param, message: `The “${param}” in the address is not an id.` })
  return id
}

/** A path inside a vault: no way up, no empty part, no other system's separator. */
function decodePath(raw: string, param: string): string {
  const path = decodeOnce(raw, maxPathChars, param)
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    fail('request.invalid', { param, message: 'A note’s path has no empty parts and no “.” or “..”.' })
  }
  return path
}

function decodeOnce(raw: string, maxChars: number, param: string): string {
  // Encoded in UTF-8 a UTF-16 unit takes at most nine characters.
  if (raw.length > maxChars * 9)
    fail('request.invalid', { param, message: `The “${param}” in the address is longer than ${maxChars} characters.` })
  let text: string
  try {
    text = decodeURIComponent(raw).normalize('NFC')
  } catch {
    return fail('request.invalid', {
      param,
      message: `The “${param}” in the address is not UTF-8 in percent-encoding.`,
    })
  }
  if (text.length > maxChars)
    fail('request.invalid', { param, message: `The “${param}” in the address is longer than ${maxChars} characters.` })
  if (text.includes('\0') || text.includes('\\'))
    fail('request.invalid', { param, message: `The “${param}” in the address may not hold NUL or a backslash.` })
  return text
}
