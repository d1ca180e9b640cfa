/** A reply in JSON, from the cache or from a provider; the same for chat and for embeddings. */
import type { CacheKey, CachePartition, Fill, KeyedNamespace } from '../cache/index.ts'
import type { Deployment, Executed, JsonReply, KeptPart, Usage } from '../routing/index.ts'
import { mayKnowTier, microUsd, reuse, type StoredReply } from './caches.ts'
import { scopesOfModel } from './catalogue.ts'
import { answererOf, costOf, type CallRecord, type Provenance } from './gateway-reply.ts'
import type { Metered } from './metered.ts'
import type { Call } from './types.ts'

export interface JsonAsking {
  readonly call: Call
  readonly record: CallRecord
  readonly metered: Metered
  /** Null: it is made for this call and not kept. */
  readonly namespace: KeyedNamespace<StoredReply> | null
  readonly partition: CachePartition
  readonly key: () => CacheKey
  /** The model that is asked first. */
  readonly first: Deployment | undefined
  execute(signal: AbortSignal): Promise<Executed<JsonReply>>
  /** The reply as it is kept, or null when it is not to be. */
  keep(body: Uint8Array): KeptPart[] | null
  /** The text of a kept reply. */
  give(parts: readonly KeptPart[]): string
}

/** A reply in JSON, whoever had it made. */
export interface JsonHeard extends Provenance {
  readonly body: Uint8Array | string
  readonly usage: Usage
  readonly costUsd: number | null
}

/** How long a call waits for the same one of another process. */
const waitForOthersMs = 5_000

/** Throws what the providers throw. */
export async function findJson(asking: JsonAsking): Promise<JsonHeard> {
  const { call, record, namespace, partition, first } = asking
  let own: Executed<JsonReply> | undefined
  const make = async (fill: Fill): Promise<StoredReply> => {
    own = await asking.execute(fill.signal)
    return store(own, asking, fill)
  }
  const scopes = [...(first ? scopesOfModel(first) : []), ...(partition.scope === null ? [] : [partition.scope])]
  const options = { scopes, signal: call.signal, policy: { waitForOthersMs } }
  const found = await reuse(namespace, asking.key, make, options)
  const tier = mayKnowTier(call.principal, partition.isShared) ? found.tier : null
  const cache = { status: found.status, tier }
  if (own) {
    const { value, deployment, attempts } = own
    const costUsd = costOf(deployment, value.usage)
    return { by: answererOf(deployment), attempts, cache, isOwn: true, body: value.body, usage: value.usage, costUsd }
  }
  const { by, usage, costUsd, pieces } = found.value
  record.answered(by)
  asking.metered.hit(by, usage, costUsd)
  return { by, attempts: [], cache, isOwn: false, body: asking.give(pieces.flat()), usage, costUsd }
}

function store({ value, deployment }: Executed<JsonReply>, { namespace, keep }: JsonAsking, fill: Fill): StoredReply {
  const { body, usage } = value
  const costUsd = costOf(deployment, usage)
  const told = { by: answererOf(deployment), usage, costUsd, ending: '' }
  if (namespace === null) return { ...told, pieces: [] }
  fill.addScopes(scopesOfModel(deployment))
  fill.price(microUsd(costUsd))
  const parts = keep(body)
  if (parts !== null) return { ...told, pieces: [parts] }
  fill.noStore()
  return { ...told, pieces: [[decoder.decode(body)]] }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
