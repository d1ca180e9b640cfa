/**
 * The cache's numbers as Prometheus metrics. Labels are tiers, namespaces and results: words of our own tables. Each
 * says how the numbers of a host's processes become one: what they share is counted once, the worst state is told.
 */
import type { CacheNamespace, CacheReport, CacheTierState } from '@cairn/contract'
import type { Merge, MetricFamily, MetricSample, MetricSource } from './metrics.ts'

/** `read` gives the numbers of this process. */
export function createCacheMetrics(read: () => CacheReport): MetricSource {
  return () => {
    const report = read()
    return [...describeReads(report), ...describeTiers(report.tiers), ...describeLog(report)]
  }
}

function describeReads({ namespaces, inconsistencies }: CacheReport): MetricFamily[] {
  const results: Readonly<Record<string, (namespace: CacheNamespace) => number>> = {
    'hit-memory': ({ hits }) => hits.memory,
    'hit-disk': ({ hits }) => hits.disk,
    'hit-shared': ({ hits }) => hits.shared,
    stale: ({ stale }) => stale,
    miss: ({ misses }) => misses,
    bypass: ({ bypasses }) => bypasses,
  }
  return [
    {
      name: 'cairn_cache_requests_total',
      help: 'Reads of the cache, by what is cached and how they were answered. A stale reply is marked as such.',
      type: 'counter',
      samples: namespaces.flatMap((namespace) =>
        Object.entries(results).map(([result, count]) => ({
          labels: { namespace: namespace.name, result },
          value: count(namespace),
        })),
      ),
    },
    counter(
      'cairn_cache_saved_usd_total',
      'US dollars that hits have saved, as far as prices of models are known.',
      namespaces.map(({ name, savedUsd }) => ({ labels: { namespace: name }, value: savedUsd })),
    ),
    counter(
      'cairn_cache_inconsistency_total',
      'Entries in which the consistency checker found tiers at odds with the log. Anything but 0 is a bug.',
      [{ value: inconsistencies }],
    ),
  ]
}

function describeTiers(tiers: readonly CacheTierState[]): MetricFamily[] {
  const used = tiers.filter(({ state }) => state !== 'off')
  const each = (value: (tier: CacheTierState) => number): MetricSample[] =>
    used.map((tier) => ({ labels: { tier: tier.tier }, value: value(tier) }))
  const stored = (value: (tier: CacheTierState) => number) => each(value).map(countOnce(['disk', 'shared']))
  const bounded = new Set<string>(used.filter(({ maxBytes }) => maxBytes !== null).map(({ tier }) => tier))
  return [
    gauge(
      'cairn_cache_entries',
      'Values that a tier holds.',
      stored(({ entries }) => entries),
    ),
    gauge(
      'cairn_cache_bytes',
      'Bytes that a tier holds.',
      stored(({ bytes }) => bytes),
    ),
    gauge(
      'cairn_cache_max_bytes',
      'Bytes that a tier may hold; absent for a tier whose bound is not ours.',
      stored(({ maxBytes }) => maxBytes ?? 0).filter(({ labels }) => bounded.has(labels?.['tier'] ?? '')),
    ),
    counter(
      'cairn_cache_evictions_total',
      'Values that a tier gave up for others.',
      each(({ evictions }) => evictions).map(countOnce(['shared'])),
    ),
    counter(
      'cairn_cache_tier_errors_total',
      'Reads and writes of a tier that failed.',
      each(({ errors }) => errors),
    ),
  ]
}

/** All processes see the same of these tiers. */
function countOnce(tiers: readonly string[]): (sample: MetricSample) => MetricSample {
  return (sample) => (tiers.includes(sample.labels?.['tier'] ?? '') ? { ...sample, merge: 'max' } : sample)
}

function describeLog({ log, breaker, eviction }: CacheReport): MetricFamily[] {
  const now = (name: string, help: string, { value, merge }: { value: number; merge: Merge }): MetricFamily => ({
    ...gauge(name, help, [{ value }]),
    merge,
  })
  return [
    now('cairn_cache_log_position', 'Position in the log of invalidations up to which all is applied.', {
      value: log.applied,
      merge: 'min',
    }),
    now('cairn_cache_log_lag', 'Positions of the log that are known of and not yet applied.', {
      value: Math.max(0, log.seq - log.applied),
      merge: 'max',
    }),
    now(
      'cairn_cache_pending_invalidations',
      'Invalidations that are kept and tried again, because the log did not take them yet.',
      { value: log.pending, merge: 'sum' },
    ),
    now('cairn_cache_leased', '1 while in touch with the log, 0 after its lease ran out.', {
      value: Number(log.isLeased),
      merge: 'min',
    }),
    now('cairn_cache_breaker_open', '1 while the shared tier is not asked, or only probed, because it failed.', {
      value: Number(breaker.state !== 'closed'),
      merge: 'max',
    }),
    counter('cairn_cache_policy_switches_total', 'Changes of the eviction policy of the memory tier.', [
      { value: eviction.switches },
    ]),
  ]
}

function gauge(name: string, help: string, samples: readonly MetricSample[]): MetricFamily {
  return { name, help, type: 'gauge', samples }
}

function counter(name: string, help: string, samples: readonly MetricSample[]): MetricFamily {
  return { name, help, type: 'counter', samples }
}
