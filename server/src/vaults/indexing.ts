/**
 * Who indexes. At most one process of a deployment has the *turn*; it alone runs the indexing thread. When it dies, or
 * its thread does, or it loses touch with whoever grants turns, the turn is free for any process, itself included.
 */
import { errorFields, withDeadline, type Clock, type Fields, type Logger } from '../base/index.ts'
import { startWorker, type Lock, type WorkerHandle } from '../platform/index.ts'
import type { StoreLocation } from '../storage/index.ts'
import type { Keeper } from './held/keeper.ts'
import type { DecideEvent, IndexEvent, VaultPlace } from './index/index-worker.ts'
import type { SharedState } from './index/shared-state.ts'
import type { Registered } from './register.ts'
import type { IndexingTurn } from './types.ts'

export interface IndexingOptions {
  readonly turn: IndexingTurn
  readonly shared: SharedState
  readonly location: StoreLocation
  /** Where synced vaults have their notes; null where there can be none. */
  readonly stateLocation: StoreLocation | null
  readonly clock: Clock
  readonly logger: Logger
  readonly keeper: Pick<Keeper, 'decide'>
  /** The thread's program; for tests that make it fail. */
  readonly program?: URL | undefined
  readonly onEvent: (event: IndexEvent) => void
  /** The turn is gone. */
  readonly onLost: () => void
}

export interface Indexing {
  /** Whether this process has the turn. */
  isOwner(): boolean
  /** Takes the turn if it is free; true when it has just been taken. Never rejects. */
  tryTake(): Promise<boolean>
  /** All reject when this process has not the turn, or loses it meanwhile. */
  add(vault: Registered): Promise<void>
  remove(id: string): Promise<void>
  reindex(vault: Registered): Promise<void>
  /** Looks anew at what is held of these notes, or of all; resolves when the stored index shows it. */
  regard(id: string, paths: readonly string[] | null): Promise<void>
  /** False when the thread ends again and again. */
  isHealthy(): boolean
  close(): Promise<void>
}

const closeMs = 3_000
/** After its thread ended by a fault a process waits before it takes the turn again, longer each time. */
const pauseMs = 500
const longestPauseMs = 30_000
const failuresTooMany = 3
const forgivenAfterMs = 60_000

/** Of a process that is alone. */
export const loneTurn: IndexingTurn = { tryTake: async () => ({ release: async () => {} }) }

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createIndexing(options: IndexingOptions): Indexing {
  const { turn, shared, location, stateLocation, clock, logger, keeper, program, onEvent, onLost } = options
  let owned: { thread: WorkerHandle; lock: Lock } | null = null
  let isClosing = false
  let failures = 0
  let failedAtMs = 0

  function mayTry(): boolean {
    const sinceMs = clock.monotonic() - failedAtMs
    if (failures > 0 && sinceMs > forgivenAfterMs) failures = 0
    return failures === 0 || sinceMs > Math.min(longestPauseMs, pauseMs * 2 ** (failures - 1))
  }

  function startThread(): WorkerHandle {
    const thread = startWorker(program ?? new URL('./index/index-worker.ts', import.meta.url), (fields) => {
      if (isClosing) return
      logger.error('the indexing thread failed', fields)
      if (fields['ended'] === true && owned?.thread === thread) {
        failures++
        failedAtMs = clock.monotonic()
        lose()
      }
    })
    thread.on('index', (data) => {
      if (owned?.thread === thread) onEvent(data as IndexEvent)
    })
    thread.on('decide', (data) => void decide(thread, data as DecideEvent))
    thread.on('problem', (data) => logger.error('a vault cannot be indexed', data as Fields))
    return thread
  }

  async function decide(thread: WorkerHandle, { id, vault, sightings }: DecideEvent): Promise<void> {
    const held = await keeper.decide(vault, sightings).catch((thrown: unknown) => {
      logger.warn('what is held of notes cannot be decided', { vault, ...errorFields(thrown) })
      return null
    })
    // A thread that has ended waits for nothing.
    await thread.call('decided', id, held).catch(() => undefined)
  }

  /** Stops at once: somebody else may index already. */
  function lose(): void {
    const lost = owned
    owned = null
    if (lost === null) return
    lost.thread.terminate()
    void lost.lock.release().catch(() => undefined)
    onLost()
  }

  async function take(): Promise<boolean> {
    // Lost between being taken and being used.
    let isGone = false
    const lock = await turn.tryTake(() => {
      isGone = true
      logger.warn('the turn to index is lost')
      lose()
    })
    if (lock === null) return false
    let thread: WorkerHandle | null = null
    try {
      const fence = await shared.takeFence()
      thread = startThread()
      await thread.call('open', location, fence, stateLocation)
      if (isGone || isClosing) throw new Error('the turn is gone')
    } catch (thrown) {
      thread?.terminate()
      await lock.release()
      throw thrown
    }
    owned = { thread, lock }
    return true
  }

  const call = (method: string, ...args: unknown[]): Promise<void> =>
    owned ? owned.thread.call(method, ...args) : Promise.reject(new Error('this process does not index'))

  return {
    isOwner: () => owned !== null,
    async tryTake() {
      if (owned !== null || isClosing || !mayTry()) return false
      try {
        return await take()
      } catch (thrown) {
        logger.debug('the turn to index cannot be taken', errorFields(thrown))
        return false
      }
    },
    add: ({ id, source, path }) => call('add', id, { source, path } satisfies VaultPlace),
    remove: (id) => call('remove', id),
    reindex: ({ id, source, path }) => call('reindex', id, { source, path } satisfies VaultPlace),
    regard: (id, paths) => call('regard', id, paths),
    isHealthy: () => failures < failuresTooMany,
    async close() {
      isClosing = true
      const last = owned
      owned = null
      if (last === null) return
      // The indexer is written to be killed: a pass under way goes on at the next start.
      await withDeadline(last.thread.call('close'), closeMs, 'storage.failed').catch(() => undefined)
      last.thread.terminate()
      await last.lock.release()
    },
  }
}
