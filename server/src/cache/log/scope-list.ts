/** Scope ids have one length, so a list of them is stored as one text without separators. */
import type { ScopeId } from '../scopes.ts'

export const scopeIdChars = 16

export function joinScopes(scopes: readonly ScopeId[]): string {
  return scopes.join('')
}

export function splitScopes(joined: string): ScopeId[] {
  const scopes: ScopeId[] = []
  for (let at = 0; at < joined.length; at += scopeIdChars) scopes.push(joined.slice(at, at + scopeIdChars))
  return scopes
}
