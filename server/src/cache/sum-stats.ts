/**
 * The numbers of all server processes of a host as one report. Memory is each process's own, so everything of it is
 * added. Disk and shared tier are one place that all of them use: what is stored there is counted once, what each
 * process did with it is added.
 */
import type { CacheReport, CacheTierState } from '@cairn/contract'
import { invariant } from '../base/index.ts'
import type { CacheStats, HistoryPoint, NamespaceStats, Tier, TierStats } from './types.ts'

/** `all`: one for each process, at least one. */
export function sumStats(all: readonly CacheStats[]): CacheReport {
  const [first] = all
  invariant(first !== undefined, 'cache statistics of at least one process')
  const tiers: readonly Tier[] = ['memory', 'disk', 'shared']
  return {
    nodes: all.map(({ node, log, breaker }) => ({
      node,
      applied: log.applied,
      isLeased: log.isLeased,
      pending: log.pending,
      breaker: breaker.state,
    })),
    tiers: tiers.map((tier) => sumTier(tier, all)),
    namespaces: sumNamespaces(all),
    log: sumLogs(all, first),
    eviction: {
      policy: [...new Set(all.map(({ eviction }) => eviction.policy))].sort().join(', '),
      switches: sum(all, ({ eviction }) => eviction.switches),
    },
    breaker: {
      state:
        (['open', 'half-open'] as const).find((state) => all.some((stats) => stats.breaker.state === state)) ??
        'closed',
      opened: sum(all, ({ breaker }) => breaker.opened),
    },
    inconsistencies: sum(all, ({ inconsistencies }) => inconsistencies),
    history: sumHistories(all),
  }
}

function sum<T>(items: readonly T[], read: (item: T) => number): number {
  return items.reduce((total, item) => total + read(item), 0)
}

function sumTier(tier: Tier, all: readonly CacheStats[]): CacheTierState {
  const parts = all.flatMap((stats) => stats.tiers.filter((part) => part.tier === tier))
  const on = parts.filter(({ state }) => state !== 'off')
  const isCommon = tier !== 'memory'
  const stored = (read: (part: TierStats) => number) => (isCommon ? Math.max(0, ...on.map(read)) : sum(on, read))
  const isBounded = on.length > 0 && on.every(({ maxBytes }) => maxBytes !== null)
  return {
    tier,
    // One process that cannot use it is what somebody must look at.
    state: on.some(({ state }) => state === 'failing') ? 'failing' : on.length > 0 ? 'on' : 'off',
    entries: stored(({ entries }) => entries),
    bytes: stored(({ bytes }) => bytes),
    maxBytes: isBounded ? stored(({ maxBytes }) => maxBytes ?? 0) : null,
    hits: sum(parts, ({ hits }) => hits),
    misses: sum(parts, ({ misses }) => misses),
    // Of the shared tier each process tells what its server counts.
    evictions: tier === 'shared' ? stored(({ evictions }) => evictions) : sum(parts, ({ evictions }) => evictions),
    errors: sum(parts, ({ errors }) => errors),
  }
}

function sumNamespaces(all: readonly CacheStats[]): CacheReport['namespaces'] {
  const byName = Map.groupBy(
    all.flatMap(({ namespaces }) => namespaces),
    ({ name }) => name,
  )
  return [...byName].map(([name, parts]) => {
    const add = (read: (part: NamespaceStats) => number) => sum(parts, read)
    return {
      name,
      hits: {
        memory: add(({ hits }) => hits.memory),
        disk: add(({ hits }) => hits.disk),
        shared: add(({ hits }) => hits.shared),
      },
      stale: add(({ stale }) => stale),
      misses: add(({ misses }) => misses),
      bypasses: add(({ bypasses }) => bypasses),
      fills: add(({ fills }) => fills),
      failures: add(({ failures }) => failures),
      savedUsd: add(({ savedMicroUsd }) => savedMicroUsd) / 1_000_000,
    }
  })
}

/** Positions of different epochs cannot be compared: those of the epoch that most processes are in are told. */
function sumLogs(all: readonly CacheStats[], first: CacheStats): CacheReport['log'] {
  const groups = [...Map.groupBy(all, ({ log }) => log.epoch).values()]
  const most = groups.reduce((largest, group) => (group.length > largest.length ? group : largest), groups[0] ?? [])
  const logs = most.map(({ log }) => log)
  const { sequencer, epoch } = logs[0] ?? first.log
  return {
    sequencer,
    epoch,
    seq: Math.max(...logs.map(({ seq }) => seq)),
    applied: Math.min(...logs.map(({ applied }) => applied)),
    floor: Math.max(...logs.map(({ floor }) => floor)),
    marks: Math.max(...logs.map(({ marks }) => marks)),
    isLeased: all.every(({ log }) => log.isLeased),
    leaseMs: Math.max(...logs.map(({ leaseMs }) => leaseMs)),
    pending: sum(all, ({ log }) => log.pending),
  }
}

/** By minutes of the clock, because each process counts its own from its start; those without a read are left out. */
function sumHistories(all: readonly CacheStats[]): HistoryPoint[] {
  const points = all
    .flatMap(({ history }) => history)
    .filter((point) => point.memory + point.disk + point.shared + point.stale + point.misses > 0)
  const byMinute = Map.groupBy(points, ({ at }) => Math.floor(at / minuteMs) * minuteMs)
  return [...byMinute]
    .sort(([a], [b]) => a - b)
    .map(([at, parts]) => ({
      at,
      memory: sum(parts, ({ memory }) => memory),
      disk: sum(parts, ({ disk }) => disk),
      shared: sum(parts, ({ shared }) => shared),
      stale: sum(parts, ({ stale }) => stale),
      misses: sum(parts, ({ misses }) => misses),
    }))
}

const minuteMs = 60_000
