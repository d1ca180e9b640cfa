/** The server’s resources of the audit log, one function a call. Each look is itself an entry of the log. */
import { auditEntrySchema, auditPageSchema, auditSummarySchema } from '@cairn/contract'
import { requestJson } from '../api/request.ts'

export type Query = Readonly<Record<string, string>>

const words = (query: Query) => new URLSearchParams(query).toString()

/** `fresh`: what happened a moment ago is in it. */
export const listEvents = (query: Query, signal: AbortSignal) =>
  requestJson(`/api/audit/events?${words({ fresh: 'true', ...query })}`, auditPageSchema, { signal })
export const getEvent = (seq: number, signal: AbortSignal) =>
  requestJson(`/api/audit/events/${seq}`, auditEntrySchema, { signal })
export const summarizeEvents = (query: Query, signal: AbortSignal) =>
  requestJson(`/api/audit/summary?${words({ fresh: 'true', ...query })}`, auditSummarySchema, { signal })
/** Address of the live tail. */
export const streamPath = (query: Query) => `/api/audit/stream?${words(query)}`
