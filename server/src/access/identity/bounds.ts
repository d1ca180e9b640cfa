/**
 * Bounds of keys, and when one stays within another. This is the check when a key is made; when a key is used every key
 * of its chain is judged by itself, so that nothing here needs to be complete to be safe.
 */
import { keyBoundSchema, type KeyBound } from '@cairn/contract'

/** Null is no bound. */
export type Bound = KeyBound | null

/**
 * Whether all that `inner` allows is allowed by `outer`: its actions are among the outer ones, each of its scopes lies in
 * one of the outer scopes, and it has at least the outer conditions.
 */
export function isWithin(inner: Bound, outer: Bound): boolean {
  if (outer === null) return true
  if (inner === null) return false
  const conditions = new Set((inner.when ?? []).map(canonical))
  return (
    inner.actions.every((action) => outer.actions.includes(action)) &&
    inner.scopes.every((scope) => outer.scopes.some((wider) => coversScope(wider, scope))) &&
    (outer.when ?? []).every((condition) => conditions.has(canonical(condition)))
  )
}

/** Without knowing the tree: a scope covers itself, and by its spelling what lies below it in the same vault. */
function coversScope(wider: string, scope: string): boolean {
  if (wider === scope) return true
  const [outer, inner] = [splitScope(wider), splitScope(scope)]
  if (outer.kind === 'org') return true
  if (inner.kind === 'model' || inner.kind === 'cache') return wider === `${inner.kind}:*`
  if (inner.kind !== 'folder' && inner.kind !== 'note') return false
  if (!isCanonicalPath(inner.id)) return false
  return (outer.kind === 'vault' || outer.kind === 'folder') && inner.id.startsWith(`${outer.id}/`)
}

function splitScope(scope: string): { kind: string; id: string } {
  const at = scope.indexOf(':')
  return { kind: scope.slice(0, at), id: scope.slice(at + 1) }
}

function isCanonicalPath(path: string): boolean {
  return path === path.normalize('NFC') && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}

function canonical(condition: NonNullable<KeyBound['when']>[number]): string {
  return JSON.stringify(condition)
}

/** What is stored and cannot be read bounds everything away. */
const nothing: KeyBound = { actions: [], scopes: [] }

export function parseBound(text: unknown): Bound {
  if (typeof text !== 'string') return null
  try {
    return keyBoundSchema.safeParse(JSON.parse(text)).data ?? nothing
  } catch {
    return nothing
  }
}
