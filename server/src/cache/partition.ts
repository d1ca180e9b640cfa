/**
 * Who may share an entry. A key is made of a partition and of what was asked; a partition is made of a principal, or of
 * passages that a principal was just shown to be allowed, and of nothing that a request says. So neither a key without
 * a partition nor a partition that a client names can be written down.
 */
import { hash } from 'node:crypto'
import type { Principal } from '../base/index.ts'
import type { InvalidationScope } from './scopes.ts'
import type { CacheOutcome, Fill, LiveFill, RecordOutcome, ReuseOptions } from './types.ts'

declare const madeHere: unique symbol

/** How far an entry is shared: by one person, by their team, by everybody of this deployment. */
export type Sharing = 'user' | 'team' | 'org'

export interface CachePartition {
  readonly [madeHere]: 'partition'
  readonly name: string
  /** Invalidates everything of the partition's owner; null where it has none. */
  readonly scope: InvalidationScope | null
  /** Whether others than one person may hit what stands here. They are not told whence and when it came. */
  readonly isShared: boolean
}

export type CacheKey = string & { readonly [madeHere]: 'key' }

/** A namespace as the pipeline sees it: only keys with a partition fit. Every `Namespace<T>` is one. */
export interface KeyedNamespace<T> {
  readonly name: string
  reuse(key: CacheKey, fill: (fill: Fill) => Promise<T>, options?: ReuseOptions): Promise<CacheOutcome<T>>
  record<L>(
    key: CacheKey,
    fill: (fill: Fill) => Promise<LiveFill<T, L>>,
    options?: ReuseOptions,
  ): Promise<RecordOutcome<T, L>>
}

/** What tells one passage from every other: a piece of a version of a note. */
export interface PassageIdentity {
  readonly vault: string
  readonly note: string
  readonly version: string
  readonly start: number
  readonly end: number
}

/** A principal's own partition, or the one of those it shares with. A team are those who are in the very same groups. */
export function partitionOf({ id, groups = [] }: Principal, sharing: Sharing): CachePartition {
  const isTeam = sharing === 'team' && groups.length > 0
  const owner = isTeam ? groups.join('\n') : id
  const kind = sharing === 'team' && !isTeam ? 'user' : sharing
  const known = ofPrincipals[kind].get(owner)
  if (known) return known
  const made =
    kind === 'org'
      ? partition({ name: digest(['org']), scope: null, isShared: true })
      : partition({
          name: digest([kind, owner]),
          scope: kind === 'user' ? `tag:user:${id}` : null,
          isShared: kind !== 'user',
        })
  if (ofPrincipals[kind].size < mostRemembered) ofPrincipals[kind].set(owner, made)
  return made
}

/** Every request asks for the one of its principal. */
const ofPrincipals: Record<Sharing, Map<string, CachePartition>> = { user: new Map(), team: new Map(), org: new Map() }
const mostRemembered = 1_000

/**
 * The partition of everybody who may read all of these passages: to be called with what a search under the principal's
 * own filter has just returned, in its order. Throws for no passages, which would be everybody's.
 */
export function partitionOfPassages(passages: readonly PassageIdentity[]): CachePartition {
  if (passages.length === 0) throw new RangeError('a partition of no passages would be shared by all')
  const name = digest([
    'passages',
    ...passages.flatMap(({ vault, note, version, start, end }) => [vault, note, version, start, end]),
  ])
  return partition({ name, scope: null, isShared: true })
}

/** The key of what is told by `parts` within the partition. The same key needs the same parts in the same order. */
export function cacheKey({ name }: CachePartition, parts: readonly KeyPart[]): CacheKey {
  return digest([name, ...parts]) as CacheKey
}

export type KeyPart = string | number | boolean | null

/**
 * SHA-256 in URL-safe base 64. Each part is told with its kind and length, so that no two lists of parts are written
 * alike: `["ab", "c"]` and `["a", "bc"]` differ, and so do `1` and `"1"`. As UTF-16, because in UTF-8 every half of a
 * broken surrogate pair would be the same.
 */
function digest(parts: readonly KeyPart[]): string {
  let told = ''
  for (const part of parts) {
    const text = String(part)
    told += `${part === null ? 'null' : typeof part}:${text.length}:${text}`
  }
  return hash('sha256', Buffer.from(told, 'utf16le'), 'base64url')
}

function partition(parts: Omit<CachePartition, typeof madeHere>): CachePartition {
  return parts as CachePartition
}
