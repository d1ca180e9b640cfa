/**
 * The searching thread: follows the stored index of every vault into memory and answers questions from there, so that
 * neither a long search nor indexing holds up the thread that serves requests.
 */
import { CairnError } from '../../base/index.ts'
import { serveWorker } from '../../platform/index.ts'
import { openDirectStore, type Store, type StoreLocation } from '../../storage/index.ts'
import { chooseSentences } from '../answering/choose-sentences.ts'
import type { ExtractiveAnswer, Passage, RetrieveRequest } from '../types.ts'
import { createIndexStore } from './index-store.ts'
import { indexSchema } from './migrations.ts'
import { findPassages, findRelated, findResults, type SearchVault } from './search-vaults.ts'
import { createFollower, type Follower } from './vault-follower.ts'
import type { NoteFilter } from '../../base/index.ts'

let store: Store | null = null
const followers = new Map<string, Follower>()
const following = new Map<string, Promise<void>>()

serveWorker({
  async open(location: StoreLocation) {
    store = await openDirectStore({ location, schemas: [indexSchema], connections: 2 })
  },
  /** Applies what is committed; answers what the vault then holds. */
  async follow(vault: string) {
    const follower = get(vault)
    await catchUp(vault)
    const problems = await follower.store.problems(100)
    return {
      notes: follower.index.notes,
      passages: follower.index.passages,
      seq: follower.seq,
      position: follower.position,
      problemCount: problems.count,
      problems: problems.first,
    }
  },
  forget(vault: string) {
    followers.delete(vault)
    following.delete(vault)
  },
  retrieve: (request: RetrieveRequest) =>
    findPassages(select(request), request, async () => {
      await Promise.all(request.vaults.map(({ id }) => catchUp(id)))
    }),
  search: (request: RetrieveRequest) => findResults(select(request), request),
  related: (vault: string, path: string, filter: NoteFilter, limit: number) =>
    findRelated(get(vault), { vault, path, filter, limit }),
  links(vault: string, path: string, filter: NoteFilter) {
    const { links, index } = get(vault)
    const admits = index.admission(filter)
    const noteId = links.findByPath(path)
    const paths = (ids: string[]) =>
      ids
        .filter(admits)
        .map((id) => links.pathOf(id))
        .filter((each) => each !== undefined)
    return noteId === undefined
      ? { links: [], backlinks: [] }
      : { links: paths(links.linksFrom(noteId)), backlinks: paths(links.linksTo(noteId)) }
  },
  quoteAnswer(
    question: { question: string; context?: string },
    passages: readonly Passage[],
    limit: number,
  ): ExtractiveAnswer {
    const vaults = [...new Set(passages.map(({ vault }) => vault))].map(get)
    return chooseSentences(question, passages, {
      limit,
      idf: (term) => Math.max(0, ...vaults.map(({ index }) => index.idf(term))),
    })
  },
  async close() {
    await store?.close()
  },
})

/** One after another for each vault. */
async function catchUp(vault: string): Promise<void> {
  const before = following.get(vault) ?? Promise.resolve()
  const turn = before.then(() => get(vault).follow())
  following.set(
    vault,
    turn.catch(() => undefined),
  )
  await turn
}

function get(vault: string): Follower {
  const known = followers.get(vault)
  if (known) return known
  if (!store) throw new CairnError('internal.error', { internal: 'the searching thread has no store' })
  const follower = createFollower(createIndexStore(store, vault))
  followers.set(vault, follower)
  return follower
}

function select(request: RetrieveRequest): SearchVault[] {
  return request.vaults.map(({ id, filter }) => ({ vault: id, follower: get(id), filter }))
}
