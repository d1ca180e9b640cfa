/** The server's resources under `/api` and `/auth`, one function a call. */
import {
  budgetsReplySchema,
  cacheReceiptSchema,
  cacheStatsSchema,
  keyCreatedSchema,
  keyListSchema,
  modelsReplySchema,
  noteListSchema,
  noteSchema,
  providerReplySchema,
  providerTestSchema,
  routeExplanationSchema,
  usageReplySchema,
  vaultListSchema,
  vaultSchema,
  type BudgetRule,
  type ProviderWrite,
  type RouteExplainRequest,
  type UsageGroup,
} from '@cairn/contract'
import { readEvents } from '@cairn/ui/client'
import { brokenOff, failureOf, malformed, type Failure } from './failure.ts'
import { requestJson, requestNothing, send } from './request.ts'

const segment = encodeURIComponent

export const listModels = (signal?: AbortSignal) =>
  requestJson('/api/models', modelsReplySchema, { ...(signal && { signal }) })
export const explainRoute = (request: Partial<RouteExplainRequest>, signal: AbortSignal) =>
  requestJson('/api/routing/explain', routeExplanationSchema, { method: 'POST', body: request, signal })

const providerPath = (id: string) => `/api/providers/${segment(id)}`
export const getProvider = (id: string) => requestJson(providerPath(id), providerReplySchema)
export const putProvider = (id: string, provider: ProviderWrite) =>
  requestJson(providerPath(id), providerReplySchema, { method: 'PUT', body: provider })
export const removeProvider = (id: string) => requestNothing(providerPath(id), { method: 'DELETE' })
export const testProvider = (id: string) =>
  requestJson(`${providerPath(id)}/test`, providerTestSchema, { method: 'POST' })

/** `from` in milliseconds since 1970. */
export const getUsage = (by: UsageGroup, from: number, signal: AbortSignal) =>
  requestJson(`/api/usage?by=${by}&from=${from}`, usageReplySchema, { signal })
export const listBudgets = (signal?: AbortSignal) =>
  requestJson('/api/budgets', budgetsReplySchema, { ...(signal && { signal }) })
export const setBudgets = (rules: readonly BudgetRule[]) =>
  requestJson('/api/budgets', budgetsReplySchema, { method: 'PUT', body: { rules } })

export const listVaults = (signal: AbortSignal) => requestJson('/api/vaults', vaultListSchema, { signal })
export const addVault = (path: string, name: string) =>
  requestJson('/api/vaults', vaultSchema, { method: 'POST', body: { path, ...(name && { name }) } })
export const addSentVault = (name: string) =>
  requestJson('/api/vaults', vaultSchema, { method: 'POST', body: { source: 'sync', name } })
export const removeVault = (id: string) => requestNothing(`/api/vaults/${segment(id)}`, { method: 'DELETE' })

export const listNotes = (vault: string, signal: AbortSignal) =>
  requestJson(`/api/vaults/${segment(vault)}/notes`, noteListSchema, { signal })
export const getNote = (vault: string, note: string, signal: AbortSignal) =>
  requestJson(`/api/vaults/${segment(vault)}/notes/${note.split('/').map(segment).join('/')}`, noteSchema, { signal })

export const getCacheStats = (minutes: number, signal: AbortSignal) =>
  requestJson(`/api/cache/stats?minutes=${minutes}`, cacheStatsSchema, { signal })
export const invalidateCache = (scopes: readonly string[], kind: 'hard' | 'soft', wait: 'commit' | 'all') =>
  requestJson('/api/cache/invalidate', cacheReceiptSchema, { method: 'POST', body: { scopes, kind, wait } })

export const listKeys = () => requestJson('/api/access/keys', keyListSchema)
export const createKey = (name: string, expiresInDays: number | null) =>
  requestJson('/api/access/keys', keyCreatedSchema, {
    method: 'POST',
    body: { name, ...(expiresInDays && { expiresInDays }) },
  })
export const revokeKey = (id: string) => requestNothing(`/api/access/keys/${segment(id)}`, { method: 'DELETE' })

const indexFailed = failureOf('console.index-failed', 'Indexing failed; the server’s log says why')

/** Indexes a vault again; gives null when the server says that it is done. */
export async function reindexVault(id: string): Promise<Failure | null> {
  const reply = await send(`/api/vaults/${segment(id)}/reindex`, { method: 'POST', accept: 'text/event-stream' })
  if (!reply.ok) return reply.failure
  if (!reply.value.body) return null
  try {
    for await (const event of readEvents(reply.value.body)) {
      if (event.event === 'error') return readErrorEvent(event.data)
      if (event.event === 'done') return event.data.includes('"failed"') ? indexFailed : null
    }
    return null
  } catch {
    return brokenOff
  }
}

function readErrorEvent(data: string): Failure {
  try {
    const { error } = JSON.parse(data) as { error: { code: string; message: string } }
    return failureOf(error.code, error.message)
  } catch {
    return malformed
  }
}
