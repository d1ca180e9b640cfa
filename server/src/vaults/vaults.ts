/**
 * The vaults of this server: the register, one thread that indexes and one that searches, and the state of each vault
 * as they report it. This thread only passes on questions and reads single notes.
 */
import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, sep } from 'node:path'
import { labelRank, type Label, type RelatedReply, type SearchResult, type VaultInfo } from '@cairn/contract'
import {
  CairnError,
  errorFields,
  fail,
  sha256,
  withDeadline,
  type Clock,
  type Fields,
  type Logger,
  type NoteFilter,
} from '../base/index.ts'
import { startWorker } from '../platform/index.ts'
import type { Store, StoreLocation } from '../storage/index.ts'
import { noteMetaSchema } from './index/index-store.ts'
import type { IndexEvent } from './index/index-worker.ts'
import { createSearchLine } from './index/search-line.ts'
import { createRegister, type Registered } from './register.ts'
import type { ExtractiveAnswer, Passage, RetrieveRequest, Vaults } from './types.ts'

export interface VaultsOptions {
  /** Register of vaults. */
  store: Store
  /** The stored index, for reading single notes. */
  indexStore: Store
  indexLocation: StoreLocation
  clock: Clock
  logger: Logger
  /** Serve exactly these folders and register none; null serves the register. */
  only: readonly { path: string; name?: string | undefined }[] | null
  /** Share of the meaning score in the mix, 0 to 1. */
  semanticWeight?: number
  /** The server's own folder, which no vault may hold or lie in. */
  keepOut?: string
}

interface Entry {
  vault: Registered
  info: VaultInfo
}

interface Followed {
  notes: number
  passages: number
  seq: number
  problemCount: number
  problems: { path: string; reason: string }[]
}

