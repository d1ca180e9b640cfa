/** What happened, in order, never changed, provable, and able to forget a person. */
export { openAudit, type AuditOptions } from './audit.ts'
export { auditPurposes, openAuditLog, originOf, secretsOf, type AuditLog } from './log/log.ts'
export { createAuditReader, type AuditReader } from './read/reader.ts'
export type { BlockState, OpenedEntry } from './read/read-entries.ts'
export type { AuditFilter, AuditPage, AuditQuery } from './query/types.ts'
export { retiredAuditSchema } from './log/schema.ts'
export type { Audit, AuditEntry, AuditHealth, CallRecorder, Recorder } from './types.ts'
