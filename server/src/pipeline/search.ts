/** `POST /v1/search`: may they, where, is it known, find, record. */
import type { SearchRequest, SearchResult } from '@cairn/contract'
import { capture } from './capture.ts'
import { cacheKey, partitionOf } from '../cache/index.ts'
import type { RetrieveRequest } from '../vaults/index.ts'
import type { AskServices } from './ask-types.ts'
import { forCall, reuse } from './caches.ts'
import { selectVaults } from './ground.ts'
import { readPositions, stampSources } from './sources.ts'
import type { Call } from './types.ts'

const usualResults = 10

export type Search = (call: Call, request: SearchRequest) => Promise<{ results: SearchResult[] }>

export type SearchServices = Pick<AskServices, 'access' | 'audit' | 'vaults' | 'caches'>

export function createSearch({ access, audit, vaults, caches }: SearchServices): Search {
  return async function search(call, request) {
    const ids = await selectVaults(call, request.vault, { access, vaults })
    const positions = await readPositions(ids, { vaults, caches }, call.signal)
    // Read before the search: what is found is at least as new, and stands under no version newer than it is.
    const versions = ids.map((id) => vaults.find(id)?.index.version ?? null)
    const asked: RetrieveRequest = {
      query: request.query,
      syntax: 'query',
      mode: request.mode ?? 'hybrid',
      forPrompt: false,
      vaults: ids.map((id) => ({ id, filter: access.filter(call.principal, 'read', id) })),
      limit: request.limit ?? usualResults,
    }
    const found = await reuse<readonly SearchResult[]>(
      forCall(caches.search, call),
      () =>
        cacheKey(partitionOf(call.principal, 'user'), [
          'search',
          caches.settings.deploymentId,
          JSON.stringify(asked),
          ...versions,
        ]),
      (fill) => {
        stampSources(fill, positions, caches.log)
        return vaults.search(asked, fill.signal)
      },
      { scopes: ids.flatMap((id) => [`vault:${id}`, `index:${id}`]), signal: call.signal },
    )
    const fields = { vaults: ids, results: found.value.length }
    const entry = { type: 'search.run', actor: call.principal.id, requestId: call.requestId } as const
    await audit.record({ ...entry, outcome: 'ok', fields })
    await capture(call, { type: entry.type, fields }, { request: () => request.query }, audit)
    return { results: [...found.value] }
  }
}
