/**
 * The audit log of one process with all that stands around it: what reads it, what takes it out, and deliveries to
 * receivers outside.
 */
import type { AuditSinkConfig, AuditWitnessConfig } from '@cairn/contract'
import type { Secret } from '../base/index.ts'
import { createTlsDoor, type Outbound, type PermitOffice } from '../platform/index.ts'
import type { StoreLocation } from '../storage/index.ts'
import { openAudit, type AuditOptions } from './audit.ts'
import { createAuditOutlet, type AuditOutlet } from './export/outlet.ts'
import { createAuditReader, type AuditReader } from './read/reader.ts'
import { createAuditReports, type AuditReports } from './reports/reports.ts'
import { openAuditSinks, type AuditSinks } from './sinks/sinks.ts'
import type { Audit } from './types.ts'
import { startVerifying, type Verifying } from './verify/automatic.ts'
import { openOutsideWitnesses, type OutsideWitnesses } from './witness/outside.ts'

export interface AuditPartsOptions extends Omit<AuditOptions, 'onSigned' | 'compare' | 'program' | 'finding'> {
  /** Of the index of the log: a file of its own on SQLite. */
  readonly indexLocation: StoreLocation
  /** Of this program. */
  readonly version: string
  readonly sinks: readonly AuditSinkConfig[]
  /** With which deliveries to webhooks are signed, by sink. */
  readonly sinkSecrets: ReadonlyMap<string, Secret>
  readonly witnesses: readonly AuditWitnessConfig[]
  readonly witnessSecrets: ReadonlyMap<string, Secret>
  /** Between verifications by itself; 0 for none. */
  readonly verifyEveryMs: number
  readonly outbound: Pick<Outbound, 'fetch'>
  readonly permits: PermitOffice
}

export interface AuditParts {
  readonly audit: Audit
  readonly reader: AuditReader
  readonly outlet: AuditOutlet
  readonly sinks: AuditSinks
  readonly reports: AuditReports
  readonly witnesses: OutsideWitnesses
  close(): Promise<void>
}

/** Rejects with `storage.failed` when the log cannot be opened. */
export async function openAuditParts(options: AuditPartsOptions): Promise<AuditParts> {
  const { location, indexLocation, origin, secrets, version, clock, logger, outbound, permits } = options
  const reader = createAuditReader({ location, indexLocation, secrets, logger })
  let tellOutside = () => {}
  const onSigned = () => {
    reader.wake()
    tellOutside()
  }
  let verifying: Verifying | null = null
  const audit = await openAudit({
    ...options,
    onSigned,
    compare: (note) => reader.compareSeen(note),
    finding: () => verifying?.finding() ?? null,
  })
  const outlet = createAuditOutlet({ location, origin, secrets, version, logger })
  verifying = startVerifying({
    verify: (signal) => outlet.verify({ against: [], onProgress: () => {}, signal }),
    recorder: audit,
    logger,
    everyMs: options.isFirst ? options.verifyEveryMs : 0,
  })
  const reports = createAuditReports({ location, origin, secrets, logger })
  const around = { origin, audit, clock, logger, outbound, permits, tls: createTlsDoor({ permits, clock }) }
  const listed = { sinks: options.sinks, secrets: options.sinkSecrets, store: outlet.sinks }
  const sinks = openAuditSinks({ ...listed, ...around })
  const witnesses = openOutsideWitnesses({
    witnesses: options.witnesses,
    secrets: options.witnessSecrets,
    store: outlet.witnesses,
    judge: (note) => audit.reportSeen(note, 'webhook'),
    ...around,
  })
  tellOutside = () => {
    sinks.wake()
    witnesses.wake()
  }
  return {
    audit,
    reader,
    outlet,
    sinks,
    reports,
    witnesses,
    async close() {
      verifying.stop()
      reports.close()
      await witnesses.close()
      await sinks.close()
      await outlet.close()
      await reader.close()
      await audit.close()
    },
  }
}
