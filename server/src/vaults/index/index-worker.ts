/**
 * The indexing thread: keeps the stored index of every vault equal to its folder or to what devices have sent, one vault after another.
 * It says what it does by events to its own process, and to the other processes by the states it stores; searchers
 * read what it wrote from the store.
 */
import { realpath } from 'node:fs/promises'
import { CairnError, errorFields, systemClock } from '../../base/index.ts'
import { folderSource, type NoteSource } from '../folder/note-source.ts'
import { serveWorker } from '../../platform/index.ts'
import { openDirectStore, type Store, type StoreLocation } from '../../storage/index.ts'
import type { Held } from '../held/held-facts.ts'
import type { Sighting } from '../held/keeper.ts'
import { createIndexer, type Indexer } from './indexer.ts'
import { createIndexStore } from './index-store.ts'
import { indexSchema } from './migrations.ts'
import { fenceStore, newEvent, putState, unopened } from './shared-state.ts'
import { syncedSource } from '../synced/synced-source.ts'
import type { FolderWatch } from './watch-folder.ts'

/** Asks its process what is held of notes that it is about to store; answered by `decided`. */
export interface DecideEvent {
  readonly id: number
  readonly vault: string
  readonly sightings: readonly Sighting[]
}

/** Where a vault has its notes. */
export interface VaultPlace {
  readonly source: 'folder' | 'sync'
  /** The folder’s; empty for a synced one. */
  readonly path: string
}

/** What the thread says of a vault. */
export interface IndexEvent {
  vault: string
  state: 'indexing' | 'ready' | 'failed'
  done: number
  total: number
  elapsedMs: number
  /** Notes done when this pass began. */
  doneBefore: number
  seq: number
  reason: string | null
}

interface Watched {
  indexer: Indexer
  /** A fresh one, that knows what is stored and nothing else. */
  openIndexer: () => Promise<Indexer>
  /** After a failure the indexer may take for stored what is not. */
  isStale: boolean
  watch: FolderWatch | null
  timer: ReturnType<typeof setInterval> | null
  /** The next try after a failure, and how many there were in a row. */
  retry: ReturnType<typeof setTimeout> | null
  failures: number
  event: IndexEvent
  startedMs: number
  queued: Set<string> | 'all' | null
  source: NoteSource
  /** When its state was stored last, and the next try when that failed. */
  storedMs: number
  storing: ReturnType<typeof setTimeout> | null
}

const progressEveryMs = 100
/** A regular pass finds what the watch missed; it costs a look at each file. */
const passEveryMs = 60_000
/** How soon a vault that could not be indexed is tried again. */
const retryMs = 5_000
/** How often a state is stored while a vault is indexed, and how soon again when that failed. */
const storeEveryMs = 1_000

let store: Store | null = null
/** Where synced vaults have their notes. */
let stateStore: Store | null = null
const watched = new Map<string, Watched>()
const asked = new Map<number, (held: Record<string, Held> | null) => void>()
let nextId = 1
let chain: Promise<unknown> = Promise.resolve()
let stored: Promise<void> = Promise.resolve()

const { emit } = serveWorker({
  /** `fence` is refused once another process has begun to index. */
  async open(location: StoreLocation, fence: number, stateLocation: StoreLocation | null) {
    store = fenceStore(await openDirectStore({ location, schemas: [indexSchema], connections: 2 }), fence)
    if (stateLocation) stateStore = await openDirectStore({ location: stateLocation, schemas: [], connections: 1 })
  },
  // Opening touches only the vault's own rows, so it need not wait for another vault to be indexed.
  add,
  async remove(vault: string) {
    stop(vault)
    await enqueue(async () => {
      if (store) await createIndexStore(store, vault).remove()
    })
  },
  async reindex(vault: string, place: VaultPlace) {
    // Not there when its folder could not be opened before.
    if (!watched.has(vault)) return add(vault, place)
    await enqueue(async () => {
      const entry = watched.get(vault)
      if (!entry) return
      if (await entry.source.canRead()) await entry.indexer.begin()
      await run(vault, 'all')
    })
  },
  /** Looks anew at what is held of these notes, or of all. Does nothing for a vault that is not open. */
  regard: (vault: string, paths: readonly string[] | null) => enqueue(() => regard(vault, paths)),
  /** `held`: null when it could not be decided. */
  decided(id: number, held: Record<string, Held> | null) {
    asked.get(id)?.(held)
    asked.delete(id)
  },
  async close() {
    for (const vault of watched.keys()) stop(vault)
    await chain.catch(() => undefined)
    await stateStore?.close()
    await store?.close()
  },
})

/** What cannot be decided is not stored: the pass fails and is tried again, and what was stored before stays in force. */
function decide(vault: string, sightings: readonly Sighting[]): Promise<Record<string, Held>> {
  const id = nextId++
  return new Promise((resolve, reject) => {
    asked.set(id, (held) =>
      held === null
        ? reject(new CairnError('storage.failed', { internal: 'what is held of notes could not be decided' }))
        : resolve(held),
    )
    emit('decide', { id, vault, sightings } satisfies DecideEvent)
  })
}

async function regard(vault: string, paths: readonly string[] | null): Promise<void> {
  const entry = watched.get(vault)
  if (!entry) return
  try {
    if (entry.isStale) entry.indexer = await entry.openIndexer()
    await entry.indexer.regard(paths)
  } catch (thrown) {
    // It may take for stored what is not.
    entry.isStale = true
    schedule(vault, null)
    throw thrown
  }
}

function enqueue<T>(work: () => Promise<T>): Promise<T> {
  const next = chain.then(work, work)
  chain = next.catch(() => undefined)
  return next
}

