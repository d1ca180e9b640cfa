/**
 * What the pipeline keeps: answers from notes, chat replies, embeddings, search results. Each under keys with a
 * partition, none where it is switched off or the caller wants it made anew.
 */
import type { Config, SearchResult } from '@cairn/contract'
import type { Access } from '../access/index.ts'
import type { Principal } from '../base/index.ts'
import type {
  Cache,
  CacheKey,
  CacheOutcome,
  Fill,
  KeyedNamespace,
  LiveFill,
  RecordOutcome,
  ReuseOptions,
  Sharing,
  Tier,
} from '../cache/index.ts'
import type { KeptPart, Usage } from '../routing/index.ts'
import type { LogPosition } from '../vaults/index.ts'
import type { AnswerEnd } from './draft.ts'
import type { Answerer } from './gateway-reply.ts'
import type { Call } from './types.ts'

export interface CacheSettings extends Omit<Config['cache'], 'memoryBytes' | 'diskBytes'> {
  readonly deploymentId: string
}

export type Ended = AnswerEnd & {
  /** What making it cost; null when that is not known. */
  readonly costUsd: number | null
}

/** A finished answer from notes, as it was told. */
export interface StoredAnswer {
  readonly pieces: readonly string[]
  readonly end: Ended
  readonly by: Answerer
}

/** A reply of a provider, with gaps for what belongs to one reply only. */
export interface StoredReply {
  readonly by: Answerer
  readonly usage: Usage
  readonly costUsd: number | null
  /** One for a reply in JSON, and for a stream those that came, with the frame that ends it. */
  readonly pieces: readonly (readonly KeptPart[])[]
  readonly ending: string
}

export interface PipelineCaches {
  readonly settings: CacheSettings
  readonly answers: KeyedNamespace<StoredAnswer> | null
  readonly chat: KeyedNamespace<StoredReply> | null
  readonly embeddings: KeyedNamespace<StoredReply> | null
  readonly search: KeyedNamespace<readonly SearchResult[]> | null
  /** What was announced of the vaults; null without a cache. */
  readonly log: Pick<Cache, 'epoch' | 'position' | 'newestMark'> | null
}

const allTiers: readonly Tier[] = ['memory', 'disk', 'shared']

/** A larger stream is told and not kept. */
export const maxRecordedBytes = 4 * 1_024 * 1_024

/**
 * Opens the namespaces of the pipeline; without a cache all is made anew. A failure is not kept: the caller who tries
 * again is right to. A stream of another process cannot be joined, so nobody waits for one.
 */
export function openPipelineCaches(cache: Cache | null, settings: CacheSettings): PipelineCaches {
  const { answers, answerTtlMs, chat, chatTtlMs, embeddingTtlMs, searchTtlMs } = settings
  const policy = { negativeTtlMs: 0, waitForOthersMs: 0, maxBytes: 2 * maxRecordedBytes }
  const open = <T>(name: string, ttlMs: number, { isWanted = true, tiers = allTiers } = {}): KeyedNamespace<T> | null =>
    cache !== null && settings.enabled && isWanted && ttlMs > 0
      ? cache.namespace<T>(name, { ...policy, ttlMs, tiers })
      : null
  return {
    settings,
    answers: open('answers', answerTtlMs, { isWanted: answers !== 'off' }),
    chat: open('chat', chatTtlMs, { isWanted: chat !== 'off' }),
    embeddings: open('embeddings', embeddingTtlMs),
    // A search costs less than a look at the shared tier, and how it ranks may be another after a restart.
    search: open('search', searchTtlMs, { tiers: ['memory'] }),
    log: cache,
  }
}

/** The namespace, unless this call wants its answer made anew and not kept. */
export function forCall<T>(namespace: KeyedNamespace<T> | null, { cache }: Call): KeyedNamespace<T> | null {
  return cache === 'bypass' ? null : namespace
}

interface CallOptions extends ReuseOptions {
  readonly signal: AbortSignal
}

/** `reuse` of the namespace; without one `fill` is called. */
export async function reuse<T>(
  namespace: KeyedNamespace<T> | null,
  key: () => CacheKey,
  fill: (fill: Fill) => Promise<T>,
  options: CallOptions,
): Promise<CacheOutcome<T>> {
  if (namespace) return namespace.reuse(key(), fill, options)
  return { value: await fill(unkept(options.signal)), status: 'bypass', tier: null, ageMs: 0 }
}

type Recorded<T, L> =
  | RecordOutcome<T, L>
  | { readonly kind: 'live'; readonly live: L; readonly status: 'bypass'; readonly tier: null }

/** `record` of the namespace; without one `fill` is called. */
export async function record<T, L>(
  namespace: KeyedNamespace<T> | null,
  key: () => CacheKey,
  fill: (fill: Fill) => Promise<LiveFill<T, L>>,
  options: CallOptions,
): Promise<Recorded<T, L>> {
  if (namespace) return namespace.record(key(), fill, options)
  const { live } = await fill(unkept(options.signal))
  return { kind: 'live', live, status: 'bypass', tier: null }
}

/** A fill whose value is not stored, so that nothing said about it matters. */
function unkept(signal: AbortSignal): Fill {
  const ignore = () => {}
  return { signal, asOf: 0, addScopes: ignore, noStore: ignore, sourceSeq: ignore, ttl: ignore, price: ignore }
}

/** Where a shared entry came from shows when somebody asked for it, so only the owner is told. */
export function mayKnowTier({ kind }: Principal, isShared: boolean): boolean {
  return !isShared || kind === 'owner'
}

export function microUsd(usd: number | null): number {
  return Math.round((usd ?? 0) * 1_000_000)
}

/** What the vaults tell their changes to; see `Announce` there. Null when the log could not take it. */
export function createAnnounce(cache: Pick<Cache, 'epoch' | 'invalidate'>) {
  return async (scopes: readonly string[]): Promise<LogPosition | null> => {
    const epoch = cache.epoch()
    const { committed, seq } = await cache.invalidate({ scopes })
    // A position is worth nothing when it is not known in which life of the log it stands.
    return committed && seq !== null && epoch !== '' && epoch === cache.epoch() ? { epoch, seq } : null
  }
}

/**
 * How far this caller’s entries are shared: only who may both be answered from a shared namespace and leave answers in it
 * shares anything. Everybody else has what is theirs.
 */
export function sharingFor(
  principal: Principal,
  namespace: 'chat' | 'answers',
  sharing: Sharing,
  { may }: Pick<Access, 'may'>,
): Sharing {
  const resource = `cache:${namespace}`
  return sharing !== 'user' && may(principal, 'cache.hit', resource) && may(principal, 'cache.fill', resource)
    ? sharing
    : 'user'
}
