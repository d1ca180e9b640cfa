/** What happened, in order, never changed. */
export { createAudit, auditSchema } from './audit.ts'
export type { Audit, AuditEntry } from './types.ts'
