/** What the rest of the server asks of `audit`. */
import type { AuditEventType } from '@cairn/contract'

export interface AuditEntry {
  type: AuditEventType
  actor: string
  requestId: string | null
  outcome: 'ok' | 'failed' | 'refused'
  /** Identifiers and counts as named in the audit event table. */
  fields?: Record<string, string | number | boolean | readonly string[] | null>
}

export interface Audit {
  /** Appends an entry; resolves with its sequence number once it is durable. */
  record(entry: AuditEntry): Promise<number>
}
