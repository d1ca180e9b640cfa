/**
 * The vaults of this process: the register, the state of each vault, the thread that searches, and the one that
 * indexes when this process has the turn. The serving thread only passes on questions and reads single notes.
 * What other processes of the deployment do is seen by `sync.ts`; whoever changes something has the processes of its
 * host look at once.
 */
import type { RelatedReply, SearchResult } from '@cairn/contract'
import { createLonePeers, fail, type Clock, type HostPeers, type Logger } from '../base/index.ts'
import type { Store, StoreLocation } from '../storage/index.ts'
import { createAnnouncer, type Announce, type Announcer } from './announce.ts'
import type { Protection } from './held/held-facts.ts'
import { createHeldNotes } from './held/held-notes.ts'
import { createKeeper } from './held/keeper.ts'
import { createSearchLine } from './index/search-line.ts'
import { createSharedState } from './index/shared-state.ts'
import { createIndexing, loneTurn } from './indexing.ts'
import { untilPruned } from './synced/until-pruned.ts'
import { createSyncedNotes } from './synced/synced-notes.ts'
import { findFolders, listNotes, readAllFacts, readFacts, readNote } from './read-notes.ts'
import { createRegister, createRunRegister, type RunFolders } from './register.ts'
import { startSearcher, type Followed, type Searcher } from './searcher.ts'
import { createSync } from './sync.ts'
import type { ExtractiveAnswer, IndexingTurn, Passage, RetrieveRequest, Vaults } from './types.ts'
import { checkFolder, refuseFolder } from './vault-folder.ts'
import { createVaultStates, type VaultEntry } from './vault-states.ts'

export interface VaultsOptions {
  /** Register of vaults. */
  store: Store
  /** The stored index, for reading single notes. */
  indexStore: Store
  indexLocation: StoreLocation
  /** Of `store`, for the indexing thread; without it there are no vaults that devices sync. */
  stateLocation?: StoreLocation
  clock: Clock
  logger: Logger
  /** Serve these folders, and what is added to them in this run; null serves the register. */
  only: RunFolders | null
  /** Share of the meaning score in the mix, 0 to 1. */
  semanticWeight?: number
  /** The server's own folder, which no vault may hold or lie in. */
  keepOut?: string
  /** Tells the log of the cache what has changed; absent where nothing is cached. */
  announce?: Announce
  /** What of the policy looks at notes, now; absent where nothing is held. Throws `access.unconfirmed`. */
  protection?: () => Promise<Protection>
  /** With other processes, here or on other hosts; absent for a process that is alone. */
  shared?: { turn: IndexingTurn; peers: HostPeers }
  /** Programs of the threads; for tests that make them fail. */
  programs?: { searching?: URL; indexing?: URL }
}

