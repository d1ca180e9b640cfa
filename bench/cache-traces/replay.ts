/** Runs a trace once through Cairn's memory tier, as the server makes it, and through the policies it is measured by. */
import { createMemoryTier } from '../../server/src/cache/memory/memory-tier.ts'
import { createLirs, createTinyLfu, markOptimalHits } from './peers-frequency.ts'
import { createArc, createLru, createS3Fifo, createSieve, type PolicyFactory } from './peers.ts'
import type { Trace } from './readers.ts'

export const peers: Readonly<Record<string, PolicyFactory>> = {
  lru: createLru,
  's3-fifo': createS3Fifo,
  sieve: createSieve,
  arc: createArc,
  lirs: createLirs,
  'w-tinylfu': (maxBytes, keyCount) => createTinyLfu(maxBytes, keyCount, { climbs: false }),
  'w-tinylfu climbing': (maxBytes, keyCount) => createTinyLfu(maxBytes, keyCount, { climbs: true }),
}

/** What an object is taken to weigh where the trace does not say: about a page of answer or a vector of 1,024. */
export const unitBytes = 4_096

export interface CairnReplay {
  readonly hits: Uint8Array
  readonly entries: number
  readonly mostBytes: number
  /** The policies in the order in which they came into force, with the request at which they did. */
  readonly policies: readonly { readonly name: string; readonly at: number }[]
}

/** One byte for each request, 1 for a hit, so that phases can be told apart. */
export function replayPeer(create: PolicyFactory, trace: Trace, maxBytes: number): Uint8Array {
  const policy = create(maxBytes, trace.keyCount)
  return trace.ids.length === 0
    ? new Uint8Array()
    : Uint8Array.from(trace.ids, (id, at) => (policy.access(id, trace.sizes?.[at] ?? unitBytes) ? 1 : 0))
}

export function replayCairn(trace: Trace, maxBytes: number): CairnReplay {
  const names = Array.from({ length: trace.keyCount }, (_, id) => String(id))
  const tier = createMemoryTier<number>({ maxBytes })
  const hits = new Uint8Array(trace.ids.length)
  const policies = [{ name: tier.policy, at: 0 }]
  let mostBytes = 0
  let switches = 0
  for (let at = 0; at < hits.length; at++) {
    const id = trace.ids[at] ?? 0
    const name = names[id] ?? ''
    if (tier.get(name) !== undefined) hits[at] = 1
    else tier.set(name, id, trace.sizes?.[at] ?? unitBytes)
    mostBytes = Math.max(mostBytes, tier.bytes)
    if (tier.switches === switches) continue
    switches = tier.switches
    policies.push({ name: tier.policy, at })
  }
  return { hits, entries: tier.entries, mostBytes, policies }
}

export function replayOptimum(trace: Trace, maxBytes: number): Uint8Array {
  return markOptimalHits(trace, unitBytes, maxBytes)
}

/** In percent, over the requests from `start` to before `end`. */
export function ratioOf(hits: Uint8Array, start = 0, end = hits.length): number {
  let sum = 0
  for (let at = start; at < end; at++) sum += hits[at] ?? 0
  return (100 * sum) / Math.max(1, end - start)
}