const notifyEveryMs = 250
const closeMs = 3_000
/** Questions and searches that wait for the searching thread; more are told to come back. */
const mostWaiting = 256

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export async function openVaults({
  store,
  indexStore,
  indexLocation,
  clock,
  logger,
  only,
  semanticWeight,
  keepOut,
}: VaultsOptions): Promise<Vaults> {
  const register = createRegister(store, clock)
  const entries = new Map<string, Entry>()
  const listeners = new Set<() => void>()
  let notifyTimer: ReturnType<typeof setTimeout> | null = null
  let closing = false

  const line = createSearchLine(mostWaiting)
  const weighed = (request: RetrieveRequest): RetrieveRequest =>
    semanticWeight === undefined ? request : { ...request, semanticWeight }

  let isBroken = false
  const crashed = (name: string) => (fields: Fields) => {
    isBroken = true
    if (!closing) logger.error(`the ${name} thread failed`, fields)
  }
  const indexing = startWorker(new URL('./index/index-worker.ts', import.meta.url), crashed('indexing'))
  const searching = startWorker(new URL('./index/search-worker.ts', import.meta.url), crashed('searching'))
  // One after another: what an earlier event waits for must not come to stand after a later one's state.
  let applied: Promise<void> = Promise.resolve()
  indexing.on('index', (data) => {
    const event = data as IndexEvent
    applied = applied
      .then(() => apply(event))
      .catch((thrown: unknown) =>
        logger.warn('a vault cannot be followed', { vault: event.vault, ...errorFields(thrown) }),
      )
  })
  indexing.on('problem', (data) => logger.error('a vault cannot be indexed', data as Fields))
  await indexing.call('open', indexLocation)
  await searching.call('open', indexLocation)
  await dropOrphans()

  /** A vault removed half-way (killed in between) leaves its notes in the index; they are not to stay there. */
  async function dropOrphans(): Promise<void> {
    const registered = new Set((await register.list()).map(({ id }) => id))
    for (const row of await indexStore.read('SELECT vault FROM index_vaults')) {
      const id = String(row['vault'])
      if (!isTransient(id) && !registered.has(id)) await indexing.call('remove', id)
    }
  }

  function notify(): void {
    notifyTimer ??= setTimeout(() => {
      notifyTimer = null
      for (const listener of listeners) listener()
    }, notifyEveryMs)
  }

  async function apply(event: IndexEvent): Promise<void> {
    const entry = entries.get(event.vault)
    if (!entry) return
    const { index } = entry.info
    const made = event.done - event.doneBefore
    index.done = event.done
    index.total = event.total
    index.notesPerSecond = event.elapsedMs > 0 ? Math.round((made / event.elapsedMs) * 10_000) / 10 : 0
    index.secondsLeft =
      event.state === 'indexing' && made > 0
        ? Math.ceil(((event.total - event.done) / made) * (event.elapsedMs / 1_000))
        : null
    if (event.seq > index.version || event.state !== 'indexing') await follow(entry)
    index.state = event.state
    if (event.state === 'failed' && event.reason !== null) index.problems = [{ path: '/', reason: event.reason }]
    notify()
  }

  async function follow({ vault, info }: Entry): Promise<void> {
    const followed = await searching.call<Followed>('follow', vault.id)
    info.notes = followed.notes
    info.passages = followed.passages
    Object.assign(info.index, {
      version: followed.seq,
      problemCount: followed.problemCount,
      problems: followed.problems,
    })
    if (info.index.state !== 'indexing') Object.assign(info.index, { done: followed.notes, total: followed.notes })
  }

  function describeFailure({ vault, info }: Entry, thrown: unknown): void {
    info.index.state = 'failed'
    info.index.problems = [{ path: '/', reason: 'the folder cannot be opened' }]
    info.index.problemCount = 1
    logger.error('a vault cannot be opened', {
      vault: vault.id,
      code: thrown instanceof CairnError ? thrown.code : null,
    })
  }

  async function start(vault: Registered): Promise<Entry> {
    const entry: Entry = {
      vault,
      info: {
        id: vault.id,
        name: vault.name,
        source: 'folder',
        path: vault.path,
        notes: 0,
        passages: 0,
        index: {
          state: 'indexing',
          done: 0,
          total: 0,
          notesPerSecond: 0,
          secondsLeft: null,
          problemCount: 0,
          problems: [],
          version: 0,
        },
      },
    }
    entries.set(vault.id, entry)
    await follow(entry)
    await indexing.call('add', vault.id, vault.path).catch((thrown: unknown) => describeFailure(entry, thrown))
    return entry
  }

  const get = (id: string): Entry =>
    entries.get(id) ??
    fail('vault.not-found', { message: 'There is no such vault. `GET /api/vaults` lists those there are.' })

  const vaults: Vaults = {
    list: async () => [...entries.values()].map(({ info }) => structuredClone(info)),
    find: (id) => entries.get(id)?.info,
    async add({ path, name }) {
      const real = await checkFolder(path)
      refuseFolder(
        real,
        [...entries.values()].map(({ info }) => info),
        keepOut,
      )
      const vault = only === null ? await register.add(real, name ?? basename(real)) : transient(real, name)
      return structuredClone((await start(vault)).info)
    },
    async remove(id) {
      get(id)
      entries.delete(id)
      await register.remove(id)
      await indexing.call('remove', id)
      await searching.call('forget', id)
      notify()
    },
    async reindex(id) {
      get(id).info.index.state = 'indexing'
      notify()
      await indexing.call('reindex', id, get(id).vault.path).catch((thrown: unknown) => {
        describeFailure(get(id), thrown)
        notify()
      })
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async listNotes(id, { after, limit, filter }) {
      get(id)
      return listNotes(indexStore, id, { after, limit, filter })
    },
    async readNote(id, path, filter) {
      get(id)
      const canonical = path.normalize('NFC')
      const [row] = await indexStore.read(
        'SELECT path, version, label, meta, text FROM index_notes WHERE vault = ? AND path = ? AND deleted = 0',
        [id, canonical],
      )
      const note = row ? toNote(row) : null
      if (!row || !note || !isAllowed(filter, note))
        fail('note.not-found', { message: 'There is no such note in this vault.' })
      const { links, backlinks } = await searching.call<{ links: string[]; backlinks: string[] }>(
        'links',
        id,
        canonical,
        filter,
      )
      return {
        vault: id,
        note: note.note,
        version: note.version,
        title: note.title,
        text: String(row['text']),
        tags: note.tags,
        label: note.label,
        links,
        backlinks,
      }
    },
    retrieve: (request, signal) => line.run(() => searching.call<Passage[]>('retrieve', weighed(request)), { signal }),
    search: (request, signal) => line.run(() => searching.call<SearchResult[]>('search', weighed(request)), { signal }),
    quoteAnswer: (question, passages, limit) =>
      line.run(() => searching.call<ExtractiveAnswer>('quoteAnswer', question, passages, limit), { first: true }),
    async related(id, path, filter, limit) {
      await vaults.readNote(id, path, filter)
      return searching.call<RelatedReply>('related', id, path.normalize('NFC'), filter, limit)
    },
    isHealthy: () => !isBroken,
    async close() {
      closing = true
      if (notifyTimer) clearTimeout(notifyTimer)
      // The indexer is written to be killed: a pass under way goes on at the next start.
      const closed = [indexing.call('close'), searching.call('close')].map((each) =>
        withDeadline(each, closeMs, 'storage.failed'),
      )
      await Promise.allSettled(closed)
      indexing.terminate()
      searching.terminate()
    },
  }
  for (const vault of only === null
    ? await register.list()
    : await Promise.all(only.map(async ({ path, name }) => transient(await checkFolder(path), name))))
    await start(vault)
  return vaults
}

/** Ids of vaults of one run are shorter than those of registered ones. */
function isTransient(id: string): boolean {
  return /^vault_[0-9a-f]{16}$/.test(id)
}

/** A vault of this run only; the same folder has the same id at every start, so its stored index is found again. */
function transient(path: string, name: string | undefined): Registered {
  return { id: `vault_${sha256(path).slice(0, 16)}`, name: name ?? basename(path), path }
}

/** Throws for what would index everything, index itself, or index the same notes twice. */
function refuseFolder(real: string, vaults: readonly VaultInfo[], keepOut: string | undefined): void {
  const holds = (outer: string, inner: string) =>
    inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep)
  if (dirname(real) === real)
    fail('vault.folder', {
      message: 'The whole disk is no vault. Name the folder that holds the notes.',
      param: 'path',
    })
  if (keepOut !== undefined && (holds(real, keepOut) || holds(keepOut, real)))
    fail('vault.folder', {
      message: 'This folder holds, or lies in, the data directory of the server. Choose another.',
      param: 'path',
    })
  const taken = vaults.find(({ path }) => path !== null && (holds(path, real) || holds(real, path)))
  if (!taken) return
  const how = taken.path === real ? 'is' : 'shares notes with'
  fail('vault.exists', {
    message: `This folder ${how} the vault “${taken.name}”, which is registered already.`,
    param: 'path',
  })
}

