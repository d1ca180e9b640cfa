/** The calls of the dashboard and of the map of sources, loaded when one of them is first opened. */
import {
  budgetsReplySchema,
  cacheStatsSchema,
  modelsReplySchema,
  relatedReplySchema,
  usageReplySchema,
  vaultListSchema,
  type RelatedReply,
} from '@cairn/contract'
import type { Reply } from '@cairn/ui/client'
import type { FiguresPort } from '../core/dashboard/figures.ts'
import type { Transport } from './transport.ts'

export function figuresCalls({ request }: Transport): FiguresPort {
  return {
    usage: (by, from, signal) => request(`/api/usage?by=${by}&from=${from}`, usageReplySchema, { signal }),
    cache: (signal) => request('/api/cache/stats', cacheStatsSchema, { signal }),
    models: (signal) => request('/api/models', modelsReplySchema, { signal }),
    budgets: (signal) => request('/api/budgets', budgetsReplySchema, { signal }),
    async vaults(signal) {
      const reply = await request('/api/vaults', vaultListSchema, { signal })
      return reply.ok ? { ok: true, value: reply.value.vaults } : reply
    },
  }
}

export async function relatedNotes(
  { request }: Transport,
  { vault, note, signal }: { vault: string; note: string; signal: AbortSignal },
): Promise<Reply<RelatedReply['results']>> {
  const path = note.split('/').map(encodeURIComponent).join('/')
  const reply = await request(`/api/vaults/${encodeURIComponent(vault)}/related/${path}?limit=12`, relatedReplySchema, {
    signal,
  })
  return reply.ok ? { ok: true, value: reply.value.results } : reply
}
