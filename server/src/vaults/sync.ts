/**
 * Keeps a process equal to what is stored, and has it index when it has the turn. All processes of a deployment look at
 * the same three things twice a second: the register, the states that the indexing process stores, and requests to
 * index anew. Whoever changes something looks at once.
 */
import { errorFields, type Logger } from '../base/index.ts'
import type { Announcer } from './announce.ts'
import { newEvent, unopened, type SharedState, type SharedVault } from './index/shared-state.ts'
import type { Indexing } from './indexing.ts'
import type { Register } from './register.ts'
import type { Searcher } from './searcher.ts'
import type { createVaultStates, VaultEntry } from './vault-states.ts'

const syncEveryMs = 500

export interface SyncParts {
  readonly register: Register
  readonly sharedState: SharedState
  readonly searcher: Searcher
  readonly indexing: Indexing
  readonly states: ReturnType<typeof createVaultStates>
  readonly announcer: Announcer | null
  readonly logger: Logger
}

interface Waiter {
  readonly vault: string
  readonly asked: number
  readonly done: () => void
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createSync({ register, sharedState, searcher, indexing, states, announcer, logger }: SyncParts) {
  let timer: ReturnType<typeof setTimeout> | null = null
  let isStopped = false
  let waiters: readonly Waiter[] = []
  let isTroubled = false
  /** Removals and reindexings under way in the indexing thread, by vault. */
  const removals = new Map<string, Promise<void>>()
  const reindexed = new Set<string>()

  /** One look at a time; a look that has not begun serves all who ask for one. */
  let next: Promise<void> | null = null
  let current: Promise<void> = Promise.resolve()
  function now(): Promise<void> {
    next ??= current
      .catch(() => undefined)
      .then(() => {
        current = next as Promise<void>
        next = null
        return isStopped ? undefined : look()
      })
    return next
  }

  async function look(): Promise<void> {
    const vaults = await register.list()
    const ids = new Set(vaults.map(({ id }) => id))
    for (const id of states.entries.keys()) if (!ids.has(id)) drop(id)
    for (const vault of vaults) {
      if (states.entries.has(vault.id)) continue
      const entry = await states.begin(vault)
      if (indexing.isOwner()) await index(entry)
    }
    if (await indexing.tryTake()) await takeOver()
    const shared = await sharedState.read()
    for (const entry of states.entries.values()) {
      const found = shared.get(entry.vault.id)
      if (!found) continue
      if (!indexing.isOwner()) await states.takeShared(entry, found)
      else if (found.asked > found.handled) serve(entry, found.asked)
    }
    settle(ids, shared)
  }

  function drop(id: string): void {
    states.drop(id)
    if (indexing.isOwner())
      removals.set(
        id,
        forget(id).finally(() => removals.delete(id)),
      )
    searcher.call('forget', id).catch(() => undefined)
  }

  const forget = (id: string) =>
    indexing
      .remove(id)
      .catch((thrown: unknown) => logger.warn('a vault is still to be removed', { vault: id, ...errorFields(thrown) }))
      .finally(() => announcer?.wake())

  async function index({ vault }: VaultEntry): Promise<void> {
    try {
      await indexing.add(vault)
    } catch (thrown) {
      if (!indexing.isOwner()) return
      states.take({ ...newEvent(vault.id), state: 'failed', reason: unopened })
      logger.error('a vault cannot be opened', { vault: vault.id, ...errorFields(thrown) })
    }
  }

  /** Also what was removed half-way, by whoever was killed in between, is not to stay in the index. */
  async function takeOver(): Promise<void> {
    logger.debug('this process indexes')
    announcer?.wake()
    for (const id of await register.findRemoved(await sharedState.listIndexed())) await forget(id)
    for (const entry of states.entries.values()) await index(entry)
  }

  /** Not waited for: it may take long. */
  function serve({ vault }: VaultEntry, asked: number): void {
    if (reindexed.has(vault.id)) return
    reindexed.add(vault.id)
    void indexing
      .reindex(vault)
      .catch((thrown: unknown) => {
        if (!indexing.isOwner()) throw thrown
        states.take({ ...newEvent(vault.id), state: 'failed', reason: unopened })
      })
      // What was lost on the way is served by whoever takes over.
      .then(() => sharedState.handled(vault.id, asked))
      .catch(() => undefined)
      .then(() => reindexed.delete(vault.id))
      .then(() => now())
      .catch(() => undefined)
  }

  /** Tells those who wait for a vault that it is indexed anew, or gone. */
  function settle(ids: ReadonlySet<string>, shared: ReadonlyMap<string, SharedVault>): void {
    const isDone = ({ vault, asked }: Waiter) => !ids.has(vault) || (shared.get(vault)?.handled ?? 0) >= asked
    const over = waiters.filter(isDone)
    waiters = waiters.filter((waiter) => !isDone(waiter))
    for (const { done } of over) done()
  }

  function repeat(): void {
    if (!isStopped) timer ??= setTimeout(() => void lookAgain(), syncEveryMs)
  }

  async function lookAgain(): Promise<void> {
    timer = null
    try {
      await now()
      isTroubled = false
    } catch (thrown) {
      // Told once, not twice a second.
      if (!isTroubled) logger.warn('the vaults cannot be looked at', errorFields(thrown))
      isTroubled = true
    }
    repeat()
  }

  return {
    now,
    repeat,
    /** Resolves when this request to index a vault anew is served. */
    handled: (vault: string, asked: number): Promise<void> =>
      new Promise((done) => (waiters = [...waiters, { vault, asked, done }])),
    removed: (id: string): Promise<void> => removals.get(id) ?? Promise.resolve(),
    stop(): void {
      isStopped = true
      if (timer) clearTimeout(timer)
      for (const { done } of waiters) done()
    },
  }
}
