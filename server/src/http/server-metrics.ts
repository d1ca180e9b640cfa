/** What the parts of the server count, as metrics. */
import type { Audit, AuditSinks, OutsideWitnesses, SinkLoad, WitnessLoad } from '../audit/index.ts'
import { sumStats, type Cache } from '../cache/index.ts'
import type { Outbound } from '../platform/index.ts'
import type { DriftWatch, Routing } from '../routing/index.ts'
import type { Vaults } from '../vaults/index.ts'
import { createCacheMetrics } from './cache-metrics.ts'
import type { MetricSource } from './metrics.ts'

export const describeCache = (cache: Cache): MetricSource => createCacheMetrics(() => sumStats([cache.stats()]))

/** What went through the outbound door. Providers are named by the configuration, so they are no secret of a person. */
export function describeEgress(outbound: Outbound): MetricSource {
  return () => [
    {
      name: 'cairn_egress_requests_total',
      help: 'Requests that went through the outbound door, by provider and how they ended.',
      type: 'counter',
      samples: outbound.counts().flatMap(({ provider, egress, requests, failed, denied }) => [
        { labels: { provider, egress, outcome: 'ok' }, value: requests - failed - denied },
        { labels: { provider, egress, outcome: 'failed' }, value: failed },
        { labels: { provider, egress, outcome: 'denied' }, value: denied },
      ]),
    },
  ]
}

export function describeLoad(routing: Routing): MetricSource {
  const gauge = (name: string, help: string, read: (load: ReturnType<Routing['load']>[number]) => number) => ({
    name,
    help,
    type: 'gauge' as const,
    samples: routing.load().map((load) => ({ labels: { provider: load.provider }, value: read(load) })),
  })
  return () => [
    gauge('cairn_upstream_in_flight', 'Requests under way at a provider.', ({ inFlight }) => inFlight),
    gauge('cairn_upstream_waiting', 'Requests waiting for a provider.', ({ waiting }) => waiting),
  ]
}

/** Deployments are named by the configuration, as providers are. */
export function describeHealth(routing: Routing): MetricSource {
  return () => [
    {
      name: 'cairn_deployment_usable',
      help: 'Whether a model at a provider is in use (1) or left alone for now (0), as each process sees it.',
      type: 'gauge',
      merge: 'min',
      samples: routing.health().map(({ provider, model, state }) => ({
        labels: { provider, model },
        value: state === 'ok' || state === 'starting' ? 1 : 0,
      })),
    },
  ]
}

/** Whether what has to be on record can be recorded, and what waits or is lost. */
export function describeAudit({ health }: Pick<Audit, 'health'>): MetricSource {
  return () => {
    const { state, waiting, lost, size } = health()
    const gauge = (name: string, help: string, value: number) => ({
      name,
      help,
      type: 'gauge' as const,
      samples: [{ labels: {}, value }],
    })
    return [
      {
        ...gauge('cairn_audit_writable', 'Whether the audit log can be written (1).', Number(state !== 'failing')),
        merge: 'min',
      },
      {
        ...gauge('cairn_audit_forked', 'Whether a witness has seen another audit log (1).', Number(state === 'forked')),
        merge: 'max',
      },
      {
        ...gauge(
          'cairn_audit_damaged',
          'Whether the last verification by the server found something wrong (1).',
          Number(state === 'damaged'),
        ),
        merge: 'max',
      },
      gauge('cairn_audit_events_waiting', 'Events that wait outside the audit log until it can be written.', waiting),
      gauge('cairn_audit_events_lost', 'Events that could not be kept since the start of the process.', lost),
      {
        ...gauge('cairn_audit_entries', 'Entries of the newest checkpoint that the process knows.', size),
        merge: 'max',
      },
    ]
  }
}

/** Receivers of the audit log are named by the configuration. */
export function describeSinks(sinks: Pick<AuditSinks, 'loads'>): MetricSource {
  const gauge = (name: string, help: string, read: (load: SinkLoad) => number | null) => ({
    name,
    help,
    type: 'gauge' as const,
    // Of processes that look at the same log, the one that looked last knows most; the largest is the careful answer.
    merge: 'max' as const,
    samples: sinks.loads().flatMap((load) => {
      const value = read(load)
      return value === null ? [] : [{ labels: { sink: load.sink }, value }]
    }),
  })
  return () => [
    gauge('cairn_audit_sink_lag_entries', 'Entries of the audit log that a receiver has not taken.', ({ lag }) => lag),
    gauge('cairn_audit_sink_failing', 'Whether a receiver of the audit log fails (1).', ({ isFailing }) =>
      Number(isFailing),
    ),
    {
      name: 'cairn_audit_sink_batches_total',
      help: 'Batches of the audit log that were sent to a receiver, by how that ended.',
      type: 'counter',
      samples: sinks.loads().flatMap(({ sink, delivered, failed }) => [
        { labels: { sink, outcome: 'ok' }, value: delivered },
        { labels: { sink, outcome: 'failed' }, value: failed },
      ]),
    },
  ]
}

/** Witnesses outside are named by the configuration. */
export function describeWitnesses(witnesses: Pick<OutsideWitnesses, 'loads'>): MetricSource {
  const gauge = (name: string, help: string, read: (load: WitnessLoad) => number | null) => ({
    name,
    help,
    type: 'gauge' as const,
    merge: 'max' as const,
    samples: witnesses.loads().flatMap((load) => {
      const value = read(load)
      return value === null ? [] : [{ labels: { witness: load.witness }, value }]
    }),
  })
  return () => [
    gauge(
      'cairn_audit_witness_lag_entries',
      'Entries of the audit log after the checkpoint that a witness outside was told last.',
      ({ lag }) => lag,
    ),
    gauge('cairn_audit_witness_failing', 'Whether a witness outside cannot be told (1).', ({ isFailing }) =>
      Number(isFailing),
    ),
    {
      name: 'cairn_audit_witness_told_total',
      help: 'Checkpoints that a witness outside was told, by how that ended.',
      type: 'counter',
      samples: witnesses.loads().flatMap(({ witness, told, failed }) => [
        { labels: { witness, outcome: 'ok' }, value: told },
        { labels: { witness, outcome: 'failed' }, value: failed },
      ]),
    },
  ]
}

/** How far what providers tell is from what we compute. */
export function describeDrift(drift: DriftWatch): MetricSource {
  return () => [
    {
      name: 'cairn_usage_drift_ratio',
      help: 'Usage that a provider told by what was computed here; 1 where they agree.',
      type: 'gauge',
      merge: 'max',
      samples: drift.ratios().map(({ deployment, of, ratio }) => ({ labels: { deployment, of }, value: ratio })),
    },
    {
      name: 'cairn_usage_disbelieved_total',
      help: 'Usages told by a provider that cannot be true, so that the call was booked by an estimate.',
      type: 'counter',
      samples: drift.disbelieved().map(({ provider, doubt, count }) => ({ labels: { provider, doubt }, value: count })),
    },
  ]
}

/** Over all processes of a deployment it adds up to one, except in the moment of a takeover. */
export function describeTurn(vaults: Vaults): MetricSource {
  const help = 'Processes of this server that have the turn to index; one in a deployment has it.'
  return () => [
    { name: 'cairn_indexing_processes', help, type: 'gauge', samples: [{ value: vaults.isIndexing() ? 1 : 0 }] },
  ]
}