function stop(vault: string): void {
  const entry = watched.get(vault)
  entry?.watch?.close()
  if (entry?.timer) clearInterval(entry.timer)
  if (entry?.retry) clearTimeout(entry.retry)
  if (entry?.storing) clearTimeout(entry.storing)
  watched.delete(vault)
}

async function add(vault: string, place: VaultPlace): Promise<void> {
  try {
    await openVault(vault, place)
  } catch (thrown) {
    const event: IndexEvent = { ...newEvent(vault), state: 'failed', reason: unopened }
    await store?.write([putState(event)]).catch(() => undefined)
    throw thrown
  }
}

async function openSource(vault: string, { source, path }: VaultPlace): Promise<NoteSource> {
  if (source === 'folder') return folderSource(await realpath(path))
  if (!stateStore) throw new CairnError('internal.error', { internal: 'the indexing thread has no state store' })
  return syncedSource(stateStore, vault)
}

async function openVault(vault: string, place: VaultPlace): Promise<void> {
  if (!store) throw new CairnError('internal.error', { internal: 'the indexing thread has no store' })
  const source = await openSource(vault, place)
  const event = newEvent(vault)
  const indexStore = createIndexStore(store, vault)
  let lastMs = 0
  const openIndexer = async (): Promise<Indexer> => {
    const indexer = createIndexer({
      vault,
      source,
      clock: systemClock,
      store: indexStore,
      guard: (sightings) => decide(vault, sightings),
      onCommit: (seq) => {
        event.seq = seq
        report(entry)
      },
      onProgress: ({ done, total }) => {
        if (event.total === 0) event.doneBefore = done
        event.done = done
        event.total = total
        const now = systemClock.monotonic()
        if (now - lastMs < progressEveryMs) return
        lastMs = now
        report(entry)
      },
    })
    await indexer.open()
    return indexer
  }
  const entry: Watched = {
    event,
    watch: null,
    timer: null,
    retry: null,
    failures: 0,
    startedMs: 0,
    queued: null,
    source,
    openIndexer,
    isStale: false,
    storedMs: 0,
    storing: null,
    indexer: undefined as never,
  }
  watched.set(vault, entry)
  try {
    entry.indexer = await openIndexer()
    await store.write([putState(event)])
  } catch (thrown) {
    watched.delete(vault)
    throw thrown
  }
  // Removed while it was opened.
  if (watched.get(vault) !== entry) return
  entry.watch = source.watch((paths) => schedule(vault, paths))
  entry.timer = setInterval(() => schedule(vault, null), passEveryMs)
  void enqueue(() => run(vault, 'all'))
}

function report(entry: Watched): void {
  const { event, startedMs } = entry
  event.elapsedMs = Math.round(systemClock.monotonic() - startedMs)
  emit('index', { ...event })
  if (event.state === 'indexing' && systemClock.monotonic() - entry.storedMs >= storeEveryMs) void storeState(entry)
}

/** For the other processes. One that could not be stored is tried again: an end that they never hear of is no end. */
function storeState(entry: Watched): Promise<void> {
  entry.storedMs = systemClock.monotonic()
  if (entry.storing) clearTimeout(entry.storing)
  entry.storing = null
  // One after another: on PostgreSQL an earlier state could come to stand after a later one.
  stored = stored.then(async () => {
    if (watched.get(entry.event.vault) !== entry) return
    try {
      await store?.write([putState(entry.event)])
    } catch {
      entry.storing ??= setTimeout(() => void storeState(entry), storeEveryMs)
    }
  })
  return stored
}

/** Notes what may have changed; several reports before its turn become one. */
function schedule(vault: string, paths: string[] | null): void {
  const entry = watched.get(vault)
  if (!entry) return
  const first = entry.queued === null
  if (paths === null || entry.queued === 'all') entry.queued = 'all'
  else entry.queued = new Set([...(entry.queued ?? []), ...paths])
  if (first) void enqueue(() => run(vault, entry.queued ?? 'all'))
}

async function run(vault: string, what: Set<string> | 'all'): Promise<void> {
  const entry = watched.get(vault)
  if (!entry) return
  const queued = entry.queued ?? what
  entry.queued = null
  const { event } = entry
  entry.startedMs = systemClock.monotonic()
  Object.assign(event, { done: 0, total: 0, doneBefore: 0, reason: null })
  try {
    const isAll = queued === 'all' || entry.isStale
    if (entry.isStale) entry.indexer = await entry.openIndexer()
    entry.isStale = false
    if (isAll || !(await entry.indexer.passPaths([...queued]))) {
      event.state = 'indexing'
      await entry.indexer.pass()
    }
    event.state = 'ready'
    entry.failures = 0
    entry.watch ??= entry.source.watch((paths) => schedule(vault, paths))
  } catch (thrown) {
    entry.isStale = true
    event.state = 'failed'
    const isGone = thrown instanceof CairnError && thrown.code === 'vault.folder'
    event.reason = isGone
      ? 'the folder cannot be read; what was indexed before is still found'
      : 'the folder cannot be indexed; see the log'
    if (isGone) {
      // A watch on a folder that went away hears nothing of the one that comes back.
      entry.watch?.close()
      entry.watch = null
    }
    // Told once, not at every try.
    if (entry.failures === 0) emit('problem', { vault, ...errorFields(thrown) })
    if (entry.retry) clearTimeout(entry.retry)
    entry.retry = setTimeout(() => schedule(vault, null), Math.min(passEveryMs, retryMs * 2 ** entry.failures))
    entry.failures++
  }
  if (watched.get(vault) !== entry) return
  event.elapsedMs = Math.round(systemClock.monotonic() - entry.startedMs)
  await storeState(entry)
  emit('index', { ...event })
}