/** Questions and searches that wait for the searching thread; more are told to come back. */
const mostWaiting = 256
const topic = 'vaults.changed'
const unprotected: Protection = { isTeam: false, tags: [], conditions: [], places: [] }

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export async function openVaults(options: VaultsOptions): Promise<Vaults> {
  const { store, indexStore, indexLocation: location, clock, logger, only, keepOut } = options
  const { turn, peers } = options.shared ?? { turn: loneTurn, peers: createLonePeers() }
  const register = only === null ? createRegister(store, clock) : await createRunRegister(store, clock, only)
  const sharedState = createSharedState(indexStore)
  const protection = options.protection ?? (async () => unprotected)
  const keeper = createKeeper({ store, clock, protection })
  const searcher = await startSearcher({
    location,
    logger,
    program: options.programs?.searching,
    onRestart: (follow) => states.refollow(follow),
  })
  const states = createVaultStates((id) => searcher.call<Followed>('follow', id), logger)
  const indexing = createIndexing({
    turn,
    shared: sharedState,
    location,
    stateLocation: options.stateLocation ?? null,
    clock,
    logger,
    keeper,
    program: options.programs?.indexing,
    onEvent: (event) => {
      states.take(event)
      announcer?.wake()
    },
    // Also a process that is alone has to look again now, until it has the turn back.
    onLost: () => sync.repeat(),
  })
  const announcer = createAnnouncing(options, states)
  const sync = createSync({ register, sharedState, searcher, indexing, states, announcer, logger })
  const changed = async () => {
    await sync.now()
    await peers.collect(topic)
  }
  const heldNotes = createHeldNotes({
    indexStore,
    keeper,
    protection,
    indexing,
    peers,
    logger,
    vaults: () => [...states.entries.keys()],
    async follow(id) {
      await states.follow(states.get(id))
      await changed()
    },
  })
  const synced = createSyncedNotes(store, clock)
  const vaults: Vaults = {
    ...createReading(options, searcher, states.get),
    list: async () => [...states.entries.values()].map(({ info }) => structuredClone(info)),
    find: (id) => states.entries.get(id)?.info,
    async add({ path, name }) {
      const real = await checkFolder(path)
      await sync.now()
      refuseFolder(
        real,
        [...states.entries.values()].map(({ info }) => info),
        keepOut,
      )
      const { id } = await register.add(real, name)
      await changed()
      return structuredClone(states.get(id).info)
    },
    async addSynced(name) {
      if (!options.stateLocation) fail('internal.error', { internal: 'no vault can be synced here' })
      const { id } = await register.addSynced(name)
      await changed()
      return structuredClone(states.get(id).info)
    },
    synced,
    untilPruned: (id, paths) => untilPruned(indexStore, id, paths),
    async remove(id) {
      states.get(id)
      await register.remove(id)
      await changed()
      await sync.removed(id)
      await keeper.forget(id)
    },
    async reindex(id) {
      const { index } = states.get(id).info
      const before = index.state
      index.state = 'indexing'
      states.notify()
      const asked = await sharedState.request(id).catch((thrown: unknown) => {
        index.state = before
        throw thrown
      })
      const handled = sync.handled(id, asked)
      await changed()
      await handled
    },
    async listHeld(id, filter, limit) {
      states.get(id)
      return heldNotes.list(id, filter, limit)
    },
    async releaseHeld(id, path, seen) {
      states.get(id)
      return heldNotes.release(id, path, seen)
    },
    subscribe: states.subscribe,
    logPosition: (id) => states.get(id).position,
    follow: (id) => states.follow(states.get(id)),
    isIndexing: () => indexing.isOwner(),
    isHealthy: () => searcher.isUp() && indexing.isHealthy(),
    async close() {
      heldNotes.close()
      sync.stop()
      states.close()
      await indexing.close()
      await announcer?.close()
      await searcher.close()
    },
  }
  peers.answer(topic, () => sync.now())
  try {
    await sync.now()
    if (options.shared) sync.repeat()
    return vaults
  } catch (thrown) {
    await vaults.close()
    throw thrown
  }
}

/** After an announcement the searching thread follows, so that it knows that it has it. */
function createAnnouncing(
  { announce, indexStore: store, logger }: VaultsOptions,
  states: ReturnType<typeof createVaultStates>,
): Announcer | null {
  if (!announce) return null
  const onAnnounced = (vault: string) => {
    const entry = states.entries.get(vault)
    if (entry) void states.follow(entry).catch(() => undefined)
  }
  return createAnnouncer({ store, announce, logger, onAnnounced })
}

/** What asks the searching thread, or reads a note that it knows. */
function createReading(
  { indexStore, semanticWeight }: VaultsOptions,
  searcher: Searcher,
  get: (id: string) => VaultEntry,
): Pick<
  Vaults,
  'listNotes' | 'readNote' | 'factsOf' | 'allFacts' | 'findFolders' | 'retrieve' | 'search' | 'quoteAnswer' | 'related'
> {
  const line = createSearchLine(mostWaiting)
  const weighed = (request: RetrieveRequest): RetrieveRequest =>
    semanticWeight === undefined ? request : { ...request, semanticWeight }
  return {
    async listNotes(id, { after, limit, filter }) {
      get(id)
      return listNotes(indexStore, id, { after, limit, filter })
    },
    async readNote(id, path, filter) {
      get(id)
      const note = await readNote(indexStore, id, path, filter)
      const linked = await searcher.call<{ links: string[]; backlinks: string[] }>('links', id, note.note, filter)
      return { ...note, ...linked }
    },
    factsOf: (id, paths) => readFacts(indexStore, id, paths),
    allFacts: (id) => readAllFacts(indexStore, id),
    findFolders: (id, folders) => findFolders(indexStore, id, folders),
    retrieve: (request, signal) => line.run(() => searcher.call<Passage[]>('retrieve', weighed(request)), { signal }),
    search: (request, signal) => line.run(() => searcher.call<SearchResult[]>('search', weighed(request)), { signal }),
    quoteAnswer: (question, passages, limit) =>
      line.run(() => searcher.call<ExtractiveAnswer>('quoteAnswer', question, passages, limit), { first: true }),
    async related(id, path, filter, limit) {
      get(id)
      const { note } = await readNote(indexStore, id, path, filter)
      return searcher.call<RelatedReply>('related', id, note, filter, limit)
    },
  }
}