async function checkFolder(path: string): Promise<string> {
  try {
    const real = await realpath(path)
    if ((await stat(real)).isDirectory()) return real
  } catch (thrown) {
    fail('vault.folder', {
      message: `The folder ${JSON.stringify(path.slice(0, 200))} cannot be opened (${(thrown as NodeJS.ErrnoException).code ?? 'error'}). Check the path and its permissions.`,
      param: 'path',
    })
  }
  return fail('vault.folder', {
    message: `${JSON.stringify(path.slice(0, 200))} is a file; a vault is a folder.`,
    param: 'path',
  })
}

interface NoteRow {
  note: string
  title: string
  version: string
  tags: string[]
  label: Label
}

function toNote(row: Record<string, unknown>): NoteRow {
  const meta = noteMetaSchema.parse(JSON.parse(String(row['meta'])))
  return {
    note: String(row['path']),
    title: meta.title,
    version: String(row['version']),
    tags: meta.tags,
    label: row['label'] as Label,
  }
}

function isAllowed(filter: NoteFilter, { note, tags, label }: NoteRow): boolean {
  if (filter.kind === 'all') return true
  const denied = filter.denyTags.some((denyTag) => tags.some((tag) => tag === denyTag || tag.startsWith(`${denyTag}/`)))
  return (
    labelRank(label) <= labelRank(filter.highest) && filter.allow.some((prefix) => note.startsWith(prefix)) && !denied
  )
}

/** Pages by path; asks on until a page is full of notes that the filter lets through. */
async function listNotes(
  store: Store,
  vault: string,
  { after, limit, filter }: { after: string | null; limit: number; filter: NoteFilter },
): Promise<{ notes: NoteRow[]; next: string | null }> {
  const notes: NoteRow[] = []
  let from = after ?? ''
  for (;;) {
    const rows = await store.read(
      'SELECT path, version, label, meta FROM index_notes WHERE vault = ? AND deleted = 0 AND path > ? ORDER BY path LIMIT ?',
      [vault, from, limit + 1],
    )
    for (const row of rows) {
      const note = toNote(row)
      if (notes.length === limit) return { notes, next: from }
      from = note.note
      if (isAllowed(filter, note)) notes.push(note)
    }
    if (rows.length <= limit) return { notes, next: null }
  }
}
