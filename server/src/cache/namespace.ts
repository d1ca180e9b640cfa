/** A namespace: the doors that callers use, and the fast path of a hit in memory, which waits for nothing. */
import type { Clock } from '../base/index.ts'
import { scopesOfKey, type InvalidationScope, type ScopeId } from './scopes.ts'
import { completePolicy, describeStaleness } from './policy.ts'
import type { Reader, ReadRequest, ReadResult } from './read.ts'
import type { ReadCounts } from './statistics.ts'
import type { CacheOutcome, CachePolicy, Fill, LiveFill, Namespace, RecordOutcome, ReuseOptions } from './types.ts'

export interface NamespaceOptions {
  readonly name: string
  readonly policy: CachePolicy
  readonly reader: Reader
  readonly clock: Clock
  readonly counts: ReadCounts
  readonly nameScope: (scope: InvalidationScope) => ScopeId
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function openNamespace<T>({ name, policy, reader, clock, counts, nameScope }: NamespaceOptions): Namespace<T> {
  const prefix = `${name}/`
  const space = reader.openSpace(prefix)
  const usualStaleness = describeStaleness(policy)
  if (policy.consistency === 'bounded') reader.useStale(policy.maxStaleMs)

  function prepare(
    key: string,
    make: ReadRequest['make'],
    {
      options,
      effective,
      isOffDisk,
    }: { options: ReuseOptions | undefined; effective: CachePolicy; isOffDisk: boolean },
  ): ReadRequest {
    if (effective !== policy && effective.consistency === 'bounded') reader.useStale(effective.maxStaleMs)
    return {
      isOffDisk,
      key: prefix + key,
      space,
      rest: key,
      scopes: [...scopesOfKey(name, key), ...(options?.scopes ?? [])].map(nameScope),
      policy: effective,
      staleness: effective === policy ? usualStaleness : describeStaleness(effective),
      signal: options?.signal,
      make,
      counts,
    }
  }

  function hit(key: string): CacheOutcome<T> | undefined {
    const now = clock.monotonic()
    const entry = reader.verify(space.get(key), now)
    if (entry === undefined) return undefined
    counts.hits.memory++
    counts.savedMicroUsd += entry.priceMicroUsd
    return { value: entry.value as T, status: 'hit', tier: 'memory', ageMs: Math.max(0, now - entry.madeAt) }
  }

  const usesMemory = (options: ReuseOptions | undefined) => (options?.policy?.tiers ?? policy.tiers).includes('memory')

  /** Memory has nothing to serve: the disk, at once, and then whatever takes longer. */
  async function readOn(
    key: string,
    options: ReuseOptions | undefined,
    make: ReadRequest['make'],
  ): Promise<ReadResult> {
    const effective = options?.policy ? completePolicy(policy, options.policy) : policy
    const entry = reader.freshOnDisk({ key: prefix + key, space, rest: key, policy: effective })
    if (!entry) return reader.read(prepare(key, make, { options, effective, isOffDisk: entry === null }))
    counts.hits.disk++
    counts.savedMicroUsd += entry.priceMicroUsd
    const { value, header } = entry
    const ageMs = Math.max(0, clock.monotonic() - entry.madeAt)
    return { kind: 'value', value, status: 'hit', tier: 'disk', ageMs, entry, scopes: header.scopes, fillTick: null }
  }

  return {
    name,
    peek(key) {
      const entry = reader.verify(space.get(key), clock.monotonic())
      if (entry === undefined) return undefined
      counts.hits.memory++
      counts.savedMicroUsd += entry.priceMicroUsd
      return entry.value as T
    },
    reuse(key, fill, options) {
      const known = usesMemory(options) ? hit(key) : undefined
      if (known) return Promise.resolve(known)
      return readOn(key, options, async (given) => ({ kind: 'value', value: await fill(given) })).then((result) =>
        toOutcome<T>(result),
      )
    },
    async record<L>(key: string, fill: (given: Fill) => Promise<LiveFill<T, L>>, options?: ReuseOptions) {
      const known = usesMemory(options) ? hit(key) : undefined
      if (known) return { kind: 'stored' as const, ...known }
      const result = await readOn(key, options, async (given) => ({ kind: 'live', ...(await fill(given)) }))
      if (result.kind === 'value') return { kind: 'stored' as const, ...toOutcome<T>(result) }
      const live = result.live as L
      return { kind: 'live', live, status: 'miss', tier: null, joined: result.joined } satisfies RecordOutcome<T, L>
    },
  }
}

function toOutcome<T>(result: ReadResult): CacheOutcome<T> {
  if (result.kind !== 'value') throw new Error('a key is used for values and for live values')
  const { value, status, tier, ageMs } = result
  return { value: value as T, status, tier, ageMs }
}
