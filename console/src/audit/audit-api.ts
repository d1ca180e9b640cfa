/** The server’s resources of the audit log, one function a call. Each look is itself an entry of the log. */
import {
  auditEntrySchema,
  auditHoldListSchema,
  auditHoldSchema,
  auditPageSchema,
  auditReceiptListSchema,
  auditRetainedSchema,
  auditRetentionSchema,
  auditSinkListSchema,
  auditSummarySchema,
  auditWitnessListSchema,
  auditWitnessReplySchema,
  type AuditHorizons,
  type AuditRetained,
} from '@cairn/contract'
import { malformed, type Reply } from '../api/failure.ts'
import { requestJson, send } from '../api/request.ts'

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

/** Of a proof, a checkpoint or a key: what is longer is none. */
const longestText = 64_000

async function requestText(path: string, signal?: AbortSignal): Promise<Reply<string>> {
  const reply = await send(path, { accept: 'text/plain', ...(signal && { signal }) })
  if (!reply.ok) return reply
  const text = await reply.value.text().catch(() => null)
  return text === null || text.length > longestText ? { ok: false, failure: malformed } : { ok: true, value: text }
}

export const getProof = (seq: number) => requestText(`/api/audit/proof/${seq}`)
export const getCheckpoint = (signal?: AbortSignal) => requestText('/api/audit/checkpoint', signal)
export const getKey = (signal?: AbortSignal) => requestText('/api/audit/key', signal)

export const listWitnesses = (signal: AbortSignal) =>
  requestJson('/api/audit/witnesses', auditWitnessListSchema, { signal })
/** Whether the log begins with a checkpoint that was seen before or elsewhere. */
export const compareCheckpoint = (checkpoint: string) =>
  requestJson('/api/audit/witness', auditWitnessReplySchema, { method: 'POST', body: { checkpoint } })

export const listSinks = (signal: AbortSignal) => requestJson('/api/audit/sinks', auditSinkListSchema, { signal })
/** The largest place that the server takes. */
const theEnd = 9e15

/** Newest first; `before`: those before this place. */
export const listReceipts = (id: string, before: number | null, signal: AbortSignal) =>
  requestJson(
    `/api/audit/sinks/${encodeURIComponent(id)}/receipts?before=${before ?? theEnd}&limit=50`,
    auditReceiptListSchema,
    { signal },
  )

export const getRetention = (signal: AbortSignal) =>
  requestJson('/api/audit/retention', auditRetentionSchema, { signal })
export const changeRetention = (categories: Readonly<Record<string, AuditHorizons>>) =>
  requestJson('/api/audit/retention', auditRetentionSchema, { method: 'PUT', body: { categories } })

export interface RetentionRun {
  readonly retained: AuditRetained
  /** By which the entries about it are found. */
  readonly requestId: string | null
}

export async function runRetention(): Promise<Reply<RetentionRun>> {
  const reply = await send('/api/audit/retention/run', { method: 'POST' })
  if (!reply.ok) return reply
  const parsed = auditRetainedSchema.safeParse(await reply.value.json().catch(() => null))
  if (!parsed.success) return { ok: false, failure: malformed }
  return { ok: true, value: { retained: parsed.data, requestId: reply.value.headers.get('x-request-id') } }
}

export interface HoldScope {
  readonly person?: string
  readonly category?: string
  readonly from?: string
  readonly to?: string
}

export const listHolds = (signal: AbortSignal) => requestJson('/api/audit/holds', auditHoldListSchema, { signal })
export const placeHold = (hold: HoldScope & { readonly reason: string }) =>
  requestJson('/api/audit/holds', auditHoldSchema, { method: 'POST', body: hold })
export const releaseHold = (id: string, reason: string) =>
  requestJson(`/api/audit/holds/${encodeURIComponent(id)}/release`, auditHoldSchema, {
    method: 'POST',
    body: { reason },
  })
