/**
 * What makes two requests in the OpenAI dialect the same: every field counts, known or not, unless it is in the table
 * of ignorable ones. The partition is the caller’s by default and never what a request says: `user`, `metadata`,
 * `prompt_cache_key` and the like are fields as any other, and can only keep replies apart.
 */
import type { ChatRequest } from '@cairn/contract'
import { cacheKey, type CacheKey, type CachePartition } from '../cache/index.ts'
import type { Candidates, Deployment } from '../routing/index.ts'
import type { PipelineCaches } from './caches.ts'
import { canonicalJson } from './canonical-json.ts'
import { catalogueVersion } from './catalogue.ts'

/** Fields of the request that do not count, each with the reason. */
const ignorable: Readonly<Record<string, string>> = {
  stream_options: 'usage is asked of the provider for every stream, and left out again for who did not ask',
}

/**
 * Whether a chat reply may be given again. `repeatable` leaves out what asks for variety; somebody who sends
 * `temperature: 0.7` and asks again wants another reply, unless a `seed` says that it should be the same. `store`
 * has the provider keep the reply, which a reply from here would not.
 */
export function isCacheable(request: ChatRequest, { chat }: PipelineCaches['settings']): boolean {
  const { temperature, seed, n, store, stream_options: options } = request
  if (chat === 'off' || store === true || Object.keys(options ?? {}).some((name) => name !== 'include_usage'))
    return false
  const isSampled = typeof temperature === 'number' && temperature > 0 && (seed === undefined || seed === null)
  return chat === 'all' || !(isSampled || (typeof n === 'number' && n > 1))
}

/** Whether the caller bounded the length of the reply, so that it may end there. */
export function isBounded({ max_tokens: most, max_completion_tokens: mostCompleted }: ChatRequest): boolean {
  return typeof most === 'number' || typeof mostCompleted === 'number'
}

interface KeyParts {
  readonly partition: CachePartition
  readonly candidates: Candidates
  /** Those of them that may answer this request. */
  readonly allowed: readonly Deployment[]
  readonly caches: PipelineCaches
}

/**
 * The key of a request. The models that could answer are part of it, and whether the asked name is
 * the provider’s own, since the reply repeats it. A streamed reply and one in JSON cannot be made of each other byte by
 * byte, so `stream` counts.
 */
export function keyOfRequest(
  kind: 'chat' | 'embedding',
  body: Uint8Array,
  { partition, candidates, allowed, caches }: KeyParts,
): CacheKey {
  return cacheKey(partition, [
    kind,
    caches.settings.deploymentId,
    candidates.asked,
    candidates.exact,
    catalogueVersion(allowed),
    canonicalJson(decoder.decode(body), new Set(Object.keys(ignorable))),
  ])
}

const decoder = new TextDecoder()
