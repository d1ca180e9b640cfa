/**
 * Scopes: the words in which an entry says what it depends on and an invalidation says what has changed. Outside the
 * process only their keyed hashes are seen, so that neither Redis nor a file of the cache tells the name of a note.
 */
import { createHmac } from 'node:crypto'
import { CairnError, quote } from '../base/index.ts'

/**
 * `*`, `ns:NAME`, `prefix:NAME/…`, `tag:TAG`, `key:NAME/KEY`, `vault:ID`, `note:VAULT/PATH`, `model:ID`,
 * `template:ID`. Internal kinds: `index:VAULT` (an index version was published).
 */
export type InvalidationScope = string

/** 96 bits of HMAC-SHA-256 in URL-safe base 64: 16 characters. */
export type ScopeId = string

export const scopeKinds = ['ns', 'prefix', 'tag', 'key', 'vault', 'note', 'model', 'template'] as const

export const mostScopes = 1_000
export const longestScope = 1_024

/** Throws `request.invalid` naming the field. Normalises to NFC, as paths of notes are. */
export function parseScope(text: string, param: string): InvalidationScope {
  const scope = text.normalize('NFC')
  if (scope === '*') return scope
  const kind = scope.slice(0, Math.max(0, scope.indexOf(':')))
  const rest = scope.slice(kind.length + 1)
  const isKnown = (scopeKinds as readonly string[]).includes(kind)
  const needsPath = kind === 'prefix' || kind === 'key' || kind === 'note'
  if (scope.length <= longestScope && isKnown && rest !== '' && (!needsPath || /^[^/]+\/./u.test(rest))) return scope
  const known = `*, ${scopeKinds.map((each) => `${each}:…`).join(', ')}`
  const wrong =
    scope.length > longestScope
      ? `longer than ${longestScope} characters`
      : `not a scope: ${quote(scope)}. Scopes are ${known}`
  throw new CairnError('request.invalid', { message: `${param} is ${wrong}.`, param })
}

/**
 * Turns scopes into ids. Those of late are remembered, since a hash costs more than a memory hit: in two halves, so that
 * a full memory forgets what was not asked for of late and not everything.
 */
export function createScopeNamer(key: Uint8Array): (scope: InvalidationScope) => ScopeId {
  let young = new Map<InvalidationScope, ScopeId>()
  let old = new Map<InvalidationScope, ScopeId>()
  return (scope) => {
    const known = young.get(scope)
    if (known !== undefined) return known
    const id = old.get(scope) ?? createHmac('sha256', key).update(scope).digest('base64url').slice(0, 16)
    if (young.size >= mostRemembered / 2) {
      old = young
      young = new Map()
    }
    young.set(scope, id)
    return id
  }
}

const mostRemembered = 40_000

/** The scopes that every entry of a key has: all, its namespace, each prefix, itself. */
export function scopesOfKey(namespace: string, key: string): InvalidationScope[] {
  const scopes = ['*', `ns:${namespace}`]
  for (let at = key.indexOf('/'); at >= 0; at = key.indexOf('/', at + 1))
    scopes.push(`prefix:${namespace}/${key.slice(0, at)}`)
  scopes.push(`key:${namespace}/${key}`)
  return scopes
}
