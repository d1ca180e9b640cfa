/**
 * A streamed chat reply, from the cache or from a provider. It is told to all who asked for it while it is recorded,
 * and kept when it ended well: given again, it is cut into the same pieces, with an id and a time of its own, and with
 * usage once, at its end, for who asked for that.
 */
import type { CacheKey, CachePartition, Fill, KeyedNamespace, LiveFill } from '../cache/index.ts'
import { giveAgain, keepStream } from '../routing/index.ts'
import type { Deployment, Executed, OneReply, StreamPiece, Usage } from '../routing/index.ts'
import { maxRecordedBytes, mayKnowTier, microUsd, record, type StoredReply } from './caches.ts'
import { scopesOfModel } from './catalogue.ts'
import { followFill } from './follow-fill.ts'
import { answererOf, costOf, type CallRecord, type Provenance } from './gateway-reply.ts'
import type { Metered, MeteredStream } from './metered.ts'
import { recordSource, type Reader, type Recording } from './recording.ts'
import type { Call } from './types.ts'

export interface StreamAsking {
  readonly call: Call
  readonly record: CallRecord
  readonly metered: Metered
  /** Null: it is made for this call and not kept. */
  readonly namespace: KeyedNamespace<StoredReply> | null
  readonly partition: CachePartition
  readonly key: () => CacheKey
  /** The model that is asked first. */
  readonly first: Deployment | undefined
  readonly isBounded: boolean
  execute(signal: AbortSignal): Promise<Executed<MeteredStream>>
  /** What is this client’s own of a reply that is given again. */
  one(): OneReply
  readonly withUsage: boolean
}

/** A streamed reply as one client hears it, whoever had it made. */
export interface StreamHeard extends Provenance {
  /** Whole frames; ends with the one that ends the stream. */
  readonly frames: Reader<Uint8Array, Uint8Array>
  /** As far as the provider has told it. */
  usage(): Usage
  costUsd(): number | null
}

interface LiveChat {
  readonly executed: Executed<MeteredStream>
  readonly recording: Recording<StreamPiece, Uint8Array>
}

/** Throws what the providers throw before the first content. */
export async function findStream(asking: StreamAsking): Promise<StreamHeard> {
  const { call, namespace, partition, first, withUsage } = asking
  const scopes = [...(first ? scopesOfModel(first) : []), ...(partition.scope === null ? [] : [partition.scope])]
  const options = { scopes, signal: call.signal }
  let isOwn = false
  const makeOwn = (fill: Fill) => {
    isOwn = true
    return make(asking, fill)
  }
  const found = await record(namespace, asking.key, makeOwn, options)
  if (found.kind === 'stored') {
    const { by, usage, costUsd } = found.value
    asking.record.answered(by)
    asking.metered.hit(by, usage, costUsd)
    const tier = mayKnowTier(call.principal, partition.isShared) ? found.tier : null
    const told = { by, attempts: [], cache: { status: found.status, tier }, isOwn: false }
    return { ...told, frames: replay(found.value, asking.one()), usage: () => usage, costUsd: () => costUsd }
  }
  const { live, status, tier } = found
  const { value: stream, deployment, attempts } = live.executed
  const reader = live.recording.open(call.signal)
  call.signal.throwIfAborted()
  // It has just broken off, or has become too long for another listener.
  if (reader === null) return findStream({ ...asking, namespace: null })
  if (!isOwn) asking.record.answered(answererOf(deployment))
  // What another caller’s stream comes to is known when it has ended.
  const hit = () => asking.metered.hit(answererOf(deployment), stream.usage(), costOf(deployment, stream.usage()))
  if (!isOwn) void stream.settled.then(hit)
  return {
    by: answererOf(deployment),
    attempts: isOwn ? attempts : [],
    cache: { status, tier },
    isOwn,
    frames: { leave: reader.leave, next: () => nextFrames(reader, withUsage) },
    usage: stream.usage,
    costUsd: () => costOf(deployment, stream.usage()),
  }
}

async function make(asking: StreamAsking, fill: Fill): Promise<LiveFill<StoredReply, LiveChat>> {
  const upstream = followFill(fill)
  const executed = await asking.execute(upstream.signal)
  upstream.detach()
  const { value: stream, deployment } = executed
  fill.addScopes(scopesOfModel(deployment))
  const recording = recordSource<StreamPiece, Uint8Array>(
    {
      async next() {
        const piece = await stream.read()
        return piece ? { done: false, value: piece } : { done: true, value: stream.ending() }
      },
      cancel() {
        upstream.abort()
        stream.cancel()
      },
    },
    { sizeOf: ({ bytes }) => bytes.length, maxBytes: asking.namespace === null ? 0 : maxRecordedBytes },
  )
  const whole = recording.whole.then((told): StoredReply | null => {
    const kept =
      told &&
      keepStream(
        told.pieces.map(({ bytes }) => bytes),
        told.end,
        asking,
      )
    if (kept === null) return null
    const usage = stream.usage()
    const costUsd = costOf(deployment, usage)
    fill.price(microUsd(costUsd))
    return { by: answererOf(deployment), usage, costUsd, ...kept }
  })
  return { live: { executed, recording }, whole }
}

/** The next frames for this client; a frame that only tells usage is nothing to one that did not ask for it. */
async function nextFrames(
  reader: Reader<StreamPiece, Uint8Array>,
  withUsage: boolean,
): Promise<IteratorResult<Uint8Array, Uint8Array>> {
  for (;;) {
    const step = await reader.next()
    if (step.done === true) return step
    const value = withUsage ? step.value.bytes : step.value.withoutUsage
    if (value.length > 0) return { done: false, value }
  }
}

const encoder = new TextEncoder()

function replay({ pieces, ending }: StoredReply, one: OneReply): Reader<Uint8Array, Uint8Array> {
  let at = 0
  return {
    leave() {},
    async next() {
      while (at < pieces.length) {
        const text = giveAgain(pieces[at++] ?? [], one)
        if (text !== '') return { done: false, value: encoder.encode(text) }
      }
      return { done: true, value: encoder.encode(ending) }
    },
  }
}
