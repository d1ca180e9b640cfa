/** `POST /v1/search`: may they, where, find, record. */
import type { SearchRequest, SearchResult } from '@cairn/contract'
import type { AskServices } from './ask-types.ts'
import { selectVaults } from './ground.ts'
import type { Call } from './types.ts'

const usualResults = 10

export type Search = (call: Call, request: SearchRequest) => Promise<{ results: SearchResult[] }>

export function createSearch({ access, audit, vaults }: Pick<AskServices, 'access' | 'audit' | 'vaults'>): Search {
  return async function search(call, request) {
    access.require(call.principal, 'search', request.vault)
    const ids = await selectVaults(request.vault, vaults)
    const results = await vaults.search(
      {
        query: request.query,
        syntax: 'query',
        mode: request.mode ?? 'hybrid',
        forPrompt: false,
        vaults: ids.map((id) => ({ id, filter: access.filter(call.principal, 'note.discover', id) })),
        limit: request.limit ?? usualResults,
      },
      call.signal,
    )
    await audit.record({
      type: 'search.run',
      actor: call.principal.id,
      requestId: call.requestId,
      outcome: 'ok',
      fields: { vaults: ids, results: results.length },
    })
    return { results }
  }
}
