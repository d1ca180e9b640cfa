/**
 * The state of each vault, as the process that indexes reports it, here or elsewhere. What is indexed is followed by
 * the searching thread before it is told, so that a vault that is `ready` answers from all of it.
 */
import type { VaultInfo } from '@cairn/contract'
import { errorFields, fail, type Logger } from '../base/index.ts'
import type { IndexEvent } from './index/index-worker.ts'
import type { SharedVault } from './index/shared-state.ts'
import type { Registered } from './register.ts'
import type { Followed } from './searcher.ts'
import type { LogPosition } from './types.ts'

export interface VaultEntry {
  readonly vault: Registered
  readonly info: VaultInfo
  /** What was reported last, to be looked at again when the searching thread is a new one. */
  last: IndexEvent | null
  /** The shared state that was applied last, as text, and the version of the stored index that it spoke of. */
  seen: string
  version: string
  position: LogPosition
}

type Follow = (vault: string) => Promise<Followed>

const notifyEveryMs = 250
/** How soon what could not be applied is tried again. */
const againMs = 1_000
/** In no log. */
const nowhere: LogPosition = { epoch: '', seq: 0 }

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createVaultStates(follow: Follow, logger: Logger) {
  const entries = new Map<string, VaultEntry>()
  const listeners = new Set<() => void>()
  let timer: ReturnType<typeof setTimeout> | null = null
  let isClosed = false
  // One after another: what an earlier event waits for must not come to stand after a later one's state.
  let applied: Promise<unknown> = Promise.resolve()

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = applied.then(work)
    applied = next.catch(() => undefined)
    return next
  }

  function notify(): void {
    timer ??= setTimeout(() => {
      timer = null
      for (const listener of listeners) listener()
    }, notifyEveryMs)
  }

  async function apply(entry: VaultEntry, event: IndexEvent, by: Follow): Promise<void> {
    entry.last = event
    const { info } = entry
    takeProgress(info.index, event)
    if (event.seq > info.index.version || event.state !== 'indexing') await take(entry, by)
    show(entry, event)
  }

  async function take(entry: VaultEntry, by: Follow): Promise<void> {
    const { vault, info } = entry
    const { notes, passages, seq, position, ...problems } = await by(vault.id)
    entry.position = position
    Object.assign(info, { notes, passages })
    Object.assign(info.index, { version: seq, ...problems })
  }

  function show({ info }: VaultEntry, { state, reason }: IndexEvent): void {
    const { index, notes } = info
    index.state = state
    if (state !== 'indexing') Object.assign(index, { done: notes, total: notes })
    if (state === 'failed' && reason !== null) {
      index.problems = [{ path: '/', reason }]
      index.problemCount = Math.max(1, index.problemCount)
    }
    notify()
  }

  function takeEvent(event: IndexEvent): void {
    inTurn(async () => {
      const entry = entries.get(event.vault)
      if (entry) await apply(entry, event, follow)
    }).catch((thrown: unknown) => {
      warn(event.vault)(thrown)
      // There may be no later one that would bring the vault up to date.
      const isLast = () => !isClosed && entries.get(event.vault)?.last === event
      if (isLast()) setTimeout(() => isLast() && takeEvent(event), againMs)
    })
  }

  const warn = (vault: string) => (thrown: unknown) =>
    logger.warn('a vault cannot be followed', { vault, ...errorFields(thrown) })

  return {
    entries,
    notify,
    get: (id: string): VaultEntry =>
      entries.get(id) ??
      fail('vault.not-found', { message: 'There is no such vault. `GET /api/vaults` lists those there are.' }),
    /** Answers from what is stored. */
    async begin(vault: Registered): Promise<VaultEntry> {
      const entry: VaultEntry = { vault, info: newInfo(vault), last: null, seen: '', version: '', position: nowhere }
      await take(entry, follow)
      entries.set(vault.id, entry)
      notify()
      return entry
    },
    /** Has the searching thread apply what is stored. */
    follow: (entry: VaultEntry): Promise<void> => take(entry, follow),
    drop(id: string): void {
      if (entries.delete(id)) notify()
    },
    /** An event of this process's own indexing thread. */
    take: takeEvent,
    /** What another process has stored; does nothing when it is what was taken last. */
    takeShared(entry: VaultEntry, { event, version, asked, handled }: SharedVault): Promise<void> {
      const text = JSON.stringify([version, event, asked > handled])
      if (text === entry.seen) return Promise.resolve()
      return inTurn(async () => {
        // Not by comparing numbers: those of an index that was begun anew elsewhere may be smaller.
        if (version !== entry.version) await take(entry, follow)
        entry.version = version
        await apply(entry, asked > handled ? { ...event, state: 'indexing' } : event, follow)
        entry.seen = text
      }).catch(warn(event.vault))
    },
    /** Has a new searching thread follow every vault, and looks again at what it could not be asked about. */
    refollow: (by: Follow): Promise<void> =>
      inTurn(async () => {
        for (const entry of entries.values()) {
          if (entry.last) await apply(entry, entry.last, by)
          await take(entry, by)
        }
      }),
    subscribe(listener: () => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close(): void {
      isClosed = true
      if (timer) clearTimeout(timer)
    },
  }
}

/** Of an index of which nothing is known, or may be told. */
export function emptyIndexInfo(state: VaultInfo['index']['state']): VaultInfo['index'] {
  const nothing = { done: 0, total: 0, notesPerSecond: 0, secondsLeft: null, problemCount: 0, problems: [], version: 0 }
  return { state, ...nothing }
}

function newInfo({ id, name, source, path }: Registered): VaultInfo {
  const index = emptyIndexInfo('indexing')
  return { id, name, source, path: source === 'folder' ? path : null, notes: 0, passages: 0, index }
}

function takeProgress(index: VaultInfo['index'], { state, done, total, doneBefore, elapsedMs }: IndexEvent): void {
  const made = done - doneBefore
  index.done = done
  index.total = total
  index.notesPerSecond = elapsedMs > 0 ? Math.round((made / elapsedMs) * 10_000) / 10 : 0
  index.secondsLeft = state === 'indexing' && made > 0 ? Math.ceil(((total - done) / made) * (elapsedMs / 1_000)) : null
}
